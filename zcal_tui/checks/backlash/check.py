"""Backlash: how much of a Z movement is lost when it turns round, and is it the same everywhere?

Cartographer docs, Z Backlash Estimation. This is the declaration, which the command line and the plan read; `run` does
it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from zcal_tui.checks.backlash.parameters import BacklashParameters
from zcal_tui.checks.base import Context, Needs


class Backlash:
    """The check `backlash`."""

    name: ClassVar[str] = "backlash"
    title: ClassVar[str] = "Backlash"
    learn: ClassVar[str] = "How much of a Z movement is lost where it turns round, and at which Z drive?"
    explain: ClassVar[str] = (
        "Comes to the same height from above and from below, or waits for the probe's switch to open on the way up, "
        "and looks how far apart the two are: near each Z drive, or wherever you want. It should be similar "
        "everywhere; a drive that loses more has a loose belt, a worn lead screw or nut, or a loose coupling."
    )
    needs: ClassVar[Needs] = Needs(homed=True, probe=True, extra="must", minutes=4.0)
    parameters: ClassVar[type] = BacklashParameters

    def unfit(self, settings: Mapping[str, Any]) -> str | None:
        # The command line, which reads these declarations, does without the printer's rooms
        from zcal_tui.printer.config_view import has_probe

        if not has_probe(settings):
            return "There is no probe in this printer's configuration."
        if "bltouch" in settings:
            return "A BLTouch takes its pin in when it triggers, so that nothing is to be seen on the way up."
        return None

    async def run(self, context: Context, parameters: BacklashParameters) -> None:
        # numpy comes with it, and a run is the first to need it
        from zcal_tui.checks.backlash.run import measure

        await measure(context, parameters)
