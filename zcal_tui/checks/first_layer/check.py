"""What the command line and the plan read of the check `first-layer`; `run` is imported when it starts."""

from typing import ClassVar

from zcal_tui.checks.base import Context
from zcal_tui.checks.first_layer.parameters import FirstLayerParameters
from zcal_tui.model.check_info.first_layer import INFO
from zcal_tui.model.check_info.info import CheckInfo


class FirstLayer:
    """The check `first-layer`."""

    info: ClassVar[CheckInfo] = INFO
    parameters: ClassVar[type] = FirstLayerParameters

    async def run(self, context: Context, parameters: FirstLayerParameters) -> None:
        from zcal_tui.checks.first_layer.run import measure  # numpy comes with it

        await measure(context, parameters)
