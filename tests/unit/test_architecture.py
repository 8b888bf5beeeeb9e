"""docs/architecture.md names files that exist, so that a newcomer finds them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
NAMED = sorted(
    {
        name
        for name in re.findall(r"`([\w./<>]+(?:\.py|/))`", PAGE)
        if "<" not in name and "/" in name.rstrip("/")
    }
)


@pytest.mark.parametrize("name", NAMED)
def test_what_it_names_is_there(name: str) -> None:
    assert any((base / name).exists() for base in (ROOT, ROOT / "zcal_tui", ROOT / "zcal_tui" / "session"))


def test_every_package_is_in_it() -> None:
    packages = {path.parent.name for path in (ROOT / "zcal_tui").glob("*/__init__.py")}
    assert {name for name in packages if not re.search(rf"\b{name}\b", PAGE)} == set()
    assert len(NAMED) > 20
