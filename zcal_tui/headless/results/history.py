"""`zcal-tui history`: the runs of each check, how they ended, and whether their estimates drift."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from zcal_tui.headless.text import GLYPH
from zcal_tui.model.check_info import title_and_name
from zcal_tui.model.codec import estimate_to_json
from zcal_tui.model.estimate_text import value_text
from zcal_tui.model.labels import label
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.outcome_words import OUTCOME_WORDS
from zcal_tui.model.record import Outcome, Record
from zcal_tui.results.changes import Changed
from zcal_tui.results.main_estimate import followed, main_estimates
from zcal_tui.results.stale import age_note, stale
from zcal_tui.results.text import moment, numbers_text, slope_text, step_text
from zcal_tui.results.textplot import Mark, plot
from zcal_tui.results.trend import Slope, Step, TrendPoint, individuals, points, slope, step
from zcal_tui.results.variant import grouped, titled


@dataclass(frozen=True, slots=True)
class CheckHistory:
    """The runs of one check, or of one of its variants, newest first, and their trend. `name` is the variant's key
    (results/variant.py); `stale` is about the newest finished run."""

    check: str
    name: str
    runs: tuple[Record, ...]
    shown: tuple[Record, ...]
    points: tuple[TrendPoint, ...]
    slope: Slope | None
    step: Step | None
    stale: str | None
    age: str | None


def histories(
    records: Sequence[Record], changes: Sequence[Changed], *, limit: int, estimate: str | None = None
) -> list[CheckHistory]:
    """The history of each check and variant among a printer's records, the one run last first."""
    ordered = sorted(records, key=lambda record: record.started, reverse=True)
    found = []
    for name, own in grouped(ordered).items():
        runs = tuple(own)
        newest = next((record for record in runs if record.outcome is Outcome.FINISHED), None)
        marks = tuple(points(runs, changes, estimate))
        found.append(
            CheckHistory(
                runs[0].check,
                name,
                runs,
                runs[:limit],
                marks,
                slope(marks),
                step(marks),
                None if newest is None else stale(newest, ordered, None, changes),
                None if newest is None else age_note(newest, datetime.now(UTC)),
            )
        )
    return found


def as_text(
    printer: str, found: Sequence[CheckHistory], changes: Sequence[Changed], interrupted: Sequence[Record]
) -> Iterator[str]:
    """The histories as text, with a plot of each estimate that more than one run has."""
    count = sum(len(history.runs) for history in found)
    yield f"{printer}: {count} {'run' if count == 1 else 'runs'}"
    for history in found:
        yield ""
        yield titled(title_and_name(history.check), history.runs[0])
        yield from itertools.chain.from_iterable(map(_run, history.shown))
        if (hidden := len(history.runs) - len(history.shown)) > 0:
            yield f"  {hidden} earlier (--limit shows more)"
        if history.stale is not None:
            yield f"  Stale: {history.stale}."
        if history.age is not None:
            yield f"  The newest result is {history.age}."
        yield from _trend(history)
    if changes:
        yield ""
        yield "Hardware changes:"
        for change in reversed(changes):
            yield f"  {moment(change.at)}  {change.what}" + (f": {change.note}" if change.note else "")
    if interrupted:
        yield ""
        yield "Unfinished runs (zcal-tui resume RUN resumes one, zcal-tui resume RUN --close closes it):"
        yield from (f"  {record.id}" for record in interrupted)


def _run(record: Record) -> Iterator[str]:
    if record.outcome is not Outcome.FINISHED:
        verdict = f"· {OUTCOME_WORDS[record.outcome]}"
    elif record.verdict is None:
        verdict = "? no verdict"
    else:
        verdict = f"{GLYPH[record.verdict.level]} {record.verdict.level.value}"
    yield f"  {moment(record.started)}  {verdict:<15} {numbers_text(record)}".rstrip()
    yield f"      {record.id}"


def _trend(history: CheckHistory) -> Iterator[str]:
    if len(history.points) < 2:
        return
    name, unit = history.points[-1].estimate.name, history.points[-1].estimate.unit
    show = value_text(name, unit)
    yield f"  {label(name)} over {len(history.points)} runs:"
    marks = [
        Mark(float(n), p.estimate.value or 0.0, p.estimate.low, p.estimate.high, faint=not p.comparable)
        for n, p in enumerate(history.points)
    ]
    ends = [moment(history.points[n].record.started) for n in (0, -1)]
    if ends[0][:10] != ends[1][:10]:
        ends = [end[:10] for end in ends]
    yield from (f"    {line}" for line in plot(marks, show, left=ends[0], right=ends[1]))
    excluded = {point.why_not for point in history.points if not point.comparable}
    if excluded:
        yield f"    ○ not compared with the newest run: {'; '.join(sorted(excluded))}"
    yield f"  {slope_text(history.slope, sum(point.comparable for point in history.points))}"
    if (limits := individuals(history.points)) is not None:
        low, mean, high = map(show, limits)
        yield f"  Individuals chart: mean {mean}, limits {low} and {high}."
    if (stepped := step_text(history.step)) is not None:
        yield f"  {stepped}"


def as_json(
    printer: str, found: Sequence[CheckHistory], changes: Sequence[Changed], interrupted: Sequence[Record]
) -> dict[str, Any]:
    """The histories as one JSON object."""
    return {
        "event": "history",
        "schema": 1,
        "printer": printer,
        "checks": {history.name: _check_json(history) for history in found},
        "changed": [asdict(change) for change in changes],
        "interrupted": [record.id for record in interrupted],
    }


def _check_json(history: CheckHistory) -> dict[str, Any]:
    why_not = {point.record.id: point.why_not for point in history.points}
    return {
        "check": history.check,
        "stale": history.stale,
        "age": history.age,
        "trend": None
        if history.slope is None
        else asdict(history.slope) | {"found": history.slope.significant},
        "step": None if history.step is None else asdict(history.step) | {"found": history.step.significant},
        "runs": [
            {
                "id": record.id,
                "started": record.started,
                "finished": record.finished,
                "outcome": record.outcome.value,
                "level": record.verdict and record.verdict.level.value,
                "summary": record.verdict and record.verdict.summary,
                "estimates": {e.name: estimate_to_json(e) for e in _listed(record, history)},
                "comparable": record.id in why_not and not why_not[record.id],
                "why_not": why_not.get(record.id, "no number"),
            }
            for record in history.shown
        ],
    }


def _listed(record: Record, history: CheckHistory) -> tuple[Any, ...]:
    """The main estimates, and the one that the trend follows."""
    main = main_estimates(record)
    names = {point.estimate.name for point in history.points}
    more = tuple(e for name in names if (e := followed(record, name)) is not None and e not in main)
    return (*main, *more)
