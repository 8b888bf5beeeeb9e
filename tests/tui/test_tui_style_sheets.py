"""A screen's styles are read once that screen is opened, whichever was opened before."""

import importlib
from pathlib import Path

import pytest
from textual.css.parse import parse
from textual.css.tokenize import tokenize_values

from tests.tui.app_driver import Opener
from zcal_tui.tui import screens
from zcal_tui.tui.app_base import AppBase
from zcal_tui.tui.screens.base import Follower

FOLDER = Path(screens.__file__).parent
SHEETS = sorted(path.name for path in FOLDER.glob("*.tcss"))


def screen_classes() -> dict[str, type[Follower]]:
    """Every kind of screen by its name."""
    for path in FOLDER.glob("*.py"):
        importlib.import_module(f"{screens.__name__}.{path.stem}")
    found: dict[str, type[Follower]] = {}
    left: list[type[Follower]] = [Follower]
    while left:
        found[left[-1].__name__] = left[-1]
        left += left.pop().__subclasses__()
    return found


def sheets_of(app: AppBase) -> list[str]:
    """The files whose rules are in force, in their order."""
    return [Path(path).name for path, variable in app.stylesheet.source if not variable]


def own_rules(app: AppBase) -> set[int]:
    """The identities of the rules that are in force, besides those that widgets bring."""
    return {id(rule) for rule in app.stylesheet.rules if not rule.is_default_rules}


def test_each_sheet_belongs_to_one_kind_of_screen() -> None:
    named = [
        cls.__dict__["STYLE_SHEET"] for cls in screen_classes().values() if "STYLE_SHEET" in cls.__dict__
    ]
    assert sorted(filter(None, named)) == SHEETS


@pytest.mark.parametrize("name", SHEETS)
async def test_a_sheet_is_about_its_own_screens_alone(name: str, opened: Opener) -> None:
    async with opened() as driver:
        variables = tokenize_values(driver.app.get_css_variables())
    css, classes = (FOLDER / name).read_text(encoding="utf-8"), screen_classes()
    rules = list(parse("", css, (name, ""), variable_tokens=variables))
    heads = {selectors.selectors[0].name for rule in rules for selectors in rule.selector_set}
    assert heads
    for head in heads:
        assert name in {getattr(cls, "STYLE_SHEET", "") for cls in classes[head].__mro__}, head


async def test_a_screen_brings_its_styles(opened: Opener) -> None:
    async with opened(check=None) as driver:
        assert sheets_of(driver.app) == ["app.tcss", "plan.tcss"]
        await driver.press("h")
        assert sheets_of(driver.app) == ["app.tcss", "history.tcss", "plan.tcss"]
        before = own_rules(driver.app)
        await driver.press("escape", "question_mark")
        assert driver.screen == "HelpScreen"
        assert sheets_of(driver.app) == ["app.tcss", "history.tcss", "modal.tcss", "plan.tcss"]
        assert before < own_rules(driver.app), "what was parsed is kept"
        await driver.press("escape", "h")
        assert len(sheets_of(driver.app)) == 4
