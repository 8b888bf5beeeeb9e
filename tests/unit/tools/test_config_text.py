"""Edits to a printer.cfg leave everything else alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.tools.config_text import add_section, comment_out, remove_saved, remove_section

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


@given(
    st.lists(LINES, max_size=12).map("".join),
    st.sampled_from(["", SAVED]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_what_was_added_is_removed_to_the_byte(text: str, saved: str, end: str, cut: bool) -> None:
    whole = (text + saved).replace("\n", end)
    if cut and not saved:
        whole = whole.removesuffix(end)
    added = add_section(whole, "zcal")
    assert added.splitlines().count("[zcal]") == 1
    assert added.endswith(saved.replace("\n", end))
    assert [line for line in added.splitlines() if line and line != "[zcal]"] == [
        line for line in whole.splitlines() if line
    ]
    assert remove_section(added, "zcal") == whole


@pytest.mark.parametrize("text", ["[mcu]\r\nserial: x\r\n", "[mcu]\r\nserial: x"])
def test_line_ends_stay_what_they_are(text: str) -> None:
    added = add_section(text, "zcal")
    assert added.replace("\r\n", "").count("\n") == added.count("\n") - added.count("\r\n") == (0)
    assert "[zcal]" in added.split("\r\n")


def test_a_section_goes_with_its_options_and_leaves_the_next_one() -> None:
    text = "[a]\nx: 1\n\n[zcal]\n# ours\ny: 2\n  more\n\n# about b\n[b]\nz: 3\n" + SAVED
    assert remove_section(text, "zcal") == "[a]\nx: 1\n\n\n# about b\n[b]\nz: 3\n" + SAVED


def test_saved_values_of_a_section_go_and_the_others_stay() -> None:
    block = SAVED + "#*#\n#*# [zcal]\n#*# z_backlash = 0.01\n"
    assert remove_saved("[mcu]\n\n" + block, "zcal") == "[mcu]\n\n" + SAVED
    alone = SAVED.replace("[probe]", "[zcal]")
    assert remove_saved("[mcu]\n\n\n" + alone, "zcal") == "[mcu]\n"
    assert remove_saved("[mcu]\n\n" + SAVED, "zcal") == "[mcu]\n\n" + SAVED


def test_a_commented_section_can_be_read_again() -> None:
    text = "[a]\nx: 1\n[z_calibration]\n# why\ny: 2\n\n  more\n[b]\nz: 3\n" + SAVED
    expected = "[a]\nx: 1\n#[z_calibration]\n# why\n#y: 2\n\n#  more\n[b]\nz: 3\n" + SAVED
    assert comment_out(text, "z_calibration") == expected
