"""What a user interface (terminal, headless) may ask of a session. Every call returns at once."""

from collections.abc import Callable
from typing import Any, Protocol

from zcal_tui.model.events import Event
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.policy import SavePolicy
from zcal_tui.model.questions import Answer
from zcal_tui.model.record import Record
from zcal_tui.results.store import Store
from zcal_tui.session.snapshot import Snapshot
from zcal_tui.stats.operator_scatter import SHARED


class SessionBusy(Exception):
    """A check cannot be started now; the text is for people."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run a check, apart from its own parameters."""

    present: bool = True
    """Whether a person (or the autopilot) answers questions."""
    save: SavePolicy = "ask"
    """Whether found values are written to the printer's configuration."""
    resume: Record | None = None
    """The interrupted run to resume."""
    operator: str = SHARED
    """Who does the paper tests."""
    collect: bool = False
    """Whether found values are left to a later save: the group's of a full calibration, or the one that the person
    starts from the result (`save`). What Klipper itself has staged is saved or discarded at once all the same."""


class SessionPort(Protocol):
    """A session as user interfaces use it. Safe to use from any thread."""

    def start(self) -> None:
        """Begin to connect to the printer; does nothing if that has begun."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""

    @property
    def store(self) -> Store:
        """The stored results. Reading blocks on the disk: never do it on a user interface's event loop."""

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with every event of every run, in order, on the session's thread, which it must not block.
        Returns a function that removes it."""

    def start_check(self, name: str, parameters: Any, options: RunOptions | None = None) -> None:
        """Start a check with an instance of its parameters dataclass. Its result, a refusal included, is in the
        snapshot's run and the events. Raises SessionBusy while another runs or no printer is connected."""

    def answer(self, number: int, answer: Answer) -> None:
        """Answer the question of that number (`Snapshot.question.n`); does nothing if it is no longer open."""

    def cancel(self) -> None:
        """End the running check as soon as the printer allows it; does nothing if none runs."""

    def emergency_stop(self) -> None:
        """Stop the printer at once, bypassing every queue. klippy is shut down afterwards."""

    def send_gcode(self, script: str) -> None:
        """Run what a person typed on the console. The response, errors included, is in the console lines."""

    def announce(self, line: str) -> None:
        """Print a line on the printer's console, for its other clients. With the [zcal] module, a running command does
        not delay it."""

    def firmware_restart(self) -> None:
        """Restart klippy and its micro-controllers after a shutdown."""

    def close_interrupted(self, record: Record) -> None:
        """Close an interrupted run (`Snapshot.interrupted`), so that it is not offered again."""

    def discard_result(self, record: Record) -> None:
        """Store a check's last result (`Snapshot.last`) as discarded; the one before it counts again."""

    def note_changed(self, what: str) -> None:
        """Record a hardware change that a person reports (a key of HARDWARE_CHANGES)."""

    def begin_close(self, patience: float = 30.0) -> None:
        """Begin to close: the running check is cancelled and cleaned up; one that has not ended within `patience`
        seconds is interrupted. `closed` shows when that is done."""

    @property
    def closed(self) -> bool:
        """Whether nothing of the session runs any more."""

    def close(self, patience: float = 30.0) -> None:
        """The same, and wait until it is done."""

    def begin_leave(self) -> None:
        """Begin to leave without waiting for the G-code queue: what turns our heaters off, ends our paper test and
        undoes our changes is sent, then the run is abandoned. `left` shows when it was sent, at most 1.5 s later."""

    @property
    def left(self) -> tuple[str, ...] | None:
        """What may be left on or changed on the printer, once `begin_leave` has sent what it can; None before."""
