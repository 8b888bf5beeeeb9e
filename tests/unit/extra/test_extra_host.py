"""`zcal.host` alone knows how Klippers differ: nothing else in the modules inspects Klipper's objects."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "klippy_extra"
HOST = FOLDER / "zcal" / "host"
FILES = sorted(path for path in FOLDER.rglob("*.py") if HOST not in path.parents)

SHIMS = {"hasattr", "getattr", "setattr", "delattr", "vars", "dir"}
LOADED = {"gcode_macro"}
"""What is loaded for its documented interface, the same in every Klipper."""


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id, node
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, node


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_klippys_objects_are_looked_up_by_the_host_alone(path: Path) -> None:
    for name, call in calls(path):
        where = f"line {call.lineno}"
        assert name not in ("lookup_object", "lookup_objects"), where
        if name == "load_object":
            loaded = call.args[1]
            assert isinstance(loaded, ast.Constant) and loaded.value in LOADED, where


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_what_an_object_has_is_asked_by_the_host_alone(path: Path) -> None:
    for name, call in calls(path):
        assert name not in SHIMS, f"line {call.lineno}"
