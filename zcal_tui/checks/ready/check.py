"""Is the printer in a state in which measuring Z means anything? This is the declaration; `run` does it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from zcal_tui.checks.base import Context, Needs
from zcal_tui.checks.ready.parameters import ReadyParameters


class Ready:
    """The check `ready`."""

    name: ClassVar[str] = "ready"
    title: ClassVar[str] = "Ready"
    learn: ClassVar[str] = "Is the printer in a state in which measuring Z means anything?"
    explain: ClassVar[str] = (
        "Looks at what spoils a Z calibration unnoticed: axes that are not homed, a bed mesh or a live offset that "
        "bends heights, a gantry that is not levelled, a probe whose switch never changes, a Klipper build with a "
        "known fault, warm parts. It moves nothing that you have not agreed to."
    )
    needs: ClassVar[Needs] = Needs(homed=False, minutes=0.5)
    parameters: ClassVar[type] = ReadyParameters

    def unfit(self, settings: Mapping[str, Any]) -> str | None:
        return None

    async def run(self, context: Context, parameters: ReadyParameters) -> None:
        from zcal_tui.checks.ready.run import look  # the printer's rooms come with it

        await look(context, parameters)
