"""Can this terminal show the interface? What the environment says, and how it displays a character of three bytes."""

import codecs
import locale
import os
import re
import select
import shutil
import sys
import termios
import time
import tty
from collections.abc import Iterator, Mapping
from pathlib import Path

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.terminal import is_console, is_tty, terminal_problem
from zcal_tui.tools.doctor.finding import DoctorFinding, note, ok, problem
from zcal_tui.tools.system import attempt

LONGEST = 0.5
"""Seconds for the terminal to report its cursor's position."""
SMALLEST = (60, 20)
"""Columns and rows below which pages have to be scrolled (docs/keys.md)."""
_PROBE = "\r⠿\x1b[6n"
_CLEAR = b"\r\x1b[K"
_POSITION = re.compile(rb"\x1b\[\d+;(\d+)R")


@dataclass(frozen=True, slots=True)
class TerminalFacts:
    """The terminal, and what the environment says about it."""

    term: str
    problem: str | None
    """Why the interface cannot be shown on it."""
    is_terminal: bool
    console: bool
    encoding: str
    locale: str
    """LC_ALL, LC_CTYPE or LANG, whichever is in force; empty for none."""
    locale_known: bool
    """Whether this machine has it."""
    columns: int
    rows: int
    decodes_utf8: bool | None
    """Whether the terminal showed three bytes of UTF-8 as one character; None where it did not answer."""
    ssh: bool
    multiplexer: str = ""


def gather_terminal(environ: Mapping[str, str], *, ask: bool) -> TerminalFacts:
    """Read the environment; with `ask` also query the terminal, which writes to it for a moment."""
    term = environ.get("TERM", "")
    is_terminal = is_tty()
    why_not = terminal_problem(environ, True)
    size = shutil.get_terminal_size((80, 24))
    return TerminalFacts(
        term=term,
        problem=why_not.partition("\n")[0] if why_not else None,
        is_terminal=is_terminal,
        console=is_console(term),
        encoding=_encoding(),
        locale=environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or "",
        locale_known=_locale_known(),
        columns=size.columns,
        rows=size.lines,
        decodes_utf8=_decodes_utf8() if ask and is_terminal and why_not is None else None,
        ssh=bool(environ.get("SSH_TTY") or environ.get("SSH_CONNECTION")),
        multiplexer="tmux" if environ.get("TMUX") else "screen" if environ.get("STY") else "",
    )


def _encoding() -> str:
    """The encoding of what Textual draws on, in its usual spelling."""
    named = getattr(sys.__stderr__, "encoding", None) or locale.getpreferredencoding(False)
    found = attempt(lambda: codecs.lookup(named), LookupError)
    return found.name if found is not None else named


def _locale_known() -> bool:
    """Whether the locale of the environment can be set; the one in use is restored."""
    before = locale.setlocale(locale.LC_CTYPE)
    known = attempt(lambda: locale.setlocale(locale.LC_CTYPE, ""), locale.Error) is not None
    locale.setlocale(locale.LC_CTYPE, before)
    return known


def _decodes_utf8() -> bool | None:
    """Write one character of three bytes and ask how far the cursor moved."""
    try:
        with Path("/dev/tty").open("r+b", buffering=0) as device:
            if os.tcgetpgrp(device.fileno()) != os.getpgrp():  # in the background it would be stopped for it
                return None
            before = termios.tcgetattr(device)
            try:
                tty.setcbreak(device.fileno())
                device.write(_PROBE.encode())
                until, received = time.monotonic() + LONGEST, b""
                while (left := until - time.monotonic()) > 0 and not _POSITION.search(received):
                    if select.select([device], [], [], left)[0]:
                        received += device.read(64) or b""
                device.write(_CLEAR)
            finally:
                termios.tcsetattr(device, termios.TCSAFLUSH, before)
    except (OSError, termios.error):
        return None
    position = _POSITION.search(received)
    return None if position is None else int(position[1]) == 2


def judge_terminal(facts: TerminalFacts) -> Iterator[DoctorFinding]:
    """Report whether the interface can be shown, and how well."""
    if facts.problem is not None:
        report = problem if facts.is_terminal else note  # where none is wanted, none is missed
        what = f"The interface cannot be shown: {facts.problem}"
        why = "TERM describes what the terminal can display."
        fix = "Over SSH, request a terminal (ssh -t). In a modern terminal, set TERM."
        yield report("term", what, why, fix, "export TERM=xterm-256color")
    elif not facts.is_terminal:
        yield ok("term", f"TERM is {facts.term}. The output is redirected, so the terminal was not tested.")
    else:
        yield from _judge_display(facts)
    yield _judge_encoding(facts)


def _judge_display(facts: TerminalFacts) -> Iterator[DoctorFinding]:
    if facts.columns < SMALLEST[0] or facts.rows < SMALLEST[1]:
        what = f"The terminal has {facts.columns} columns and {facts.rows} rows."
        why = f"80 by 24 shows everything; {SMALLEST[0]} by {SMALLEST[1]} is the minimum."
        yield note("size", what, why, "Enlarge the window or reduce its font size.")
    else:
        yield ok(
            "term",
            f"TERM is {facts.term}, with {facts.columns} columns and {facts.rows} rows.",
            "It is connected over SSH." if facts.ssh else "",
            f"It runs in {facts.multiplexer}." if facts.multiplexer else "",
        )
    if facts.console:
        what = "This is the machine's own text console."
        why = "It has 16 colours and no braille characters, so plots are coarse."
        fix = "No action needed. Connect over SSH from another computer for better plots."
        yield note("console", what, why, fix)


def _judge_encoding(facts: TerminalFacts) -> DoctorFinding:
    if facts.encoding != "utf-8":
        what = f"The output encoding is {facts.encoding}, not UTF-8. Locale: {facts.locale or 'not set'}."
        why = "Frames, plots and signs such as µ would appear as escapes or question marks."
        fix = "Set a UTF-8 locale: now with this command, permanently with `sudo dpkg-reconfigure locales`."
        return problem("encoding", what, why, fix, "export LC_ALL=C.UTF-8")
    if facts.decodes_utf8 is False:
        what = "This terminal does not decode UTF-8: it showed one character as several."
        why = "Frames and plots would be unreadable."
        fix = "PuTTY: choose Window, Translation, UTF-8. tmux: start it with -u. screen: start it with -U."
        return problem("encoding", what, why, fix)
    if not facts.locale_known:
        what = f"The locale {facts.locale or 'not set'} does not exist on this machine."
        why = "SSH often passes on the locale of the other computer. Some programs then do not write UTF-8."
        fix = "Generate this locale, or use one that every machine has."
        return note("locale", what, why, fix, "export LC_ALL=C.UTF-8")
    return ok(
        "encoding",
        "The output encoding is UTF-8.",
        "The terminal decodes it correctly." if facts.decodes_utf8 else "",
        "" if facts.console else "If ⠿ is not a block of six dots, the font lacks braille characters.",
    )
