"""What the faces read: one immutable picture of the link, the printer and the run, replaced on every change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from zcal_tui.model.questions import Question
from zcal_tui.model.record import Problem, Record
from zcal_tui.model.view import RunView
from zcal_tui.printer.state import PrinterState
from zcal_tui.results.changes import Changed
from zcal_tui.results.homing_state import HomingState


class LinkState(StrEnum):
    """Where the connection to the printer stands."""

    STARTING = "starting"
    """The simulated printer is being set up; `PrinterLink.text` says how far it is."""
    CONNECTING = "connecting"
    UP = "up"
    LOST = "lost"
    """It was up, went away, and is being tried again."""
    FAILED = "failed"
    """It cannot come up without a person; `PrinterLink.problem` says why."""
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
    """The control socket of a simulated printer, where its person can be asked for the feel of the paper."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A question that the running check waits for; `n` is what an answer names."""

    n: int
    question: Question


@dataclass(frozen=True, slots=True)
class ConsoleLine:
    """A line of the printer's console. `sent` marks what we sent; `n` counts up over the whole session."""

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
    """What the running check asks the person at this moment."""
    cancelling: bool = False
    """The person asked to cancel; the run ends as soon as the printer lets it."""
    last: Mapping[str, Record] = field(default_factory=dict)
    """The newest kept record of each check on this printer, by the check's name."""
    stale: Mapping[str, str] = field(default_factory=dict)
    """Why the newest record of a check does not hold any more, by the check's name; those that do are not in it."""
    changed: tuple[Changed, ...] = ()
    """What a person said to have changed on the printer, oldest first."""
    interrupted: tuple[Record, ...] = ()
    """Runs on this printer that were cut off and neither closed nor gone on with, newest first."""
    frame: HomingState = field(default_factory=HomingState)
    """Which homing and levelling are in force, as far as the printer's status tells."""
    klippy_problem: Problem | None = None
    """Why klippy is in error or shut down, explained; None while it is not."""
    console: tuple[ConsoleLine, ...] = ()
    """The newest lines of the console, oldest first."""

    @property
    def filed_under(self) -> str:
        """The printer's name in the store of results."""
        return self.link.name or self.link.address
