"""A class name means one thing in the whole project."""

import ast
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[3]


def classes(folder: str) -> list[str]:
    """The names of the classes that a package defines."""
    trees = (ast.parse(path.read_text()) for path in sorted((ROOT / folder).rglob("*.py")))
    return [node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)]


def test_the_klipper_modules_share_no_class_name_with_the_program() -> None:
    assert sorted(set(classes("klippy_extra")) & set(classes("zcal_tui"))) == []


def test_the_klipper_modules_use_a_class_name_once() -> None:
    assert [name for name, count in Counter(classes("klippy_extra")).items() if count > 1] == []
