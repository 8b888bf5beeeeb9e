"""Klipper's errors explained: what happened, the likely cause, what to do. The raw message is always kept."""

import re
from dataclasses import dataclass

from zcal_tui.printer.errors.machine import MACHINE_ERRORS
from zcal_tui.printer.errors.measuring import MEASURING_ERRORS


@dataclass(frozen=True)
class Explanation:
    """An error explained. `cause` and `remedy` are empty for an unknown error; `raw` is the printer's own text, all
    lines."""

    what: str
    cause: str
    remedy: str
    raw: str

    @property
    def known(self) -> bool:
        """Whether the error is in the tables."""
        return bool(self.cause)


def explain(raw: str) -> Explanation:
    """Explain an error reply, a console error or a shutdown's state message. Never raises."""
    text = raw.strip()
    for pattern, what, cause, remedy in _COMPILED:
        if found := pattern.search(text):
            names = {name: (value or "").strip() for name, value in found.groupdict().items()}
            return Explanation(_fill(what, names), _fill(cause, names), _fill(remedy, names), raw)
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return Explanation(first or "The printer reported an error without a message.", "", "", raw)


def _fill(template: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        template = template.replace("{" + name + "}", value)
    return template


_COMPILED = tuple(
    (re.compile(entry.pattern, re.IGNORECASE), entry.what, entry.cause, entry.remedy)
    for entry in MEASURING_ERRORS + MACHINE_ERRORS
)
