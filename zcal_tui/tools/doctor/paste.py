"""The block at the end, to be pasted into a forum post: versions and findings, nothing that is nobody's business."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from zcal_tui.tools.doctor.facts import Facts
from zcal_tui.tools.doctor.finding import Finding, Grade

_URL = re.compile(
    r"(?P<scheme>\b(?:https?|wss?)://)(?:[^\s/@]*@)?(?P<host>\[[^\]\s]*\]|[^\s/:?#]+)(?P<rest>[^\s?#]*)(?:\?[^\s]*)?"
)
_ADDRESS = re.compile(r"\b(?!127\.)\d{1,3}(?:\.\d{1,3}){3}\b")
_HOMES = re.compile(r"/home/[^/\s]+")
_OURSELVES = ("localhost", "127.0.0.1", "[::1]", "::1")
_COMMON = frozenset(("localhost", "klipper", "kalico", "klippy", "moonraker", "printer", "zcal"))
"""Host names that tell nothing, and stand in ordinary sentences."""


def redact(text: str, home: Path, hosts: Iterable[str] = (), secrets: Iterable[str | None] = ()) -> str:
    """The text without logins, without names of machines, and with the home folder as ~."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    text = _URL.sub(_shown_url, text)
    text = re.sub(rf"{re.escape(str(home))}(?![\w.-])", "~", text) if home != Path("/") else text
    text = _HOMES.sub("/home/…", text)
    for host in hosts:
        if host and host not in _OURSELVES and host.lower() not in _COMMON:
            text = re.sub(rf"(?<![\w-]){re.escape(host)}(?![\w-])", "HOST", text)
    return _ADDRESS.sub("ADDRESS", text)


def _shown_url(found: "re.Match[str]") -> str:
    host = found["host"] if found["host"] in _OURSELVES else "HOST"
    return f"{found['scheme']}{host}{found['rest']}"


def paste_lines(facts: Facts, findings: Sequence[Finding]) -> list[str]:
    """The block's lines, not yet redacted: what runs here, the printer, and every finding that is not ok."""
    program, terminal, used = facts.program, facts.terminal, facts.link.used
    revision = f" ({program.revision})" if program.revision else ""
    lines = [
        f"zcal-tui {program.version}{revision}, Python {program.python}, {program.system}",
        ", ".join(f"{library.name} {library.found or 'missing'}" for library in program.libraries),
        f"terminal {terminal.term or '(none)'}, {terminal.encoding}, {terminal.columns}x{terminal.rows}"
        + (f", {terminal.multiplexer}" if terminal.multiplexer else "")
        + (", over SSH" if terminal.ssh else ""),
    ]
    if used is None:
        lines.append("printer: none reached; asked " + ", ".join(tried.address for tried in facts.link.tried))
    else:
        server = f"Moonraker {used.moonraker.version}" if used.moonraker else "klippy's socket"
        lines.append(f"printer at {used.address} ({server})")
    if facts.printer is not None:
        state = facts.printer.state
        lines.append(
            f"{state.app} {state.software_version or facts.printer.info.get('software_version') or '?'}, "
            f"{state.klippy}, extra "
            + (str(state.zcal.get("version")) if facts.printer.extra_there else "not loaded")
        )
    for finding in findings:
        if finding.grade is not Grade.OK:
            lines.append(f"{finding.grade}: {finding.what} [{finding.key}]")
    return lines
