"""What a face (the TUI, the headless program) may ask of a session. Every call returns at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from zcal_tui.model.events import Event
from zcal_tui.model.policy import SavePolicy
from zcal_tui.model.questions import Answer
from zcal_tui.model.record import Record
from zcal_tui.results.store import Store
from zcal_tui.session.snapshot import Snapshot


class SessionBusy(Exception):
    """A check cannot be started now; the text says why, for people."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a check is run, apart from its own parameters."""

    present: bool = True
    """Whether a person (or the autopilot) answers questions."""
    save: SavePolicy = "ask"
    """Whether found values are written to the printer's configuration."""
    resume: Record | None = None
    """The interrupted run to go on with."""


class SessionPort(Protocol):
    """A session as the faces see it. Safe to use from any thread."""

    def start(self) -> None:
        """Begin to reach for the printer; nothing where that has begun."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest picture of everything."""

    @property
    def store(self) -> Store:
        """Where results are kept. Reading it waits for the disk: not on a face's own loop."""

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with every event of every run, in order, on the session's thread, where it must not
        wait. Returns what ends it."""

    def start_check(self, name: str, parameters: Any, options: RunOptions | None = None) -> None:
        """Begin a check with an instance of its parameters dataclass. What comes of it, refusals included, is in
        the snapshot's run and the events. Raises SessionBusy while another runs or no printer is connected."""

    def answer(self, number: int, answer: Answer) -> None:
        """Answer the question of that number (`Snapshot.question.n`); nothing where it is not asked any more."""

    def cancel(self) -> None:
        """End the running check as soon as the printer lets it; nothing where none runs."""

    def emergency_stop(self) -> None:
        """Stop the printer now, whatever it is doing, past every queue. klippy is in shutdown afterwards."""

    def send_gcode(self, script: str) -> None:
        """Run what a person typed on the console. The answer, errors included, shows in the console lines."""

    def announce(self, line: str) -> None:
        """Print a line on the printer's console, for the other programs there; past a running command where the
        [zcal] module can do that."""

    def firmware_restart(self) -> None:
        """Bring klippy back after a shutdown."""

    def close_interrupted(self, record: Record) -> None:
        """Give an interrupted run (`Snapshot.interrupted`) its end, so that it is not offered again."""

    def note_changed(self, what: str) -> None:
        """Record a hardware change that a person reports (a key of HARDWARE_CHANGES)."""

    def close(self, patience: float = 30.0) -> None:
        """Cancel what runs, clean up, and end the session's thread; returns when that is done. A check that has not
        ended within `patience` seconds is left where it is."""
