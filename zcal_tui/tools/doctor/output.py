"""The findings as text for a person, as one JSON object, and as a block to paste into a forum post."""

import textwrap
from collections.abc import Sequence
from typing import Any

from zcal_tui.tools.doctor.examine import Facts, Findings
from zcal_tui.tools.doctor.finding import TO_DO_FIRST, DoctorFinding, Grade

SCHEMA = 1
NARROWEST, WIDEST = 40, 100
SIGNS = {Grade.OK: "✓", Grade.NOTE: "!", Grade.PROBLEM: "✗"}
PLAIN_SIGNS = {Grade.OK: "+", Grade.NOTE: "!", Grade.PROBLEM: "X"}
"""For terminals without the others."""


def signs_for(encoding: str, *, console: bool) -> dict[Grade, str]:
    """The signs that an encoding has and the terminal's font shows."""
    try:
        "✓✗".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return PLAIN_SIGNS
    return PLAIN_SIGNS if console else SIGNS


def text_lines(findings: Findings, signs: dict[Grade, str], width: int) -> list[str]:
    """Every finding, group by group, and the summary, wrapped to the width."""
    lines: list[str] = []
    for group, own in findings.items():
        if own:
            lines += ["", str(group)]
        for finding in own:
            lines += _finding_lines(finding, signs[finding.grade], width)
    return [*lines[1:], "", *wrapped(summary(findings), "", "  ", width)]


def _finding_lines(finding: DoctorFinding, sign: str, width: int) -> list[str]:
    lines = wrapped(finding.what, f"  {sign} ", "    ", width)
    lines += wrapped(finding.why, "      why: ", "           ", width)
    lines += wrapped(finding.fix, "      fix: ", "           ", width)
    return lines + [f"           {command}" for command in finding.commands]  # whole, to be copied


def wrapped(text: str, first: str, rest: str, width: int) -> list[str]:
    """A text in lines of a width, within limits; paths and commands stay whole."""
    return textwrap.wrap(
        " ".join(text.split()),
        max(NARROWEST, min(width, WIDEST)),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def summary(findings: Findings) -> str:
    """The sentences at the end."""
    grades = [finding.grade for own in findings.values() for finding in own]
    problems, notes = grades.count(Grade.PROBLEM), grades.count(Grade.NOTE)
    if problems:
        first = to_do(findings)[0]
        return f"Problems: {problems}. Notes: {notes}. Fix this first, then run this again: {first.what}"
    if notes:
        return f"No problems. Notes: {notes}."
    return "No problems found."


def to_do(findings: Findings) -> list[DoctorFinding]:
    """The findings that are not ok, in the order in which to deal with them."""
    ordered = [finding for group in TO_DO_FIRST for finding in findings.get(group, ())]
    open_findings = (finding for finding in ordered if finding.grade is not Grade.OK)
    return sorted(open_findings, key=lambda finding: finding.grade.weight)


def as_json(facts: Facts, findings: Findings, paste: Sequence[str]) -> dict[str, Any]:
    """Everything as one object; docs/json.md describes it."""
    return {
        "event": "doctor",
        "schema": SCHEMA,
        "version": facts.program.version,
        "findings": [
            {
                "group": group.name.lower(),
                "mend": finding.fix,
                **_named(finding, "key", "grade", "what", "why", "commands"),
            }
            for group, own in findings.items()
            for finding in own
        ],
        "tried": [
            _named(tried, "address", "origin", "answer", "cause", "seconds") for tried in facts.link.tried
        ],
        "paste": list(paste),
    }


def _named(value: object, *names: str) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}


def paste_lines(facts: Facts, findings: Findings) -> list[str]:
    """The block's lines, not yet redacted: what runs here, the printer, and every finding that is not ok, what to do
    first in front."""
    program, terminal, used = facts.program, facts.terminal, facts.link.used
    lines = [
        f"zcal-tui {program.release}, Python {program.python}, {program.system}",
        ", ".join(f"{library.name} {library.found or 'missing'}" for library in program.libraries),
        f"terminal: {terminal.term or '(none)'}, {terminal.encoding}, {terminal.columns}x{terminal.rows}",
        f"multiplexer: {terminal.multiplexer or 'none'}, SSH: {'yes' if terminal.ssh else 'no'}",
    ]
    if used is None:
        lines.append(
            f"printer: none reached; asked: {', '.join(tried.address for tried in facts.link.tried)}"
        )
    else:
        state = facts.printer.state
        version = state.software_version or facts.printer.info.get("software_version")
        if not version or version == "?":  # a checkout without git reports a question mark
            version = "(no version)"
        module = state.zcal.get("version") if facts.printer.module_loaded else "not loaded"
        lines.append(f"printer: {used.address} ({used.server})")
        lines.append(f"{state.app} {version}, state: {state.klippy}, [zcal] module: {module}")
    return lines + [f"{finding.grade}: {finding.what} [{finding.key}]" for finding in to_do(findings)]
