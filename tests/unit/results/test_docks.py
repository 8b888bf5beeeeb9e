"""The macros that were chosen for a printer's dock are kept, shown and removed."""

from pathlib import Path

import pytest

from zcal_tui.results.docks import FILE, keep_dock, kept_docks


def test_macros_are_kept_by_printer_and_forgotten(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    keep_dock(folder, "voron", ("GO_GET", "GO_PUT"))
    keep_dock(folder, "ender", ("TAKE", ""))
    assert kept_docks(folder) == {"voron": ("GO_GET", "GO_PUT"), "ender": ("TAKE", "")}
    keep_dock(folder, "voron", None)
    keep_dock(folder, "never there", None)
    assert kept_docks(folder) == {"ender": ("TAKE", "")}
    assert (folder / FILE).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"printers": []}',
        '{"printers": {"a": ["M112; G1", "x"], "b": "c", "d": ["X"], "e": ["X", 3]}}',
    ],
)
def test_a_file_that_holds_something_else_keeps_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert kept_docks(tmp_path) == {}
