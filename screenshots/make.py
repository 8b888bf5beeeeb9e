"""Takes the README's pictures from the running program on a simulated printer: `make screenshots`.

They are never made by hand: what they show is what the program showed.
"""

import asyncio
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.results.store import Store
from zcal_tui.session.session import Session
from zcal_tui.session.target import DemoOptions, Target
from zcal_tui.tui.app import ZcalApp

SIZE = (80, 24)
FOLDER = Path(__file__).parent
PATIENCE = 300.0


async def until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  a snapshot has no event of its own
            await asyncio.sleep(0.05)


async def take(data: Path) -> None:
    """Run the check `accuracy` from the plan to its verdict, with a picture of each page."""
    session = Session(Target(demo=DemoOptions(profile="voron", speed=4.0)), Store(data))
    session.start()
    app = ZcalApp(session, CHECKS, environ={"TERM": "xterm-256color", "COLORTERM": "truecolor"})
    try:
        async with app.run_test(size=SIZE) as pilot:

            async def picture(name: str) -> None:
                await pilot.pause(0.6)
                (FOLDER / f"{name}.svg").write_text(app.export_screenshot(title="zcal-tui"), encoding="utf-8")
                print(f"{name}.svg")

            await until(lambda: session.snapshot.printer.ready)
            await picture("plan")
            await pilot.press("s")
            await picture("settings")
            await pilot.press("escape")
            await pilot.press("enter")
            await until(lambda: session.snapshot.run and len(session.snapshot.run.record.samples) >= 11)
            await picture("run")
            await until(lambda: session.snapshot.run and not session.snapshot.run.running)
            await picture("verdict")
    finally:
        await asyncio.to_thread(session.close)


def main() -> int:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as data:
        asyncio.run(take(Path(data)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
