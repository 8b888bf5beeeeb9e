"""What the screens read and what the person has chosen so far: no widgets here."""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Any

from zcal_tui.checks.base import Check, Declaration
from zcal_tui.checks.parameters import ParameterError, build
from zcal_tui.model.capabilities import Capabilities
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.outcome_words import LEVEL_WORDS, OUTCOME_WORDS
from zcal_tui.model.outside_text import one_line
from zcal_tui.model.record import MANUAL_PROBE, READY_CHECK, SAVE, UNDO, WHOLE, Level, Outcome, Record
from zcal_tui.model.units import age
from zcal_tui.session.port import SessionPort
from zcal_tui.session.snapshot import Asking, LinkState, Snapshot
from zcal_tui.stats.operator_scatter import OperatorScatter
from zcal_tui.tui.other_clients import paper_test_open, watched

MOST_LINES = 100

ALL = WHOLE
"""The name of the whole calibration (checks.guided), which runs the others one after the other."""

DONE = (Level.PASS, Level.WARN)
"""Levels after which the plan continues with the next check."""


@dataclass(frozen=True, slots=True)
class CheckStatus:
    """The status of a check on the plan: a word, and the level that gives it a sign and a colour."""

    word: str
    level: Level | None = None
    running: bool = False
    unfit: str | None = None
    """Why the check does not apply to this printer."""
    stale: str | None = None
    """Why the result does not hold any more."""
    when: str = ""
    attempt: str = ""
    """How a later run ended that has no verdict, so that this result still counts; empty where there is none."""

    @property
    def done(self) -> bool:
        """Whether the plan continues with the next check."""
        return self.unfit is not None or (self.level in DONE and self.stale is None)


def stored_parameters(declared: type, values: Mapping[str, Any]) -> Any:
    """The parameters of a stored run; the defaults where they are no longer valid."""
    known = {name: value for name, value in values.items() if value is not None}
    try:
        return build(declared, known)
    except (ParameterError, TypeError, ValueError):
        return declared()


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TypedLines:
    """What was typed, for the arrow keys."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._at = 0

    def add(self, line: str) -> None:
        """Remember a line, once where it is repeated."""
        if not self.lines or self.lines[-1] != line:
            self.lines = [*self.lines, line][-MOST_LINES:]
        self._at = len(self.lines)

    def step(self, by: int) -> str | None:
        """The line `by` steps from the present one; empty past the newest, None where there is none older."""
        if not self.lines or self._at + by < 0:
            return None
        self._at = min(len(self.lines), self._at + by)
        return self.lines[self._at] if self._at < len(self.lines) else ""


@dataclass
class AppState:
    """The session, its newest snapshot, the checks, and the parameters chosen for them."""

    session: SessionPort
    checks: Mapping[str, Check]
    now: Callable[[], datetime] = _utc_now
    chosen: dict[str, Any] = field(default_factory=dict)
    snapshot: Snapshot = field(default_factory=Snapshot)
    typed: TypedLines = field(default_factory=TypedLines)
    """What was typed on the console."""

    operator: OperatorScatter = field(default_factory=OperatorScatter)
    """Who does the paper tests, with what the stored ones show."""

    saves: bool = True
    """Whether a result offers to save what it found: not where saving is off, or needs no question."""

    measured: set[str] = field(default_factory=set)
    """The runs of this session that have ended, by their ids."""
    reminded: set[str] = field(default_factory=set)
    """Those whose values the person has not saved on purpose, or was reminded of."""

    kiosk: bool = False
    """Whether nothing may lead out of the program, because it is on a printer's screen."""

    answered: Asking | None = None
    """The last question that was answered, which may still be in the snapshot."""

    @property
    def asking(self) -> Asking | None:
        """The question of the running check that waits for an answer."""
        asking = self.snapshot.question
        return asking if asking is not self.answered else None

    guided: bool = False
    """Whether the whole calibration runs: the runs in the snapshot are its parts."""
    _before: str | None = None
    _statuses: tuple[tuple[Any, ...], dict[str, CheckStatus]] | None = None

    def refresh(self) -> bool:
        """Take the session's newest snapshot; whether it is another than before."""
        snapshot = self.session.snapshot
        if snapshot is self.snapshot:
            return False
        self.snapshot = snapshot
        run = snapshot.run
        if run is not None and not run.running and not self.guided:
            self.measured.add(run.record.id)
        if self.guided and run is not None and run.record.check == ALL and not run.running:
            self.guided = run.record.id == self._before
        return True

    def begin(self, check: str) -> None:
        """A run of this check has been asked for."""
        run = self.snapshot.run
        self._furthest = 0
        self.guided, self._before = check == ALL, run.record.id if run is not None else None

    @property
    def last_error(self) -> str | None:
        """The printer's newest error on the console; None where there is none."""
        for line in reversed(self.snapshot.console):
            if line.text.startswith("!!") and not line.sent:
                return line.text.removeprefix("!!").strip() or None
        return None

    @property
    def capabilities(self) -> Capabilities:
        """What the printer has; the defaults while that is unknown."""
        from zcal_tui.printer.capabilities import capabilities_of  # with the printer's configuration

        return capabilities_of(self.snapshot.printer)

    @property
    def last(self) -> Mapping[str, Record]:
        """The newest record of each check on this printer."""
        return self.snapshot.last

    @property
    def running(self) -> str | None:
        """The name of the check that runs now; that of the whole calibration between two of its checks."""
        run = self.snapshot.run
        if run is not None and run.running:
            return run.record.check
        return ALL if self.guided else None

    @property
    def position(self) -> tuple[int, int] | None:
        """Which of how many checks the whole calibration is at."""
        run = self.snapshot.run
        settings = self.snapshot.printer.settings
        names = [
            name
            for name, check in self.checks.items()
            if not settings or check.info.unfit(self.capabilities) is None
        ]
        if not self.guided or run is None or run.record.check not in names:
            return None
        at = names.index(run.record.check) + 1
        self._furthest = max(self._furthest, at)
        # Ready is repeated after a restart: the count of checks does not run backwards for it
        return self._furthest if run.record.check == READY_CHECK else at, len(names)

    def next_check(self, after: str | None = None) -> str | None:
        """The next sensible thing: the first check of the plan, from the one after `after` on and round, that applies
        and is not done; None where all are."""
        names, to_do = list(self.checks), self.to_do
        start = names.index(after) + 1 if after in names else 0
        for name in (*names[start:], *names[:start]):
            if name != after and name in to_do:
                return name
        return None

    @property
    def to_do(self) -> tuple[str, ...]:
        """The checks that apply and are not done. The look at the printer serves the others: saving restarts Klipper,
        which makes it stale, and with nothing left to measure that is no work to do."""
        left = tuple(name for name in self.checks if not self.status(name).done)
        moot = left == (READY_CHECK,) and self.status(READY_CHECK).level in DONE
        return () if moot else left

    @property
    def progress(self) -> tuple[int, int, float]:
        """How many of the checks that apply are done, of how many, and about how many minutes the others take."""
        statuses = self.statuses
        fit = [name for name in self.checks if statuses[name].unfit is None]
        open_ones = self.to_do
        minutes = sum(self.checks[name].info.needs(self.capabilities).minutes for name in open_ones)
        return len(fit) - len(open_ones), len(fit), minutes

    @property
    def can_start(self) -> bool:
        """Whether a check can be asked for: the link is up, klippy ready, and neither a check nor a print runs."""
        up, printer = self.snapshot.link.state is LinkState.UP, self.snapshot.printer
        alone = watched(self.snapshot) is None and not paper_test_open(self.snapshot)
        return up and printer.ready and not printer.busy and alone and self.running is None

    @property
    def can_undo(self) -> bool:
        """Whether the last save can be undone: as a check can be started, and where klippy has not started with it."""
        in_error = self.snapshot.link.state is LinkState.UP and self.snapshot.printer.klippy == "error"
        return self.can_start or (in_error and self.running is None)

    def title(self, check: str) -> str:
        """What a check is called; its name where it is not known, as in a record of a newer version."""
        known = self.declared(check)
        return known.info.title if known is not None else one_line(check)

    def declared(self, check: str) -> Declaration | None:
        """A check's declaration, that of the whole calibration too."""
        if check in self.checks:
            return self.checks[check]
        if check == UNDO:
            from zcal_tui.session.undo import UndoDeclaration  # read where it is asked for

            return UndoDeclaration()
        if check == SAVE:
            from zcal_tui.session.saving.save_group import SaveGroupDeclaration  # as above

            return SaveGroupDeclaration()
        if check == MANUAL_PROBE:
            from zcal_tui.checks.manual_probe.declaration import ManualProbeDeclaration  # as above

            return ManualProbeDeclaration()
        from zcal_tui.checks.full_calibration import DECLARED  # reads every check's declaration

        return DECLARED.get(check)

    def parameters(self, check: str, resumed: Record | None = None) -> Any:
        """The parameters a run would start with: those of the run that it resumes, what was chosen, the
        defaults."""
        known = self.declared(check)
        assert known is not None
        if resumed is not None:
            return stored_parameters(known.parameters, resumed.parameters)
        return self.chosen.get(check) or known.parameters()

    @property
    def statuses(self) -> Mapping[str, CheckStatus]:
        """The status of every check; the same object while nothing has changed that it depends on."""
        snapshot = self.snapshot
        minute = int(self.now().timestamp() // 60)
        rests_on = (
            snapshot.printer.settings,
            snapshot.last,
            snapshot.stale,
            self.running,
            self.guided,
            minute,
            tuple(snapshot.attempts),
        )
        known = self._statuses
        same = known is not None and all(
            a is b or a == b for a, b in zip(known[0][3:], rests_on[3:], strict=True)
        )
        if (
            known is not None
            and same
            and all(a is b for a, b in zip(known[0][:3], rests_on[:3], strict=True))
        ):
            return known[1]
        found = {name: self._status(name) for name in (*self.checks, ALL)}
        self._statuses = (rests_on, found)
        return found

    def status(self, name: str) -> CheckStatus:
        """The status of a check."""
        return self.statuses.get(name) or self._status(name)

    def _status(self, name: str) -> CheckStatus:
        if self.running == name or (name == ALL and self.guided):
            return CheckStatus("running", running=True)
        settings, declared = self.snapshot.printer.settings, self.declared(name)
        unfit = declared.info.unfit(self.capabilities) if settings and declared is not None else None
        if unfit is not None:
            return CheckStatus("does not apply", unfit=unfit)
        record = self.last.get(name)
        if record is None:
            return CheckStatus("never run")
        when = self._age(record.finished)
        if record.outcome is not Outcome.FINISHED or record.verdict is None:
            return CheckStatus(OUTCOME_WORDS[record.outcome], Level.UNKNOWN, when=when)
        stale = self.snapshot.stale.get(name)
        attempt = self.snapshot.attempts.get(name)
        return CheckStatus(
            LEVEL_WORDS[record.verdict.level],
            record.verdict.level,
            stale=stale,
            when=when,
            attempt="" if attempt is None else OUTCOME_WORDS[attempt.outcome],
        )

    def _age(self, finished: str | None) -> str:
        try:
            then = datetime.fromisoformat(finished or "")
        except ValueError:
            return ""
        if then.tzinfo is None:
            then = then.replace(tzinfo=UTC)
        return age((self.now() - then).total_seconds())
