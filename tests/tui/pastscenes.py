"""The screens of what was run before, each as a person gets there."""

from tests.tui.stage import Stage
from zcal_tui.tui.widgets.runlist import RunList
from zcal_tui.tui.widgets.trendplot import TrendPlot


async def read(stage: Stage) -> None:
    """Wait for what is read on a thread."""
    await stage.app.workers.wait_for_complete()
    await stage.settle()


async def press(stage: Stage, *keys: str) -> None:
    """Press keys, each after what the one before has read."""
    for key in keys:
        await stage.press(key)
        await read(stage)


async def history(stage: Stage) -> None:
    """The history of every check."""
    await press(stage, "h")


async def one_check(stage: Stage) -> None:
    """That of the chosen check, from its button."""
    await stage.click("#earlier")
    await read(stage)


async def opened_run(stage: Stage) -> None:
    """A run opened: a saved z_offset."""
    await press(stage, "h", "down", "down", "down", "down", "down", "enter")


async def compared(stage: Stage) -> None:
    """Two runs side by side."""
    await one_check(stage)
    await press(stage, "down", "space", "end", "d")


async def unreadable(stage: Stage) -> None:
    """What there is to say of a file that cannot be read."""
    await press(stage, "h", "enter")


async def report_format(stage: Stage) -> None:
    """Which format."""
    await stage.press("r")


async def report_file(stage: Stage) -> None:
    """Which file."""
    await stage.press("r", "2")


SCENES = {
    scene.__name__: scene
    for scene in (history, one_check, opened_run, compared, unreadable, report_format, report_file)
}
PICTURED = ("history", "one_check", "opened_run", "compared")


def drawn(stage: Stage, kind: type[RunList] | type[TrendPlot]) -> str:
    """What one widget of the screen in front draws."""
    return str(stage.app.screen.query_one(kind).render())
