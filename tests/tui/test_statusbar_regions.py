"""What of the bar is written again when it changes."""

import pytest
from textual.content import Content
from textual.geometry import Region

from zcal_tui.tui.widgets.statusbar import changed_regions


def line(x: str, bed: str) -> Content:
    return Content.assemble(("X ", "dim"), x, "      ", ("bed ", "dim"), bed)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (line("125.0", "60"), line("125.4", "60"), [Region(6, 0, 1, 1)]),
        (line("125.0", "60"), line("131.4", "60"), [Region(3, 0, 4, 1)]),
        (line("125.0", "60"), line("125.4", "61"), [Region(6, 0, 1, 1), Region(18, 0, 1, 1)]),
        (line("99.9", "60"), line("100.0", "60"), []),
        (line("125.0", "60"), line("125.0", "60").stylize("bold", 0, 3), []),
        (Content("日 1"), Content("日 2"), []),
    ],
)
def test_only_what_reads_differently(before: Content, after: Content, expected: list[Region]) -> None:
    assert changed_regions(before, after) == expected
