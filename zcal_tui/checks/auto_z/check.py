"""The automatic Z offset: nozzle on the endstop, the probe's switch body on the endstop, the probe on the bed.

protoloft's z_calibration plugin; docs/z_calibration.md. This is the declaration; `run` does it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from zcal_tui.checks.auto_z.parameters import AutoZParameters
from zcal_tui.checks.base import Context, Needs


class AutoZ:
    """The check `auto-z`."""

    name: ClassVar[str] = "auto-z"
    title: ClassVar[str] = "Automatic Z offset"
    learn: ClassVar[str] = (
        "How sure is the offset that CALIBRATE_Z finds before each print, and is switch_offset right?"
    )
    explain: ClassVar[str] = (
        "Touches the Z endstop with the nozzle, then runs CALIBRATE_Z several times and shows each of its "
        "three heights: how they scatter, whether one creeps, which one moved since the last time. With "
        "tuning, a paper test under the found offset tells the right switch_offset. Looks into the macro "
        "that starts a print as well."
    )
    needs: ClassVar[Needs] = Needs(homed=True, probe=True, extra="better", minutes=4.0)
    parameters: ClassVar[type] = AutoZParameters

    def unfit(self, settings: Mapping[str, Any]) -> str | None:
        # The command line, which reads these declarations, does without the printer's rooms
        from zcal_tui.printer.z_calibration import unfit

        return unfit(settings)

    async def run(self, context: Context, parameters: AutoZParameters) -> None:
        from zcal_tui.checks.auto_z.run import measure  # numpy comes with it

        await measure(context, parameters)
