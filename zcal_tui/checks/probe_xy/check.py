"""The probe's X and Y offsets: where the probe is, seen from the nozzle.

Klipper docs, Probe_Calibrate, "Calibrating probe X and Y offsets". This is the declaration; `run` does it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from zcal_tui.checks.base import Context, Needs
from zcal_tui.checks.probe_xy.parameters import ProbeXyParameters


class ProbeXy:
    """The check `probe-xy`."""

    name: ClassVar[str] = "probe-xy"
    title: ClassVar[str] = "Probe X/Y offset"
    learn: ClassVar[str] = "Where is the probe, seen from the nozzle?"
    explain: ClassVar[str] = (
        "Touches the bed with the probe, has you mark that point on a piece of tape, and lets you move the nozzle over "
        "the mark. The distance between the two toolhead positions is x_offset and y_offset. If they are wrong, every "
        "other measurement is taken at another place than it is meant for."
    )
    needs: ClassVar[Needs] = Needs(homed=True, probe=True, person=True, cold=True, minutes=4.0)
    parameters: ClassVar[type] = ProbeXyParameters

    def unfit(self, settings: Mapping[str, Any]) -> str | None:
        # The command line, which reads these declarations, does without the printer's rooms
        from zcal_tui.printer.config_view import has_probe

        return None if has_probe(settings) else "There is no probe in this printer's configuration."

    async def run(self, context: Context, parameters: ProbeXyParameters) -> None:
        from zcal_tui.checks.probe_xy.run import measure  # numpy comes with it

        await measure(context, parameters)
