"""The Z offset: how far below the probe's trigger, or from the endstop's zero, the nozzle touches the bed.

Klipper docs, Probe_Calibrate, "Calibrating probe Z offset", and Bed_Level, "The paper test". This is the declaration;
`run` does it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from zcal_tui.checks.base import Context, Needs
from zcal_tui.checks.z_offset.parameters import ZOffsetParameters


class ZOffset:
    """The check `z-offset`."""

    name: ClassVar[str] = "z-offset"
    title: ClassVar[str] = "Z offset: the paper test"
    learn: ClassVar[str] = "How far below the probe's trigger does the nozzle touch the bed?"
    explain: ClassVar[str] = (
        "Touches the bed with the probe, brings the nozzle over the same point, and lets you lower it onto a sheet of "
        "paper until the paper just drags. The difference is the z_offset. Without a probe the same paper test gives "
        "the endstop's position. Klipper's eddy current probe, which has no z_offset, is calibrated over its whole "
        "range after one paper test, by Klipper's own command. Cold nozzle, cold bed, clean nozzle: a printed-on tip "
        "or a hot frame spoils it."
    )
    needs: ClassVar[Needs] = Needs(homed=True, person=True, extra="better", cold=True, minutes=4.0)
    parameters: ClassVar[type] = ZOffsetParameters

    def unfit(self, settings: Mapping[str, Any]) -> str | None:
        # The command line, which reads these declarations, does without the printer's rooms
        from zcal_tui.printer.config_view import has_probe

        if has_probe(settings) or any("position_endstop" in settings[name] for name in settings):
            return None
        return "There is neither a probe nor a Z endstop with a position_endstop."

    async def run(self, context: Context, parameters: ZOffsetParameters) -> None:
        from zcal_tui.checks.z_offset.run import measure  # numpy comes with it

        await measure(context, parameters)
