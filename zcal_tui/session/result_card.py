"""The result card of a full calibration: after each check its result, and the question how to continue."""

from collections.abc import Sequence

from zcal_tui.model.advice import advice_left
from zcal_tui.model.check_info import info_of
from zcal_tui.model.estimate_text import estimate_text
from zcal_tui.model.labels import label
from zcal_tui.model.outcome_words import LEVEL_WORDS, OUTCOME_WORDS
from zcal_tui.model.questions import RESULT_CARD, Choose, Option
from zcal_tui.model.record import SAVE, Change, Outcome, Record

CONTINUE, REPEAT, DISCARD, STOP = "continue", "repeat", "discard", "stop"
MOST_ADVICE = 3
"""Steps of advice on a card."""
MOST_NUMBERS = 3
STATES = {
    "proposed": "not saved",
    "staged": "staged in Klipper, not saved",
    "saved": "saved ✓",
    "declined": "not saved, as you chose",
}


def result_card(
    record: Record, *, kept: Record | None = None, waits: Sequence[Change] = (), notices: Sequence[str] = ()
) -> Choose:
    """The card of a run that has just ended. `kept` is the earlier result that still counts if this run has none,
    `waits` the values that the next save of the group offers, `notices` what else there is to say."""
    finished = record.outcome is Outcome.FINISHED
    options = [Option(CONTINUE, "Continue")]
    if record.check != SAVE:
        # The first option is in focus
        at = 0 if record.outcome is Outcome.CANCELLED else 1
        options.insert(at, Option(REPEAT, "Repeat"))
        if finished and record.verdict is not None:
            options.append(Option(DISCARD, "Discard this result"))
    options.append(Option(STOP, "Stop the plan"))
    return Choose(
        RESULT_CARD, _headline(record), tuple(options), "\n".join(_lines(record, kept, waits, notices))
    )


def _headline(record: Record) -> str:
    """The verdict, or why there is none."""
    if record.outcome is Outcome.FINISHED and record.verdict is not None:
        if record.check == SAVE:
            return record.verdict.summary if record.problem is None else record.problem.what
        return f"{LEVEL_WORDS[record.verdict.level].capitalize()}: {record.verdict.summary}"
    why = "" if record.problem is None else f": {record.problem.what}"
    return f"{OUTCOME_WORDS[record.outcome].capitalize()}{why}"


def _lines(record: Record, kept: Record | None, waits: Sequence[Change], notices: Sequence[str]) -> list[str]:
    info = info_of(record.check)
    lines = []
    main = () if info is None else info.main
    for name in [name for name in main if name in record.estimates][:MOST_NUMBERS]:
        lines.append(f"{label(name)}: {estimate_text(record.estimates[name])}")
    if kept is not None:
        summary = "" if kept.verdict is None else f": {kept.verdict.summary}"
        lines.append(f"The earlier result still counts{summary}")
    waiting = {(change.section, change.option) for change in waits}
    still = () if kept is None else kept.changes
    still = tuple(change for change in still if (change.section, change.option) in waiting)
    for change in (*still, *record.changes):
        state = STATES.get(change.state, change.state)
        if change.state == "proposed" and (change.section, change.option) in waiting:
            state = "saved with the values of the next checks, after your consent"
        elif change.state == "proposed" and not change.saves:
            state = "to edit in printer.cfg"
        lines.append(f"[{change.section}] {change.option}: {change.was} → {change.shown}, {state}")
    lines += notices
    lines += [f"· {text}" for text in advice_left(record)[:MOST_ADVICE] if record.check != SAVE]
    return lines
