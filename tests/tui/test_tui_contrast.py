"""All text is readable on every theme that is offered: from the cells that are rendered."""

import pytest

from tests.tui.app_driver import SMALL, Opener
from tests.tui.contrast import TERMINALS, blue_text, low_contrast, ratio
from tests.tui.scenes import SCENES, unreachable
from zcal_tui.tui.console_font import CODE_PAGE, SYMBOLS, in_font
from zcal_tui.tui.theme import OFFERED

READ = ("plan", "paper_begins", "settings", "z_offset_found", "result_card", "help_page")
READ_TOO = (
    "running",
    "paper_warns",
    "jog",
    "save",
    "choose",
    "console",
    "problem",
    "stopped",
    "stale",
    "refused",
)
"""Seen by the slow tests."""


def test_the_ratio_is_that_of_the_guidelines() -> None:
    assert ratio((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0)
    assert ratio((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", [*READ, *(pytest.param(name, marks=pytest.mark.slow) for name in READ_TOO)])
@pytest.mark.parametrize("theme", OFFERED)
async def test_all_text_is_readable(theme: str, name: str, opened: Opener) -> None:
    async with opened(theme=theme) as driver:
        assert driver.app.theme == theme
        await SCENES[name](driver)
        assert list(low_contrast(driver.app)) == []
        if theme in TERMINALS:
            assert list(blue_text(driver.app)) == []


@pytest.mark.parametrize("theme", TERMINALS)
async def test_buttons_without_frames_are_readable(theme: str, opened: Opener) -> None:
    async with opened(theme=theme, size=SMALL) as driver:
        await SCENES["plan"](driver)
        assert list(low_contrast(driver.app)) == []
    async with opened(unreachable(), theme=theme, size=SMALL) as driver:
        await driver.settle()
        assert list(low_contrast(driver.app)) == []


@pytest.mark.parametrize("name", ["paper_begins", "temperature", "z_offset_found", "console", "map_alone"])
async def test_a_console_gets_only_what_its_font_has(name: str, opened: Opener) -> None:
    async with opened(term="linux") as driver:
        assert driver.app.theme == "ansi-dark"
        await SCENES[name](driver)
        drawn = {
            character
            for strip in driver.app.screen._compositor.render_strips(driver.app.size)
            for segment in strip
            for character in segment.text
        }
        assert drawn <= CODE_PAGE | SYMBOLS, drawn - CODE_PAGE - SYMBOLS
        assert "?" not in driver.text().replace("? Help", ""), "nothing of ours has no likeness in the font"


def test_what_the_font_lacks_keeps_its_width() -> None:
    assert in_font("╭─ 25 µm … −3 ✓ ─╮") == "┌─ 25 µm ~ -3 √ ─┐"
    assert in_font("名 é ●") == "?? é ■"


@pytest.mark.parametrize("theme", OFFERED)
async def test_the_page_without_a_printer_is_readable(theme: str, opened: Opener) -> None:
    async with opened(unreachable(), theme=theme) as driver:
        await driver.settle()
        assert list(low_contrast(driver.app)) == []


async def test_only_readable_themes_are_offered(opened: Opener) -> None:
    async with opened(theme="gruvbox") as driver:
        assert set(driver.app.available_themes) == set(OFFERED)
        assert driver.app.theme == "zcal-dark", "a theme that is not offered is the default"
