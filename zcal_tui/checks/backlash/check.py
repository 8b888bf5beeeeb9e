"""What the command line and the plan read of the check `backlash`; `run` is imported when it starts."""

from typing import ClassVar

from zcal_tui.checks.backlash.parameters import BacklashParameters
from zcal_tui.checks.base import Context
from zcal_tui.model.check_info.backlash import INFO
from zcal_tui.model.check_info.info import CheckInfo


class Backlash:
    """The check `backlash`."""

    info: ClassVar[CheckInfo] = INFO
    parameters: ClassVar[type] = BacklashParameters

    async def run(self, context: Context, parameters: BacklashParameters) -> None:
        # numpy comes with it, and a run is the first to need it
        from zcal_tui.checks.backlash.run import measure

        await measure(context, parameters)
