"""What the command line and the plan read of the check `ready`; `run` is imported when it starts."""

from typing import ClassVar

from zcal_tui.checks.base import Context
from zcal_tui.checks.ready.parameters import ReadyParameters
from zcal_tui.model.check_info.info import CheckInfo
from zcal_tui.model.check_info.ready import INFO


class Ready:
    """The check `ready`."""

    info: ClassVar[CheckInfo] = INFO
    parameters: ClassVar[type] = ReadyParameters

    async def run(self, context: Context, parameters: ReadyParameters) -> None:
        from zcal_tui.checks.ready.run import look  # the printer's rooms come with it

        await look(context, parameters)
