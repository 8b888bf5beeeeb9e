"""What the command line and the plan read of the check `accuracy`; `run` is imported when it starts."""

from typing import ClassVar

from zcal_tui.checks.accuracy.parameters import AccuracyParameters
from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.model.check_info.accuracy import INFO
from zcal_tui.model.check_info.info import CheckInfo


class Accuracy:
    """The check `accuracy`."""

    info: ClassVar[CheckInfo] = INFO
    parameters: ClassVar[type] = AccuracyParameters

    async def run(self, context: Context, parameters: AccuracyParameters) -> None:
        if parameters.compare_methods and (
            parameters.what == "endstop" or parameters.sweep or parameters.method != "auto"
        ):
            raise CheckRefused(
                "--compare-methods compares both methods of a scanner.",
                "--what endstop, --sweep and --method measure something else.",
                "Leave one of them out.",
            )
        if parameters.method != "auto" and (parameters.what == "endstop" or parameters.sweep):
            raise CheckRefused(
                "--method measures the probe at one setting.",
                "The Z endstop has no methods, and --sweep compares settings of the usual one.",
                "Leave out --method, or --sweep and --what endstop.",
            )
        # numpy comes with them, and a run is the first to need it
        if parameters.what == "endstop":
            from zcal_tui.checks.accuracy.endstop import measure_endstop

            await measure_endstop(context, parameters)
        elif parameters.compare_methods:
            from zcal_tui.checks.accuracy.methods import compare_methods

            await compare_methods(context, parameters)
        elif parameters.sweep:
            from zcal_tui.checks.accuracy.sweep import measure_sweep

            await measure_sweep(context, parameters)
        else:
            from zcal_tui.checks.accuracy.run import measure

            await measure(context, parameters)
