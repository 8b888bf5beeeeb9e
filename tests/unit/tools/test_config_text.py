"""Edits to a printer.cfg leave everything else alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.tools.config_text import add_section, remove_section

SAVED = "#*# <---------------------- SAVE_CONFIG ---------------------->\n#*# [probe]\n#*# z_offset = 1\n"
LINES = st.sampled_from(
    [
        "[probe]\n",
        "[zcal_other]\n",
        "pin: PA1\n",
        "  x: 1\n",
        "# [zcal]\n",
        "\n",
        "gcode:\n",
        "[include a.cfg]\n",
    ]
)


@given(st.lists(LINES, max_size=12).map("".join), st.sampled_from(["", SAVED]))
def test_what_was_added_is_removed_without_a_trace(text: str, saved: str) -> None:
    added = add_section(text + saved, "zcal")
    assert added.split("\n").count("[zcal]") == 1
    assert added.endswith(saved)
    assert [line for line in added.split("\n") if line] == [
        *[line for line in text.split("\n") if line],
        "[zcal]",
        *[line for line in saved.split("\n") if line],
    ]
    removed = remove_section(added, "zcal")
    assert [line for line in removed.split("\n") if line] == [
        line for line in (text + saved).split("\n") if line
    ]


@pytest.mark.parametrize("text", ["[mcu]\r\nserial: x\r\n", "[mcu]\r\nserial: x"])
def test_line_ends_stay_what_they_are(text: str) -> None:
    added = add_section(text, "zcal")
    assert added.replace("\r\n", "").count("\n") == added.count("\n") - added.count("\r\n") == (0)
    assert "[zcal]\r\n" in added


def test_a_section_goes_with_its_options_and_leaves_the_next_one() -> None:
    text = "[a]\nx: 1\n\n[zcal]\n# ours\ny: 2\n  more\n\n# about b\n[b]\nz: 3\n" + SAVED
    assert remove_section(text, "zcal") == "[a]\nx: 1\n\n\n# about b\n[b]\nz: 3\n" + SAVED
