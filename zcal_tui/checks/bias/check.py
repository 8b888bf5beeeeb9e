"""What the command line and the plan read of the check `bias`; `run` is imported when it starts."""

from typing import ClassVar

from zcal_tui.checks.base import Context
from zcal_tui.checks.bias.parameters import BiasParameters
from zcal_tui.model.check_info.bias import INFO
from zcal_tui.model.check_info.info import CheckInfo


class Bias:
    """The check `bias`."""

    info: ClassVar[CheckInfo] = INFO
    parameters: ClassVar[type] = BiasParameters

    async def run(self, context: Context, parameters: BiasParameters) -> None:
        # numpy comes with it, and a run is the first to need it
        from zcal_tui.checks.bias.run import measure

        await measure(context, parameters)
