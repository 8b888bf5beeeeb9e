"""What is staged for SAVE_CONFIG, in a line each."""

import re
from collections.abc import Mapping

from zcal_tui.model.record import one_line

LONGEST = 60
"""Characters of a value that are shown."""
_NUMBER = re.compile(r"[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?")


def pending_lines(pending: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Pending values, one each; a mesh is one line."""
    lines = []
    for section, options in pending.items():
        if not options:
            lines.append(f"[{section}] will be removed")
        elif section.lower().split()[0:1] == ["bed_mesh"] and "points" in options:
            lines.append(f"[{section}] (a mesh)")
        else:
            lines += [f"[{section}] {option}: {_brief(value)}" for option, value in options.items()]
    return lines


def _brief(value: str) -> str:
    """A value in a few words: a long list is shown as its number of values."""
    text = one_line(value)
    if len(text) <= LONGEST:
        return text
    parts = text.split(",")
    if len(parts) > 1 and all(_NUMBER.fullmatch(part.strip()) for part in parts):
        return f"{len(parts)} numbers"
    return f"{text[: LONGEST - 1].rstrip()}…"
