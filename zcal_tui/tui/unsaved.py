"""What results have found and not saved: whether Save is offered, and the line that shows the change."""

from collections.abc import Iterable

from textual.content import Content

from zcal_tui.model.record import MEASURE_NOTHING, Change, Estimate, Outcome, Record
from zcal_tui.model.units import length
from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.glyphs import Glyphs


def offered(app_state: AppState, record: Record) -> tuple[Change, ...]:
    """The changes that a result offers to save: of the last result of its check, as long as it holds."""
    if not app_state.saves or not is_last(app_state, record) or record.check in app_state.snapshot.stale:
        return ()
    from zcal_tui.session.saving.waiting import savable  # reads how values are staged

    return savable(record)


def can_discard(app_state: AppState, record: Record) -> bool:
    """Whether a result may be discarded: the last of its check, of which nothing was written."""
    written = any(change.state in ("saved", "staged") for change in record.changes)
    finished = record.outcome is Outcome.FINISHED and record.verdict is not None
    measured = record.check not in MEASURE_NOTHING and not record.parts
    return finished and measured and not written and is_last(app_state, record)


def is_last(app_state: AppState, record: Record) -> bool:
    """Whether this is the last result of its check."""
    last = app_state.last.get(record.check)
    return last is not None and last.id == record.id


def not_saved(app_state: AppState) -> tuple[Record, ...]:
    """The results of this session that offer to save something, which the person has not been reminded of."""
    return tuple(
        record
        for record in app_state.last.values()
        if record.id in app_state.measured
        and record.id not in app_state.reminded
        and offered(app_state, record)
    )


def not_saved_text(app_state: AppState, records: Iterable[Record]) -> str:
    """What these results have found and not saved, a sentence each."""
    return " ".join(
        f"{app_state.title(record.check)} found {change.option} {change.shown}, which is not saved."
        for record in records
        for change in offered(app_state, record)
    )


def change_lines(record: Record, changes: Iterable[Change], glyphs: Glyphs) -> Content:
    """Each change on a line: the option, the old and the new value, its uncertainty, what it does to the nozzle."""
    return Content("\n").join(
        _line(change, record.estimates.get(change.option), glyphs) for change in changes
    )


def _line(change: Change, estimate: Estimate | None, glyphs: Glyphs) -> Content:
    old = "not set" if change.was is None else change.was
    around = ""
    if estimate is not None and estimate.low is not None and estimate.high is not None:
        around = f" ± {length((estimate.high - estimate.low) / 2)}"
    effect = f": {change.effect}" if change.effect else ""
    return Content.assemble(
        (f"{change.option} ", ""),
        (f"{old} {glyphs.follows} ", ""),
        (change.shown, "bold"),
        around,
        (effect, "$text-accent"),
    )
