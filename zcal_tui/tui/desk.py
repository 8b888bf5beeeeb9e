"""What the screens read and what the person has chosen so far: no widgets here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from zcal_tui.checks.base import Check
from zcal_tui.model.record import Level, Outcome, Record
from zcal_tui.model.units import age
from zcal_tui.session.port import SessionPort
from zcal_tui.session.snapshot import Asking, LinkState, Snapshot

KEPT_HISTORY = 100

OUTCOME_WORDS = {
    Outcome.CANCELLED: "cancelled",
    Outcome.REFUSED: "not started",
    Outcome.ERROR: "error",
    Outcome.LOST: "link lost",
}

LEVEL_WORDS = {
    Level.PASS: "passed",
    Level.WARN: "warning",
    Level.FAIL: "failed",
    Level.UNKNOWN: "undecided",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a check stands on the plan: a word, and the level that gives it a sign and a colour."""

    word: str
    level: Level | None = None
    running: bool = False
    unfit: str | None = None
    """Why the check does not apply to this printer."""
    when: str = ""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class History:
    """What was typed, for the arrow keys."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._at = 0

    def add(self, line: str) -> None:
        """Remember a line, once where it is repeated."""
        if not self.lines or self.lines[-1] != line:
            self.lines = [*self.lines, line][-KEPT_HISTORY:]
        self._at = len(self.lines)

    def step(self, by: int) -> str | None:
        """The line `by` steps from the present one; empty past the newest, None where there is none older."""
        if not self.lines or self._at + by < 0:
            return None
        self._at = min(len(self.lines), self._at + by)
        return self.lines[self._at] if self._at < len(self.lines) else ""


@dataclass
class Desk:
    """The session, its newest snapshot, the checks, and the parameters chosen for them."""

    session: SessionPort
    checks: Mapping[str, Check]
    now: Callable[[], datetime] = _utc_now
    chosen: dict[str, Any] = field(default_factory=dict)
    snapshot: Snapshot = field(default_factory=Snapshot)
    history: History = field(default_factory=History)
    """What was typed on the console."""

    answered: Asking | None = None
    """The last question that was answered, which may still stand in the snapshot."""

    @property
    def asking(self) -> Asking | None:
        """The question of the running check that waits for an answer."""
        asking = self.snapshot.question
        return asking if asking is not self.answered else None

    def look(self) -> bool:
        """Take the session's newest snapshot; whether it is another than before."""
        snapshot = self.session.snapshot
        if snapshot is self.snapshot:
            return False
        self.snapshot = snapshot
        return True

    @property
    def last(self) -> Mapping[str, Record]:
        """The newest record of each check on this printer."""
        return self.snapshot.last

    @property
    def running(self) -> str | None:
        """The name of the check that runs now."""
        run = self.snapshot.run
        return run.record.check if run is not None and run.running else None

    @property
    def can_start(self) -> bool:
        """Whether a check can be asked for: the link is up, klippy ready, and neither a check nor a print runs."""
        up, printer = self.snapshot.link.state is LinkState.UP, self.snapshot.printer
        return up and printer.ready and not printer.busy and self.running is None

    def parameters(self, check: str) -> Any:
        """The parameters a run would start with: what was chosen, else the defaults."""
        return self.chosen.get(check) or self.checks[check].parameters()

    def standing(self, name: str) -> Standing:
        """Where a check stands."""
        if self.running == name:
            return Standing("running", running=True)
        settings = self.snapshot.printer.settings
        unfit = self.checks[name].unfit(settings) if settings else None
        if unfit is not None:
            return Standing("does not apply", unfit=unfit)
        record = self.last.get(name)
        if record is None:
            return Standing("never run")
        when = self._age(record.finished)
        if record.outcome is not Outcome.FINISHED or record.verdict is None:
            return Standing(OUTCOME_WORDS.get(record.outcome, "no verdict"), Level.UNKNOWN, when=when)
        return Standing(LEVEL_WORDS[record.verdict.level], record.verdict.level, when=when)

    def _age(self, finished: str | None) -> str:
        try:
            then = datetime.fromisoformat(finished or "")
        except ValueError:
            return ""
        if then.tzinfo is None:
            then = then.replace(tzinfo=UTC)
        return age((self.now() - then).total_seconds())
