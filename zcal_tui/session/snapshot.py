"""What user interfaces read: an immutable snapshot of connection, printer and run, replaced on every change."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.questions import Question
from zcal_tui.model.record import Problem, Record
from zcal_tui.model.view import RunView
from zcal_tui.printer.state import PrinterState
from zcal_tui.results.changes import Changed
from zcal_tui.results.homing_state import HomingState
from zcal_tui.session.found_values import FoundValues


class LinkState(StrEnum):
    """The state of the connection to the printer."""

    STARTING = "starting"
    """The simulated printer is being set up; `PrinterLink.text` is its progress."""
    CONNECTING = "connecting"
    UP = "up"
    LOST = "lost"
    """It was up and was lost; reconnecting."""
    FAILED = "failed"
    """It cannot be established without a person; `PrinterLink.problem` is why."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class PrinterLink:
    """The connection to the printer."""

    state: LinkState = LinkState.CONNECTING
    address: str = ""
    name: str = ""
    """What to call the printer: its hostname, or the profile of the simulated one."""
    text: str = ""
    problem: Problem | None = None
    control: str | None = None
    """The control socket of a simulated printer and its simulated person."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A question of the running check that waits for an answer, which names its number `n`."""

    n: int
    question: Question


@dataclass(frozen=True, slots=True)
class ConsoleLine:
    """A line of the printer's console. `sent` marks a line that we sent; `n` counts up over the session."""

    n: int
    text: str
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole session at one moment. Reading it never waits; compare by identity to see whether it changed."""

    link: PrinterLink = field(default_factory=PrinterLink)
    printer: PrinterState = field(default_factory=PrinterState)
    run: RunView | None = None
    """The running check, or the last one that ran."""
    question: Asking | None = None
    """The question that the running check asks now."""
    cancelling: bool = False
    """The person cancelled; the run ends as soon as the printer allows it."""
    last: Mapping[str, Record] = field(default_factory=dict)
    """The newest stored record of each check on this printer, by the check's name."""
    attempts: Mapping[str, Record] = field(default_factory=dict)
    """The runs of this session that ended without a verdict while `last` has an earlier result, by the check's name."""
    stale: Mapping[str, str] = field(default_factory=dict)
    """Why the newest record of a check is stale, by the check's name; valid ones are not in it."""
    changed: tuple[Changed, ...] = ()
    """The hardware changes that a person reported, oldest first."""
    waiting: tuple[FoundValues, ...] = ()
    """What the checks of a running full calibration have found and is saved with the next group, in the order in which
    it was found."""
    interrupted: tuple[Record, ...] = ()
    """Interrupted runs on this printer that were neither closed nor resumed, newest first."""
    unrestored: str = ""
    """What a run that was killed has left changed on the printer; empty where there is nothing."""
    frame: HomingState = field(default_factory=HomingState)
    """The homing and levelling in force, as far as the printer's status shows."""
    klippy_problem: Problem | None = None
    """Why klippy is in error or shut down; None while it is not."""
    console: tuple[ConsoleLine, ...] = ()
    """The newest lines of the console, oldest first."""

    @property
    def filed_under(self) -> str:
        """The printer's name in the store of results."""
        return self.link.name or self.link.address
