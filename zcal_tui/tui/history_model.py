"""The stored runs of a printer as the history shows them: no widgets here."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from zcal_tui.model.check_info import CHECK_INFO
from zcal_tui.model.estimate_text import value_text
from zcal_tui.model.labels import label
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.outcome_words import LEVEL_WORDS, OUTCOME_WORDS
from zcal_tui.model.record import Level, Outcome, Record
from zcal_tui.results.changes import Changed
from zcal_tui.results.main_estimate import main_estimates
from zcal_tui.results.stale import stale
from zcal_tui.results.store import Store, StoredRun, entries
from zcal_tui.results.text import numbers_text, slope_text, step_text
from zcal_tui.results.trend import Slope, Step, TrendPoint, points, slope, step
from zcal_tui.results.variant import grouped


def trend_limit(estimate: str) -> float | None:
    """The limit (mm) that the trend of an estimate is drawn with; None where there is none."""
    found = (
        info.limit for info in CHECK_INFO.values() if info.limit is not None and info.main[0] == estimate
    )
    limit = next(found, None)
    return None if limit is None else limit().value


@dataclass(frozen=True, slots=True)
class Trend:
    """The main number of one check, or of one of its variants (results/variant.py), over its runs, oldest first."""

    points: tuple[TrendPoint, ...]
    slope: Slope | None
    step: Step | None = None

    @property
    def title(self) -> str:
        """What is drawn, and whether it moves."""
        name = label(self.points[-1].estimate.name)
        if len(self.points) == 1:
            return f"{name}: one run."
        comparable = sum(point.comparable for point in self.points)
        # A step leaves no room for the line that it also is
        return f"{name}. {step_text(self.step) or slope_text(self.slope, comparable)}"

    @property
    def left_out(self) -> str:
        """Why some of them are not compared with the newest."""
        return "; ".join(sorted({point.why_not for point in self.points if not point.comparable}))


@dataclass(frozen=True, slots=True)
class HistoryModel:
    """Everything that was run on a printer, newest first, and by `variant.key` each trend there is."""

    entries: tuple[StoredRun, ...] = ()
    trends: Mapping[str, Trend] | None = None
    """None until they are known."""

    def of(self, check: str) -> tuple[StoredRun, ...]:
        """The runs of a check; all of them where it is empty."""
        return tuple(entry for entry in self.entries if not check or entry.check == check)

    @property
    def records(self) -> tuple[Record, ...]:
        """The records of those that can be read."""
        return tuple(entry.record for entry in self.entries if entry.record is not None)

    def checks(self, order: Sequence[str]) -> tuple[str, ...]:
        """The checks that were run, in that order, others after them."""
        there = dict.fromkeys(entry.check for entry in self.entries if entry.check)
        return (*(name for name in order if name in there), *(name for name in there if name not in order))


def read_runs(store: Store, printer: str) -> HistoryModel:
    """Everything stored of a printer, the trends not yet. Waits for the disk: not for the interface's own loop."""
    return HistoryModel(tuple(entries(store, printer)))


def with_trends(history: HistoryModel, changes: Sequence[Changed]) -> HistoryModel:
    """The same with its trends. Takes a while with many runs: neither."""
    return replace(history, trends=trends(history.records, changes))


def trends(records: Sequence[Record], changes: Sequence[Changed]) -> dict[str, Trend]:
    """The trend of each check and variant that has a number."""
    found: dict[str, Trend] = {}
    for name, own in grouped(records).items():
        marks = tuple(points(own, changes))
        if marks:
            found[name] = Trend(marks, slope(marks), step(marks))
    return found


def ending(record: Record | None) -> tuple[Level | None, str]:
    """How a run ended: the level of its verdict, None where it has none, and a word; one that cannot be read has no
    record."""
    if record is None:
        return None, "unreadable"
    if record.outcome is not Outcome.FINISHED:
        return None, OUTCOME_WORDS[record.outcome]
    if record.verdict is None:
        return None, "no verdict"
    return record.verdict.level, LEVEL_WORDS[record.verdict.level]


def short_numbers(record: Record) -> str:
    """The main numbers without their names, each with half its interval: `2.4 µm ± 0.9`."""
    texts = []
    for estimate in main_estimates(record):
        show = value_text(estimate.name, estimate.unit)
        if estimate.value is None:
            texts.append(f"≤ {show(estimate.high)}" if estimate.high is not None else "")
        elif estimate.low is not None and estimate.high is not None:
            texts.append(f"{show(estimate.value)} ± {_half(estimate.low, estimate.high, estimate.unit)}")
        else:
            texts.append(show(estimate.value))
    return ", ".join(text for text in texts if text)


def _half(low: float, high: float, unit: str) -> str:
    return value_text("", unit)((high - low) / 2)


def outcome_text(entry: StoredRun) -> str:
    """The outcome of a run, in a line."""
    record = entry.record
    if record is None:
        return f"Cannot be read: {entry.why_not}. {entry.path.name}"
    if record.problem is not None and record.outcome is not Outcome.FINISHED:
        return record.problem.what
    if record.verdict is not None and record.outcome is Outcome.FINISHED:
        return record.verdict.summary
    count = entry.count
    stored = f"{count} sample{'s' if count != 1 else ''} stored" if count else "no samples"
    numbers = numbers_text(record)
    return f"{OUTCOME_WORDS[record.outcome].capitalize()}: {stored}" + (f", {numbers}." if numbers else ".")


def stale_reason(record: Record, history: HistoryModel, changes: Sequence[Changed]) -> str | None:
    """Why a stored result is stale, judged by the runs after it; None where it is not."""
    return stale(record, history.records, None, changes)
