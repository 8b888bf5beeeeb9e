"""One thing that the doctor looked at, and what it found."""

from dataclasses import dataclass
from enum import StrEnum

from zcal_tui.checks.ready import finding as ready
from zcal_tui.model.record import Level


class Grade(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"
    """Something may go wrong, or could be better."""
    PROBLEM = "problem"
    """Something does not work."""


class Group(StrEnum):
    """What a finding is about, in the order in which they are told."""

    PROGRAM = "This program"
    TERMINAL = "Terminal"
    STORAGE = "Settings and data"
    LINK = "Link to the printer"
    KLIPPER = "Klipper and the extra"
    CONFIGURATION = "Configuration"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, why it matters, how to mend it. `what` never holds a secret or a person's name."""

    group: Group
    key: str
    grade: Grade
    what: str
    why: str = ""
    mend: str = ""
    commands: tuple[str, ...] = ()
    """What to type to mend it, a line each."""


def sentence(text: str) -> str:
    """A text with the end of a sentence, if it has none yet."""
    text = text.strip()
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."


_GRADES = {Level.PASS: Grade.OK, Level.WARN: Grade.NOTE, Level.FAIL: Grade.PROBLEM}


def of_ready(group: Group, found: ready.ReadyFinding) -> Finding:
    """A finding of the check `ready`, told by the doctor."""
    why = " ".join(filter(None, (found.why, f"({found.source})" if found.source else "")))
    return Finding(group, found.key, _GRADES[found.level], found.what, why, found.mend)


class Findings:
    """Collects the findings of one group."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self._found: list[Finding] = []

    def ok(self, key: str, what: str, why: str = "") -> None:
        """All is well."""
        self._found.append(Finding(self._group, key, Grade.OK, what, why))

    def note(self, key: str, what: str, why: str, mend: str, *commands: str) -> None:
        """Something may go wrong."""
        self._found.append(Finding(self._group, key, Grade.NOTE, what, why, mend, commands))

    def problem(self, key: str, what: str, why: str, mend: str, *commands: str) -> None:
        """Something does not work."""
        self._found.append(Finding(self._group, key, Grade.PROBLEM, what, why, mend, commands))

    def ready(self, found: ready.ReadyFinding) -> None:
        """What the check `ready` says."""
        self._found.append(of_ready(self._group, found))

    def all(self) -> tuple[Finding, ...]:
        """What was collected, in its order."""
        return tuple(self._found)
