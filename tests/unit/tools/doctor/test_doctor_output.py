"""What `zcal-tui doctor` prints."""

from typing import Any

import pytest

from tests.unit.fakes import examined as seen
from zcal_tui.printer.state import PrinterState
from zcal_tui.tools.doctor.examine import Facts
from zcal_tui.tools.doctor.finding import DoctorFinding, Grade, Group, sentence
from zcal_tui.tools.doctor.output import (
    PLAIN_SIGNS,
    SIGNS,
    paste_lines,
    signs_for,
    summary,
    text_lines,
    to_do,
)


def finding(grade: Grade, **others: Any) -> DoctorFinding:
    return DoctorFinding("key", grade, **{"what": "What it is.", **others})


def test_the_block_names_versions_and_what_is_not_well() -> None:
    state = PrinterState(
        connected=True, klippy="ready", software_version="v0.13.0-600-gabc", hostname="voron"
    )
    facts = Facts(
        seen.program(revision="abc"),
        seen.terminal(multiplexer="tmux"),
        seen.storage(),
        seen.link(seen.url()),
        seen.printer(state),
    )
    findings = {Group.LINK: (finding(Grade.OK), finding(Grade.PROBLEM, what="It is broken."))}
    lines = paste_lines(facts, findings)
    text = "\n".join(lines)
    for words in (
        "zcal-tui 0.1.0 (abc)",
        "Python 3.11.2",
        "textual 8.2.8",
        "Klipper v0.13.0-600-gabc",
        "80x24",
        "multiplexer: tmux, SSH: yes",
    ):
        assert words in text
    assert "Moonraker v0.10.0-31-gabc" in text
    assert lines[-1] == "problem: It is broken. [key]"
    assert "What it is" not in text


def test_text_is_wrapped_but_commands_are_whole() -> None:
    long = finding(Grade.NOTE, what="word " * 40, why="why " * 40, fix="do " * 40, commands=("x" * 200,))
    lines = text_lines({Group.LINK: (long,)}, SIGNS, 80)
    assert lines[0] == "Connection to the printer"
    assert lines[1].startswith("  ! word")
    assert [line for line in lines if len(line) > 80] == ["           " + "x" * 200]
    assert any(line.startswith("      why: why") for line in lines)
    assert any(line.startswith("      fix: do") for line in lines)


@pytest.mark.parametrize(
    ("encoding", "console", "signs"),
    [
        ("utf-8", False, SIGNS),
        ("utf-8", True, PLAIN_SIGNS),
        ("iso8859-1", False, PLAIN_SIGNS),
        ("x", False, PLAIN_SIGNS),
    ],
)
def test_signs_that_can_be_shown(encoding: str, console: bool, signs: dict[Grade, str]) -> None:
    assert signs_for(encoding, console=console) == signs


@pytest.mark.parametrize(
    ("grades", "words"),
    [
        ([Grade.OK], "No problems found."),
        ([Grade.NOTE], "No problems. Notes: 1."),
        (
            [Grade.PROBLEM, Grade.NOTE, Grade.NOTE],
            "Problems: 1. Notes: 2. Fix this first, then run this again: What it is.",
        ),
        (
            [Grade.PROBLEM, Grade.PROBLEM],
            "Problems: 2. Notes: 0. Fix this first, then run this again: What it is.",
        ),
    ],
)
def test_the_sentence_at_the_end(grades: list[Grade], words: str) -> None:
    assert summary({Group.LINK: tuple(map(finding, grades))}).startswith(words)


def test_what_others_depend_on_is_fixed_first() -> None:
    findings = {
        Group.TERMINAL: (finding(Grade.PROBLEM, what="Terminal."),),
        Group.LINK: (finding(Grade.OK, what="Fine."), finding(Grade.NOTE, what="Link note.")),
        Group.KLIPPER: (finding(Grade.PROBLEM, what="Klipper."),),
        Group.CONFIGURATION: (finding(Grade.PROBLEM, what="Configuration."),),
    }
    ordered = [found.what for found in to_do(findings)]
    assert ordered == ["Klipper.", "Configuration.", "Terminal.", "Link note."]
    assert summary(findings).endswith("then run this again: Klipper.")


def test_sentences_end_once() -> None:
    assert [sentence(text) for text in ("a", "a.", "did you?", "well!")] == ["a.", "a.", "did you?", "well!"]
