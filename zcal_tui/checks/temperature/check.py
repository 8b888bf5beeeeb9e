"""What the command line and the plan read of the check `temperature`; `run` is imported when it starts."""

from typing import ClassVar

from zcal_tui.checks.base import Context
from zcal_tui.checks.temperature.parameters import TemperatureParameters
from zcal_tui.model.check_info.info import CheckInfo
from zcal_tui.model.check_info.temperature import INFO


class Temperature:
    """The check `temperature`."""

    info: ClassVar[CheckInfo] = INFO
    parameters: ClassVar[type] = TemperatureParameters

    async def run(self, context: Context, parameters: TemperatureParameters) -> None:
        # numpy comes with it, and a run is the first to need it
        from zcal_tui.checks.temperature.run import measure

        await measure(context, parameters)
