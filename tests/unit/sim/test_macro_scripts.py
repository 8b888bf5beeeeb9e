"""Scripts of macros: lines, parameters, and branches that a call rules out."""

import pytest

from zcal_tui.sim.macro_scripts import Branches, lines, parameters


def test_tags_are_lines_of_their_own_and_may_span_several() -> None:
    script = "{% set a =\n  1 %}\n{% if a %} G28 {% else %}G0 X1{% endif %}\nM117 x {% endif %}"
    found = [line for line in lines(script) if line]
    assert found == [
        "{% set a = 1 %}",
        *("{% if a %}", "G28", "{% else %}", "G0 X1", "{% endif %}"),
        *("M117 x", "{% endif %}"),
    ]


def test_a_tag_within_a_command_stays_in_it() -> None:
    assert list(lines("G1 X1 {% if z %}Z5{% endif %} Y2")) == ["G1 X1 {% if z %}Z5{% endif %} Y2"]


def test_parameters_are_given_as_they_are_written() -> None:
    assert parameters('_ACT action=DOCK ID={n + 1} TEXT="a b" ; X=1') == {
        "ACTION": "DOCK",
        "ID": "{n + 1}",
        "TEXT": '"a b"',
    }


def reached(script: str, known: dict[str, bool]) -> list[str]:
    branches = Branches(known.get)
    found = []
    for line in lines(script):
        branches.pass_tag(line)
        if branches.is_taken and line.isalpha():
            found.append(line)
    return found


IF = "{% if a %}\nA\n{% elif b %}\nB\n{% else %}\nC\n{% endif %}\nD"


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, "ABCD"),
        ({"a": True}, "AD"),
        ({"a": False}, "BCD"),
        ({"b": True}, "ABD"),
        ({"a": False, "b": False}, "CD"),
    ],
)
def test_only_what_is_known_not_to_hold_is_left_out(known: dict[str, bool], expected: str) -> None:
    assert reached(IF, known) == list(expected)


def test_a_branch_in_one_that_is_not_taken_is_not_taken() -> None:
    script = "{% if a %}\n{% for x in y %}\n{% if b %}\nA\n{% else %}\nB\n{% endif %}\n{% endfor %}\n{% endif %}\nC"
    assert reached(script, {"a": False, "b": True}) == ["C"]
    assert reached(script, {"b": True}) == ["A", "C"]
    assert reached("{% endif %}\nA", {}) == ["A"]
