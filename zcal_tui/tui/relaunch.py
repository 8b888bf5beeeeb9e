"""Starts the program again with other arguments, as the page without a printer offers."""

import os
import sys
from collections.abc import Sequence

KEPT = ("--config", "--data", "--theme", "--ca-file", "--operator")
"""Options that the program is started again with."""
KEPT_FLAGS = ("--kiosk",)
"""The same, of those without a value."""
DOCTOR = ("doctor",)


def arguments(given: Sequence[str], more: Sequence[str]) -> list[str]:
    """The arguments to start again with: `more`, and of those given what has nothing to do with the printer."""
    kept: list[str] = []
    for n, word in enumerate(given):
        name, equals, _ = word.partition("=")
        if name in KEPT_FLAGS:
            kept.append(word)
        elif name in KEPT:
            kept += [word] if equals else list(given[n : n + 2])
    return list(more) if tuple(more) == DOCTOR else [*kept, *more]


def relaunch(more: Sequence[str]) -> None:
    """Replace this process by the program with these arguments. Retrying is done with those it was started with."""
    given = sys.argv[1:]
    words = list(given) if not more else arguments(given, more)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "zcal_tui", *words])
