"""A name means one thing in the whole project, and is a noun of the field rather than a metaphor."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
PACKAGES = ("zcal_tui", "klippy_extra", "campaigns", "benchmarks")

METAPHORS = {
    "attendant",
    "board",
    "circumstance",
    "circumstances",
    "culprit",
    "desk",
    "face",
    "faces",
    "feel",
    "holding",
    "holdings",
    "kept",
    "shelf",
    "standing",
    "told",
}


def _files() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def _classes(path: Path) -> Iterator[str]:
    """The public classes of a module. Nested ones are named with their class, as Textual's messages are."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}


def test_no_class_name_means_two_things() -> None:
    places: dict[str, list[Path]] = defaultdict(list)
    for path in _files():
        for name in _classes(path):
            places[name].append(path.relative_to(ROOT))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_no_class_or_module_is_named_by_a_metaphor() -> None:
    named = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in _files()
        for name in (path.stem, path.parent.name, *_classes(path))
        if _words(name) & METAPHORS
    }
    assert named == set()


def test_words_of_a_name() -> None:
    assert _words("FeelOfPaper") == {"feel", "of", "paper"}
    assert _words("zcal_interface") == {"zcal", "interface"}
    assert _words("JSONBoard") == {"json", "board"}
