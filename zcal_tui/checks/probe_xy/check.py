"""What the command line and the plan read of the check `probe-xy`; `run` is imported when it starts."""

from typing import ClassVar

from zcal_tui.checks.base import Context
from zcal_tui.checks.probe_xy.parameters import ProbeXyParameters
from zcal_tui.model.check_info.info import CheckInfo
from zcal_tui.model.check_info.probe_xy import INFO


class ProbeXy:
    """The check `probe-xy`."""

    info: ClassVar[CheckInfo] = INFO
    parameters: ClassVar[type] = ProbeXyParameters

    async def run(self, context: Context, parameters: ProbeXyParameters) -> None:
        from zcal_tui.checks.probe_xy.run import measure  # numpy comes with it

        await measure(context, parameters)
