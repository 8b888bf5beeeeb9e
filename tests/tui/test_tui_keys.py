"""The table of actions, and what is made from it: bindings, documentation, keymap, every text that names a key."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.dom import DOMNode
from textual.widgets import Button

from tests.tui.app_driver import LARGE, Opener
from tests.tui.scripted import CHOOSE, SAVE, ScriptedSession
from zcal_tui.tui import key_docs, screens, widgets
from zcal_tui.tui.actions import (
    ACTIONS,
    GROUPS,
    PLACEHOLDER,
    STOP,
    STOP_KEYS,
    in_force,
    unknown_names,
    word_of,
)
from zcal_tui.tui.widgets.text import Plain

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "keys.md"
TUI = ROOT / "zcal_tui" / "tui"


def classes(root: type[DOMNode]) -> Iterator[type[DOMNode]]:
    """Every class below this one."""
    for found in root.__subclasses__():
        yield found
        yield from classes(found)


def made() -> dict[str, Binding]:
    """Every binding that a screen or a widget of ours has, by its name."""
    importlib.import_module("zcal_tui.tui.app_base")
    for package in (screens, widgets):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    own = [each for each in classes(DOMNode) if each.__module__.startswith("zcal_tui.")]
    return {b.id: b for each in own for b in each.__dict__.get("BINDINGS", ()) if b.id}


def test_the_page_of_keys_is_made_from_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert key_docs.updated(page) == page, "run: python -m zcal_tui.tui.key_docs docs/keys.md"


def test_every_binding_is_in_the_table_and_every_action_with_keys_has_its_binding() -> None:
    assert set(made()) == {name for name, action in ACTIONS.items() if action.keys}


def test_every_name_is_there_once() -> None:
    assert len(ACTIONS) == sum(len(group.actions) for group in GROUPS)
    assert len({group.name for group in GROUPS}) == len(GROUPS)


def test_every_action_is_described() -> None:
    assert all(action.label and action.description for action in ACTIONS.values())


def test_nothing_but_the_table_makes_a_binding() -> None:
    makers = [path.name for path in TUI.rglob("*.py") if "import Binding" in path.read_text(encoding="utf-8")]
    assert set(makers) <= {"actions.py", "keybar.py"}


def strings(path: Path) -> Iterator[str]:
    """The texts of a module, without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        id(statement.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        for statement in node.body
        if isinstance(statement, ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def test_a_text_that_names_a_key_names_an_action_instead() -> None:
    for path in TUI.rglob("*.py"):
        for text in strings(path):
            for name in PLACEHOLDER.findall(text):
                assert name in ACTIONS, f"{path}: {name}"
            if path.name != "actions.py" and "STOP" not in text:
                fixed = re.search(r"\bF\d{1,2}\b|\b[Ee]sc(ape)?\b(?! *$)|Ctrl\+|(?<=  )[a-z]$", text)
                assert fixed is None or text == "escape", f"{path} names a key: {text!r}"


def test_stop_keeps_its_keys_beside_an_own_one() -> None:
    assert ACTIONS["app.stop"].keys == STOP_KEYS
    assert in_force({STOP: "f9"}) == {STOP: f"f9,{STOP_KEYS}"}


def test_unknown_names_are_reported_with_the_nearest() -> None:
    assert unknown_names({"plan.next": "f2"}) == []
    (told,) = unknown_names({"paper.lowr": "x"})
    assert "did you mean paper.lower?" in told
    assert in_force({"paper.lowr": "x"}) == {}


@pytest.mark.parametrize(
    ("key", "word"),
    [("n", "N"), ("f8", "F8"), ("ctrl+s", "Ctrl+S"), ("escape", "Esc"), ("B", "Shift+B"), ("up", "↑")],
)
def test_how_a_sentence_names_a_key(key: str, word: str) -> None:
    assert word_of(key) == word


KEYMAP = {
    "run.cancel": "f4",
    "app.restart": "f6",
    "plan.next": "ctrl+n",
    "question.yes": "j",
    "question.no": "f",
    "question.cancel": "f9",
    "run.picture": "b",
    "app.changed": "f10",
}


async def test_every_text_names_the_keys_that_are_in_force(opened: Opener) -> None:
    async with opened(keymap=KEYMAP, size=LARGE) as driver:
        await driver.press("f1")
        help_text = str(driver.app.screen.query_one("#help Plain", Plain).content)
        assert "Ctrl+N starts the next check" in help_text
        assert "firmware restart (F6)" in help_text
        await driver.press("escape")
        await driver.press("enter")
        driver.session.touch(3)
        await driver.settle()
        assert str(driver.app.screen.query_one("#cancel", Button).label) == "Cancel  f4"
        driver.session.ask(SAVE)
        await driver.settle()
        labels = [str(button.label) for button in driver.app.screen.query("#box Button").results(Button)]
        assert [label.split("  ")[-1] for label in labels] == ["j", "f", "f9"]
        await driver.press("j")
        assert driver.session.answers == [True]
        driver.session.ask(CHOOSE)
        await driver.settle()
        await driver.press("f1")
        assert "F9 cancels the whole check" in str(driver.app.screen.query_one("#help Plain", Plain).content)
        await driver.press("escape", "f9")
        assert driver.session.asked_for("cancel") == 1


async def test_the_line_under_the_bar_names_the_key_in_force(opened: Opener) -> None:
    async with opened(keymap=KEYMAP) as driver:
        driver.session.printer(klippy="shutdown", message="MCU 'mcu' shutdown")
        await driver.settle()
        assert "F6 firmware restart" in driver.words()
        await driver.press("f6")
        assert driver.session.asked_for("restart") == 1


async def test_an_action_of_the_palette_takes_a_key_too(opened: Opener) -> None:
    async with opened(ScriptedSession(), keymap=KEYMAP) as driver:
        await driver.press("f10")
        assert "Hardware changed" in driver.words()
        assert driver.app.screen.query(Plain)
