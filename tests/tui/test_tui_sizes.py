"""Wide, narrow, and from one to the other: what is shown follows the terminal."""

from tests.tui.app_driver import NORMAL, SMALL, Opener
from tests.tui.onscreen import cut_off
from tests.tui.scenes import SCENES
from zcal_tui.tui.widgets.text import Plain

HUGE = (200, 60)
LONGEST = 90
"""Columns of a line of text."""


async def test_on_a_huge_terminal_text_stays_readable_and_plots_take_the_rest(opened: Opener) -> None:
    async with opened(size=HUGE) as driver:
        for name in ("plan_after", "verdict"):
            if name == "verdict":
                await driver.press("l")
            else:
                await SCENES[name](driver)
            screen = driver.app.screen
            for plain in screen.query(Plain):
                if plain.is_on_screen and plain.id not in ("answer", "change"):
                    longest = max((len(line) for line in str(plain.content).splitlines()), default=0)
                    assert min(longest, plain.size.width) <= LONGEST, plain
            assert screen.query_one("#side-plot").size.width > 60
            assert "14   1.4975" in driver.text()
            assert cut_off(screen) == []


async def test_a_page_follows_the_terminal_at_once(opened: Opener) -> None:
    async with opened(size=NORMAL) as driver:
        await SCENES["z_offset_found"](driver)
        assert "Save and restart" in driver.words()
        for size in (SMALL, HUGE, SMALL, NORMAL):
            await driver.pilot.resize_terminal(*size)
            await driver.pilot.pause()
            assert cut_off(driver.app.screen) == [], size
            assert driver.app.screen.has_class("-huge") is (size == HUGE)
        assert "Save and restart" in driver.words()


async def test_the_page_keys_scroll_whatever_does_not_fit(opened: Opener) -> None:
    async with opened(size=SMALL) as driver:
        await driver.press("f1")
        body = driver.app.screen.query_one("#help")
        await driver.press("pagedown")
        assert body.scroll_y > 0
        await driver.press("pageup")
        assert body.scroll_y == 0
