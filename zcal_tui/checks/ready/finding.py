"""One thing that `ready` looked at, and what it found."""

from dataclasses import dataclass
from typing import Literal

from zcal_tui.model.record import Change, Level


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be done about it at once: a question, and the G-code that a yes runs. `needs_homed`: axes first;
    `needs_probe`: a docked probe is fetched for it and put back."""

    question: str
    detail: str
    gcode: str
    yes: str
    needs_homed: bool = False
    needs_probe: bool = False


@dataclass(frozen=True, slots=True)
class ReadyFinding:
    """What was found, why it matters, how to mend it. `level` is pass, warn or fail; `source` says who says so."""

    key: str
    level: Literal[Level.PASS, Level.WARN, Level.FAIL]
    what: str
    why: str = ""
    mend: str = ""
    source: str = ""
    offer: Offer | None = None
    changes: tuple[Change, ...] = ()

    @property
    def reason(self) -> str:
        """The finding as a verdict's reason."""
        because = f" {self.why}" if self.why else ""
        return f"{self.what}{because}" + (f" ({self.source})" if self.source else "")


def fine(key: str, what: str, why: str = "", mend: str = "", source: str = "") -> ReadyFinding:
    """Nothing that has to be mended; `mend` may say what could be better."""
    return ReadyFinding(key, Level.PASS, what, why, mend, source)


def warn(
    key: str,
    what: str,
    why: str,
    mend: str,
    *,
    source: str = "",
    offer: Offer | None = None,
    changes: tuple[Change, ...] = (),
) -> ReadyFinding:
    """Measuring is possible, but something may be wrong with what comes out."""
    return ReadyFinding(key, Level.WARN, what, why, mend, source, offer, changes)


def fail(
    key: str,
    what: str,
    why: str,
    mend: str,
    *,
    source: str = "",
    offer: Offer | None = None,
    changes: tuple[Change, ...] = (),
) -> ReadyFinding:
    """Measuring is not possible, or means nothing."""
    return ReadyFinding(key, Level.FAIL, what, why, mend, source, offer, changes)
