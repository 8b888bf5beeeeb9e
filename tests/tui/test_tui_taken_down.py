"""A page or a plot that is taken down while it comes up, as when the person quits at that moment."""

import asyncio

import pytest
from textual.css.query import NoMatches
from textual.widget import Widget

from tests.tui.app_driver import LARGE, Opener
from tests.tui.scenes import z_offset_found
from zcal_tui.tui.screens.verdict import VerdictScreen


@pytest.mark.parametrize("yields", [0, 1, 2])
async def test_leaving_while_a_page_comes_up_is_no_error(yields: int, opened: Opener) -> None:
    async with opened(size=LARGE) as driver:
        await z_offset_found(driver)
        record = driver.session.snapshot.last["z-offset"]
        driver.app.push_screen(VerdictScreen(driver.app.app_state, record))
        for _ in range(yields):
            await asyncio.sleep(0)
    assert driver.app._exception is None


class Missing(Widget):
    """Looks for what it has not got."""

    def on_mount(self) -> None:
        self.query_one("#missing")


async def test_a_widget_that_misses_its_parts_otherwise_is_an_error(opened: Opener) -> None:
    with pytest.raises(NoMatches):
        async with opened() as driver:
            await driver.app.screen.mount(Missing())
            await driver.settle()
