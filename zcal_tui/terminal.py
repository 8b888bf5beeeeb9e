"""What a terminal can show, by the environment. Light: used before anything is imported."""

import sys
from collections.abc import Mapping


def is_console(term: str) -> bool:
    """Whether TERM names a text console: 16 colours, no braille."""
    return term == "linux" or term.startswith("vt")


def terminal_problem(environ: Mapping[str, str], isatty: bool) -> str | None:
    """Why the interface cannot be shown here and what to do instead; None where it can."""
    why = _why_not(environ.get("TERM", ""), isatty)
    if why is None:
        return None
    return f"{why}.\nTo run a check without it: zcal-tui --headless accuracy (add --json for programs)."


def _why_not(term: str, isatty: bool) -> str | None:
    if not isatty:
        return "no terminal: input, output or standard error is redirected"
    if term in ("", "dumb", "unknown"):
        return f"this terminal cannot show the interface: TERM is {term or 'not set'}"
    return None


def is_tty() -> bool:
    """Whether what the interface reads from and draws on is a terminal. Textual draws on standard error."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
