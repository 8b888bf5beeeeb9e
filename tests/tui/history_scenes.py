"""The screens of what was run before, each as a person gets there."""

from tests.tui.app_driver import AppDriver
from zcal_tui.tui.widgets.runlist import RunList
from zcal_tui.tui.widgets.trendplot import TrendPlot


async def read(driver: AppDriver) -> None:
    """Wait for what is read on a thread."""
    await driver.app.workers.wait_for_complete()
    await driver.settle()


async def press(driver: AppDriver, *keys: str) -> None:
    """Press keys, each after what the one before has read."""
    for key in keys:
        await driver.press(key)
        await read(driver)


async def history(driver: AppDriver) -> None:
    """The history of every check."""
    await press(driver, "h")


async def one_check(driver: AppDriver) -> None:
    """That of the chosen check, from its button."""
    await driver.click("#earlier")
    await read(driver)


async def opened_run(driver: AppDriver) -> None:
    """A run opened: a saved z_offset."""
    await press(driver, "h", "down", "down", "down", "down", "down", "enter")


async def compared(driver: AppDriver) -> None:
    """Two runs side by side."""
    await one_check(driver)
    await press(driver, "down", "space", "end", "d")


async def unreadable(driver: AppDriver) -> None:
    """What there is to say of a file that cannot be read."""
    await press(driver, "h", "enter")


async def report_format(driver: AppDriver) -> None:
    """Which format."""
    await driver.press("r")


async def report_file(driver: AppDriver) -> None:
    """Which file."""
    await driver.press("r", "2")


SCENES = {
    scene.__name__: scene
    for scene in (history, one_check, opened_run, compared, unreadable, report_format, report_file)
}
PICTURED = ("history", "one_check", "opened_run", "compared")


def drawn(driver: AppDriver, kind: type[RunList] | type[TrendPlot]) -> str:
    """What one widget of the screen in front draws."""
    return str(driver.app.screen.query_one(kind).render())
