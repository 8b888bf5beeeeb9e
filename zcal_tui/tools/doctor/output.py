"""The findings as text for a person, or as one JSON object."""

import textwrap
from collections.abc import Sequence
from typing import Any

from zcal_tui.tools.doctor.facts import Facts
from zcal_tui.tools.doctor.finding import Finding, Grade, Group

SCHEMA = 1
NARROWEST, WIDEST = 40, 100
SIGNS = {Grade.OK: "✓", Grade.NOTE: "!", Grade.PROBLEM: "✗"}
PLAIN_SIGNS = {Grade.OK: "+", Grade.NOTE: "!", Grade.PROBLEM: "X"}
"""For terminals without the others."""


def signs_for(encoding: str, *, console: bool) -> dict[Grade, str]:
    """The signs that can be written in an encoding and are in the terminal's font."""
    try:
        "✓✗".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return PLAIN_SIGNS
    return PLAIN_SIGNS if console else SIGNS


def text_lines(findings: Sequence[Finding], signs: dict[Grade, str], width: int) -> list[str]:
    """Every finding, group by group, wrapped to the width."""
    lines: list[str] = []
    for group in Group:
        own = [finding for finding in findings if finding.group is group]
        if own:
            lines += ([""] if lines else []) + [str(group)]
            for finding in own:
                lines += _finding_lines(finding, signs[finding.grade], width)
    return lines


def _finding_lines(finding: Finding, sign: str, width: int) -> list[str]:
    lines = wrapped(finding.what, f"  {sign} ", "    ", width)
    if finding.why:
        lines += wrapped(finding.why, "      why: ", "           ", width)
    if finding.mend:
        lines += wrapped(finding.mend, "      do:  ", "           ", width)
    return lines + [f"           {command}" for command in finding.commands]  # whole, to be copied


def wrapped(text: str, first: str, rest: str, width: int) -> list[str]:
    """A sentence in lines of a width, which has its limits; paths and commands stay whole."""
    return textwrap.wrap(
        " ".join(text.split()),
        max(NARROWEST, min(width, WIDEST)),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def closing(findings: Sequence[Finding]) -> str:
    """The sentence at the end."""
    problems = sum(finding.grade is Grade.PROBLEM for finding in findings)
    notes = sum(finding.grade is Grade.NOTE for finding in findings)
    counted = "1 note" if notes == 1 else f"{notes} notes"
    if problems:
        named = "1 problem" if problems == 1 else f"{problems} problems"
        also = f" and {counted}" if notes else ""
        mend = "Mend it" if problems == 1 else "Mend the first, which may mend others"
        return f"{named}{also}. {mend}, then run this again."
    if notes:
        return f"No problem, {counted}."
    return "No problem found."


def as_json(facts: Facts, findings: Sequence[Finding], paste: Sequence[str]) -> dict[str, Any]:
    """Everything as one object; docs/json.md describes it."""
    return {
        "event": "doctor",
        "schema": SCHEMA,
        "version": facts.program.version,
        "findings": [
            {
                "group": finding.group.name.lower(),
                "key": finding.key,
                "grade": finding.grade.value,
                "what": finding.what,
                "why": finding.why,
                "mend": finding.mend,
                "commands": list(finding.commands),
            }
            for finding in findings
        ],
        "tried": [
            {
                "address": tried.address,
                "origin": tried.origin,
                "answer": tried.answer,
                "cause": tried.cause,
                "seconds": tried.seconds,
            }
            for tried in facts.link.tried
        ],
        "paste": list(paste),
    }
