"""What the command line and the plan read of the check `z-offset`; `run` is imported when it starts."""

from typing import ClassVar

from zcal_tui.checks.base import Context
from zcal_tui.checks.z_offset.parameters import ZOffsetParameters
from zcal_tui.model.check_info.info import CheckInfo
from zcal_tui.model.check_info.z_offset import INFO


class ZOffset:
    """The check `z-offset`."""

    info: ClassVar[CheckInfo] = INFO
    parameters: ClassVar[type] = ZOffsetParameters

    async def run(self, context: Context, parameters: ZOffsetParameters) -> None:
        from zcal_tui.checks.z_offset.run import measure  # numpy comes with it

        await measure(context, parameters)
