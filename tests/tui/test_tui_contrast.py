"""All text is readable on every theme that is offered: from the cells that are rendered."""

import pytest

from tests.tui.app_driver import Opener
from tests.tui.contrast import low_contrast, ratio
from tests.tui.scenes import SCENES, unreachable
from zcal_tui.tui.theme import OFFERED, THEMES

READ = ("plan", "paper_begins", "settings", "verdict", "result_card", "help_page")


def test_the_ratio_is_that_of_the_guidelines() -> None:
    assert ratio((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0)
    assert ratio((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_all_text_is_readable(theme: str, name: str, opened: Opener) -> None:
    async with opened(theme=theme) as driver:
        assert driver.app.theme == theme
        await SCENES[name](driver)
        assert list(low_contrast(driver.app)) == []


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_the_page_without_a_printer_is_readable(theme: str, opened: Opener) -> None:
    async with opened(unreachable(), theme=theme) as driver:
        await driver.settle()
        assert list(low_contrast(driver.app)) == []


async def test_only_readable_themes_are_offered(opened: Opener) -> None:
    async with opened(theme="gruvbox") as driver:
        assert set(driver.app.available_themes) == set(OFFERED)
        assert driver.app.theme == "zcal-dark", "a theme that is not offered is the default"
