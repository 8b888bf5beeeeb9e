"""What the command line and the plan read of the check `auto-z`; `run` is imported when it starts."""

from typing import ClassVar

from zcal_tui.checks.auto_z.parameters import AutoZParameters
from zcal_tui.checks.base import Context
from zcal_tui.model.check_info.auto_z import INFO
from zcal_tui.model.check_info.info import CheckInfo


class AutoZ:
    """The check `auto-z`."""

    info: ClassVar[CheckInfo] = INFO
    parameters: ClassVar[type] = AutoZParameters

    async def run(self, context: Context, parameters: AutoZParameters) -> None:
        from zcal_tui.checks.auto_z.run import measure  # numpy comes with it

        await measure(context, parameters)
