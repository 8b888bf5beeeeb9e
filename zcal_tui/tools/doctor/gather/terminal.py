"""The terminal: what the environment says of it, and what it does with a character of three bytes."""

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
from collections.abc import Mapping

from zcal_tui.terminal import is_console, is_tty, terminal_problem
from zcal_tui.tools.doctor.facts import TerminalFacts

LONGEST = 0.5
"""Seconds for the terminal to say where its cursor stands."""
_PROBE = "\r⠿\x1b[6n"
_CLEAR = b"\r\x1b[K"
_ANSWER = re.compile(rb"\x1b\[\d+;(\d+)R")


def look_at_terminal(environ: Mapping[str, str], *, ask: bool) -> TerminalFacts:
    """See what there is; `ask`: the terminal may be asked, which writes to it for a moment."""
    term = environ.get("TERM", "")
    there = is_tty()
    problem = terminal_problem(environ, True)
    size = shutil.get_terminal_size((80, 24))
    return TerminalFacts(
        term=term,
        problem=problem.partition("\n")[0] if problem else None,
        is_terminal=there,
        console=is_console(term),
        encoding=_encoding(),
        locale=environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or "",
        locale_known=_locale_known(),
        columns=size.columns,
        rows=size.lines,
        wide_characters=_takes_wide() if ask and there and problem is None else None,
        ssh=bool(environ.get("SSH_TTY") or environ.get("SSH_CONNECTION")),
        multiplexer="tmux" if environ.get("TMUX") else "screen" if environ.get("STY") else "",
    )


def _encoding() -> str:
    """The encoding of what Textual draws on, in its usual spelling."""
    named = getattr(sys.__stderr__, "encoding", None) or locale.getpreferredencoding(False)
    try:
        return codecs.lookup(named).name
    except LookupError:
        return named


def _locale_known() -> bool:
    """Whether the locale of the environment can be set; what was set stays as it is."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "")
    except locale.Error:
        return False
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return True


def _takes_wide() -> bool | None:
    """Write one character of three bytes and ask how far the cursor went."""
    try:
        device = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return None
    try:
        if os.tcgetpgrp(device) != os.getpgrp():  # in the background it would be stopped for it
            return None
        return _ask(device)
    except (OSError, termios.error):
        return None
    finally:
        os.close(device)


def _ask(device: int) -> bool | None:
    """Raises OSError, termios.error."""
    before = termios.tcgetattr(device)
    try:
        tty.setcbreak(device)
        os.write(device, _PROBE.encode())
        until, heard = time.monotonic() + LONGEST, b""
        while (left := until - time.monotonic()) > 0 and not _ANSWER.search(heard):
            if select.select([device], [], [], left)[0]:
                heard += os.read(device, 64)
        os.write(device, _CLEAR)
    finally:
        termios.tcsetattr(device, termios.TCSAFLUSH, before)
    answer = _ANSWER.search(heard)
    return None if answer is None else int(answer[1]) == 2
