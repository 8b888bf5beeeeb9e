"""Text as no printer, server or file should send it, and what must not arrive at a terminal."""

import json
import unicodedata
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from zcal_tui.model.codec import record_from_json, record_to_json
from zcal_tui.model.record import Record

FORGED = "✓ FORGED"
"""What a line that pretends to be the program's own would begin with."""
ATTACKS = (
    "\x1b]0;title\x07",  # window title
    "\x1b]52;c;cm0gLXJm\x1b\\",  # clipboard
    "\x1b[2J\x1b[H",  # clear the screen
    "\x9b31m",  # the same introducer in one character
    "\x90q\x9c",  # device control string
    "\u202eevisrever\u202c",  # reverse order
    "\u2066isolated\u2069",
    "\u2028" + FORGED,
    f"\n{FORGED}",
    f"\r\n{FORGED}",
    f"\r{FORGED}",
    f"\x0b{FORGED}",
    "\x85" + FORGED,
    "\x08\x08\x08",
    "\x7f",
    "\udc9b",  # a byte that was not UTF-8
    "[bold red on white]markup[/]",
    "[@click=app.emergency_stop]stop[/]",
    "[link=file:///etc/passwd]x[/link][/oops]",
)
hostile = st.lists(
    st.one_of(st.sampled_from(ATTACKS), st.characters(exclude_characters="\0"), st.just("name")),
    min_size=1,
    max_size=4,
).map("".join)


def harmful(text: str) -> list[str]:
    """The characters of an output that could control a terminal, by the standard's own classes."""
    kinds = {"Cc", "Cs", "Zl", "Zp"}
    marks = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    return sorted({c for c in text if (unicodedata.category(c) in kinds and c not in "\n\t") or c in marks})


def forged(text: str) -> list[str]:
    """The lines of an output that a text from outside began."""
    return [line for line in text.split("\n") if line.startswith(FORGED)]


_KEPT = frozenset(("id", "check", "outcome", "level", "kind", "state", "started", "finished"))
"""Fields that the program computes with."""


def poisoned(record: Record, text: str) -> Record:
    """The record with this text at the end of each of its texts and names."""
    made = record_from_json(json.loads(json.dumps(_poisoned(record_to_json(record), text))))
    return replace(made, printer={**made.printer, "name": record.printer.get("name")})


def _poisoned(value: Any, text: str, key: str = "") -> Any:
    if isinstance(value, str):
        return value if key in _KEPT else value + text
    if isinstance(value, list):
        return [_poisoned(item, text, key) for item in value]
    if isinstance(value, dict):
        free = key in ("estimates", "parameters", "context", "components", "values")
        return {name + text if free else name: _poisoned(item, text, name) for name, item in value.items()}
    return value
