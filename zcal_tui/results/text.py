"""Texts about stored runs, for the command line and the screen: times, estimates, differences, trends."""

from datetime import UTC, datetime

from zcal_tui.model.estimate_text import change_text, estimate_text, value_text
from zcal_tui.model.labels import label
from zcal_tui.model.record import Estimate, Outcome, Record
from zcal_tui.results.compare import Difference
from zcal_tui.results.main_estimate import main_estimates
from zcal_tui.results.normal import OwnNormal
from zcal_tui.results.trend import MIN_RUNS, Slope, Step

SLOW = 0.001
"""mm a day; a slower trend is shown for 30 days, so that it does not round to nothing."""


def moment(text: str | None) -> str:
    """A time of a record in this computer's time zone, to the minute; unchanged if it is no time."""
    try:
        then = datetime.fromisoformat(text or "")
    except ValueError:
        return text or "—"
    return (then if then.tzinfo else then.replace(tzinfo=UTC)).astimezone().strftime("%Y-%m-%d %H:%M")


def numbers_text(record: Record) -> str:
    """A record's main estimates on one line, else its verdict's summary; empty if there is neither."""
    # A bound's text says "at most"; its label would repeat it
    shown = [(label(e.name) if e.value is not None else "", estimate_text(e)) for e in main_estimates(record)]
    if not shown and record.outcome is Outcome.FINISHED and record.verdict is not None:
        return record.verdict.summary
    return ", ".join(f"{name} {text}".strip() for name, text in shown)


def estimate_value(estimate: Estimate | None) -> str:
    """An estimate's value alone."""
    if estimate is None or estimate.value is None:
        return "—"
    return value_text(estimate.name, estimate.unit)(estimate.value)


def difference_text(difference: Difference) -> str:
    """A difference with its interval: `+1.2 µm (−0.3 µm … +2.7 µm)`."""
    if difference.value is None:
        return difference.note
    show = change_text(difference.unit)
    low = "?" if difference.low is None else show(difference.low)
    high = "?" if difference.high is None else show(difference.high)
    return (
        f"{show(difference.value)} ({low} … {high})" if (low, high) != ("?", "?") else show(difference.value)
    )


def significance_text(difference: Difference) -> str:
    """Whether a difference is statistically significant."""
    if difference.value is None:
        return ""
    return {
        True: "statistically significant",
        False: "not significant",
        None: "the intervals do not decide",
    }[difference.significant]


def normal_text(normal: OwnNormal) -> str:
    """A printer's own normal range: `1.9 µm … 3.2 µm (12 runs)`."""
    show = value_text(normal.estimate.name, normal.estimate.unit)
    return f"{show(normal.low)} … {show(normal.high)} ({normal.runs} runs)"


def left_normal_text(normal: OwnNormal) -> str:
    """That a printer left its own normal, in a sentence."""
    return (
        f"{label(normal.estimate.name)} {estimate_value(normal.estimate)} is outside this printer's own normal range, "
        f"{normal_text(normal)}."
    )


def step_text(found: Step | None) -> str | None:
    """A significant step in a sentence; None where there is none."""
    if found is None or not found.significant:
        return None
    show = change_text(found.unit)
    low, value, high = (show(end) for end in (found.low, found.value, found.high))
    return (
        f"Significant step of {value} ({low} … {high}, 95 %) at run {found.number + 1} of {found.runs} "
        f"(p = {found.p:.2g}). Find out what changed before it."
    )


def slope_text(found: Slope | None, comparable: int) -> str:
    """A trend in a sentence."""
    if found is None:
        return f"No trend: {MIN_RUNS} comparable runs are needed, {comparable} found."
    show = change_text(found.unit)
    times, per = 1.0, str(found.per)
    if per == "day" and found.unit == "mm" and max(abs(found.low), abs(found.high)) < SLOW:
        times, per = 30.0, "30 days"
    low, value, high = (show(times * end) for end in (found.low, found.value, found.high))
    bounds = f"{value} per {per} ({low} … {high}, 95 %)"
    if found.significant:
        return f"Significant drift over {found.runs} runs: {bounds}."
    return f"No significant drift over {found.runs} runs: {bounds}."
