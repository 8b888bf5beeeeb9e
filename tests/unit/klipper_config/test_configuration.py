"""Sections and options come out as klippy's own parser has them, with the lines they are on."""

import configparser
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zcal_tui.klipper_config.configuration import AUTOSAVE_HEADER, parse_text, split_saved
from zcal_tui.klipper_config.files import FileLocation

LINES = st.sampled_from(
    [
        "[one]",
        "[Two words]",
        "[one] tail",
        "[a]b]",
        " [indented]",
        "pin: ^!PA1",
        "PIN = PB2 ; a comment",
        "gcode:",
        "  G28",
        "  M117 a;b",
        "    deeper: 1",
        "\tG1 X1 # fast",
        "",
        "   ",
        "# remark",
        "  ; remark",
        ";x: 1",
        "x:y=z",
        "url = a;b",
        "spaced name : 5 ",
        "[DEFAULT]",
    ]
)


def klippys(text: str) -> dict[str, dict[str, str]] | None:
    """What klippy's parser makes of a text: its own steps on Python's parser. None where it refuses the text."""
    parser = configparser.RawConfigParser(strict=False, inline_comment_prefixes=(";", "#"))
    try:
        parser.read_file(io.StringIO("\n".join(line.partition("#")[0] for line in text.split("\n"))))
    except configparser.Error:
        return None
    return {name: dict(parser.items(name)) for name in parser.sections()}


@pytest.mark.slow
@settings(max_examples=500)
@given(st.lists(LINES, max_size=14).map("\n".join))
def test_values_are_klippys(text: str) -> None:
    ours = parse_text(text)
    expected = klippys(text)
    assert (expected is None) == bool(ours.faults)
    if expected is not None:
        found = {
            name: {option: value.value for option, value in section.options.items()}
            for name, section in ours.sections.items()
        }
        assert found == expected


def test_each_option_knows_its_lines() -> None:
    text = "[a]\nx: 1\ngcode:\n  G28\n\n  M117\n# end\n[b]\ny: 2\n[a]\nx: 3\n"
    config = parse_text(text, "p.cfg")
    assert config.sections["a"].where("x") == FileLocation("p.cfg", 11)
    assert config.sections["a"].place == FileLocation("p.cfg", 1)
    assert config.sections["a"].where("no such option") == FileLocation("p.cfg", 1)
    assert config.sections["a"].get("gcode") == "\nG28\n\nM117"
    lines = [(entry.section, entry.option, entry.first, entry.last) for entry in config.entries]
    assert lines == [
        ("a", None, 1, 1),
        ("a", "x", 2, 2),
        ("a", "gcode", 3, 6),
        ("b", None, 8, 8),
        ("b", "y", 9, 9),
        ("a", None, 10, 10),
        ("a", "x", 11, 11),
    ]


def test_saved_values_count_where_nothing_else_sets_them() -> None:
    text = (
        "[probe]\npin: PA1\nx_offset: 1\n"
        + AUTOSAVE_HEADER
        + "#*# [probe]\n#*# z_offset = 2.5\n#*# x_offset = 9\n#*#\n"
        + "#*# [bed_mesh default]\n#*# points =\n#*# \t0.1, 0.2\n"
    )
    config = parse_text(text, "p.cfg")
    assert config.sections["probe"].get("z_offset") == "2.5"
    assert config.sections["probe"].get("x_offset") == "1"
    line = config.sections["probe"].where("z_offset").line
    assert text.split("\n")[line - 1] == "#*# z_offset = 2.5"
    assert config.sections["bed_mesh default"].get("points") == "\n0.1, 0.2"


def test_an_edited_block_is_ignored_as_klippy_does() -> None:
    edited = "[a]\nx: 1\n" + AUTOSAVE_HEADER + "#*# [probe]\n#*#z_offset = 2\n"
    assert split_saved(edited) == (edited, [])
    assert "probe" not in parse_text(edited).sections
    plain = "[a]\n" + AUTOSAVE_HEADER + "z_offset = 2\n"
    assert split_saved(plain)[1] == []


def test_a_fault_names_the_line() -> None:
    config = parse_text("x: 1\n[a]\nnonsense\ny: 2\n", "p.cfg")
    assert [str(fault) for fault in config.faults] == [
        "p.cfg:1: This line is in no section. Put a [section] above it.",
        "p.cfg:3: In [a]: this line is not an option. Write name: value.",
    ]
    assert config.sections["a"].get("y") == "2"
