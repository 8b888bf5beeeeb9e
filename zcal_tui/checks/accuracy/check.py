"""Repeatability: does the probe find the same height when it touches the same place again?

Klipper docs, Probe_Calibrate, Repeatability check. This is the declaration, which the command line and the plan read;
`run` does it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from zcal_tui.checks.accuracy.parameters import AccuracyParameters
from zcal_tui.checks.base import Context, Needs


class Accuracy:
    """The check `accuracy`."""

    name: ClassVar[str] = "accuracy"
    title: ClassVar[str] = "Repeatability"
    learn: ClassVar[str] = "Does the probe find the same height each time, well enough for bed levelling?"
    explain: ClassVar[str] = (
        "Touches the bed again and again in one place and looks at how far the heights scatter, whether they "
        "drift, whether the first touch differs and whether some are far off. Klipper's limit is a range of "
        "25 µm in ten touches. It ends as soon as the answer is certain."
    )
    needs: ClassVar[Needs] = Needs(homed=True, probe=True, minutes=1.5)
    parameters: ClassVar[type] = AccuracyParameters

    def unfit(self, settings: Mapping[str, Any]) -> str | None:
        # The command line, which reads these declarations, does without the printer's rooms
        from zcal_tui.printer.config_view import has_probe

        return None if has_probe(settings) else "There is no probe in this printer's configuration."

    async def run(self, context: Context, parameters: AccuracyParameters) -> None:
        # numpy comes with them, and a run is the first to need it
        if parameters.what == "endstop":
            from zcal_tui.checks.accuracy.endstop import measure_endstop

            await measure_endstop(context, parameters)
        elif parameters.sweep:
            from zcal_tui.checks.accuracy.sweep import measure_sweep

            await measure_sweep(context, parameters)
        else:
            from zcal_tui.checks.accuracy.run import measure

            await measure(context, parameters)
