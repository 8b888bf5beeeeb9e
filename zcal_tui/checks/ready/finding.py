"""A finding of `ready`."""

from typing import Literal

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Change, Level


@dataclass(frozen=True, slots=True)
class Offer:
    """A fix that is offered at once: a question, and the G-code that a yes runs. `needs_homed`: home first;
    `needs_probe`: a docked probe is attached for it and docked again; `then` is run at the end, without the probe."""

    question: str
    detail: str
    gcode: str
    yes: str
    needs_homed: bool = False
    needs_probe: bool = False
    then: str = ""


@dataclass(frozen=True, slots=True)
class ReadyFinding:
    """What was found, why it matters, how to fix it. `level` is pass, warn or fail."""

    key: str
    level: Literal[Level.PASS, Level.WARN, Level.FAIL]
    what: str
    why: str = ""
    fix: str = ""
    source: str = ""
    offer: Offer | None = None
    changes: tuple[Change, ...] = ()
    lines: tuple[str, ...] = ()
    """What belongs to it, in a line each."""

    @property
    def reason(self) -> str:
        """The finding as a verdict's reason."""
        because = f" {self.why}" if self.why else ""
        return f"{self.what}{because}" + (f" ({self.source})" if self.source else "")


def fine(key: str, what: str, why: str = "", fix: str = "", source: str = "") -> ReadyFinding:
    """Nothing has to be fixed; `fix` may suggest an improvement."""
    return ReadyFinding(key, Level.PASS, what, why, fix, source)


def warn(
    key: str,
    what: str,
    why: str,
    fix: str,
    *,
    source: str = "",
    offer: Offer | None = None,
    changes: tuple[Change, ...] = (),
    lines: tuple[str, ...] = (),
) -> ReadyFinding:
    """Measuring is possible, but the results may be wrong."""
    return ReadyFinding(key, Level.WARN, what, why, fix, source, offer, changes, lines)


def fail(
    key: str,
    what: str,
    why: str,
    fix: str,
    *,
    source: str = "",
    offer: Offer | None = None,
    changes: tuple[Change, ...] = (),
) -> ReadyFinding:
    """Measuring is not possible, or its results are not valid."""
    return ReadyFinding(key, Level.FAIL, what, why, fix, source, offer, changes)
