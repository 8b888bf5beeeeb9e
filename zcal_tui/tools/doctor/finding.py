"""One thing that the doctor checked, and what it found."""

from enum import StrEnum

from zcal_tui.checks.ready import finding as ready
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Level


class Grade(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"
    """Something may go wrong, or could be better."""
    PROBLEM = "problem"
    """Something does not work."""

    @property
    def weight(self) -> int:
        """Its place in a list of what to do: problems come first."""
        return (Grade.PROBLEM, Grade.NOTE, Grade.OK).index(self)


class Group(StrEnum):
    """What a finding is about, in the order of the output."""

    PROGRAM = "This program"
    TERMINAL = "Terminal"
    STORAGE = "Settings and data"
    LINK = "Connection to the printer"
    KLIPPER = "Klipper and the [zcal] module"
    CONFIGURATION = "Configuration"


TO_DO_FIRST = (
    Group.PROGRAM,
    Group.LINK,
    Group.KLIPPER,
    Group.CONFIGURATION,
    Group.STORAGE,
    Group.TERMINAL,
)
"""The groups in the order in which their problems have to be fixed: what others depend on comes first."""


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """What was found, why it matters, how to fix it. `what` never contains a secret or a person's name."""

    key: str
    grade: Grade
    what: str
    why: str = ""
    fix: str = ""
    commands: tuple[str, ...] = ()
    """What to type to fix it, a line each."""


def ok(key: str, *what: str) -> DoctorFinding:
    """All is well. `what`: sentences; empty ones are left out."""
    return DoctorFinding(key, Grade.OK, " ".join(map(sentence, filter(None, what))))


def note(key: str, what: str, why: str, fix: str, *commands: str) -> DoctorFinding:
    """Something may go wrong."""
    return DoctorFinding(key, Grade.NOTE, sentence(what), why, sentence(fix), commands)


def problem(key: str, what: str, why: str, fix: str, *commands: str) -> DoctorFinding:
    """Something does not work."""
    return DoctorFinding(key, Grade.PROBLEM, sentence(what), why, sentence(fix), commands)


_GRADES = {Level.PASS: Grade.OK, Level.WARN: Grade.NOTE, Level.FAIL: Grade.PROBLEM}


def from_ready(found: ready.ReadyFinding) -> DoctorFinding:
    """A finding of the check `ready`."""
    why = f"{found.why} ({found.source})" if found.source else found.why
    what = f"{found.what} {'; '.join(found.lines)}".rstrip()
    return DoctorFinding(found.key, _GRADES[found.level], what, why.strip(), found.fix)


def sentence(text: str) -> str:
    """A text with a full stop, if it has no end of a sentence yet; nothing stays nothing."""
    text = text.strip()
    return text if not text or text.endswith((".", "?", "!", "…")) else f"{text}."
