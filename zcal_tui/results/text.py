"""How kept runs are told, on the command line and on the screen: moments, numbers, differences, trends."""

from datetime import UTC, datetime

from zcal_tui.model.estimate_text import change_text, estimate_text, value_text
from zcal_tui.model.labels import label
from zcal_tui.model.record import Estimate, Outcome, Record
from zcal_tui.results.compare import Difference
from zcal_tui.results.main_estimate import main_estimates
from zcal_tui.results.trend import LEAST, Slope

SLOW = 0.001
"""mm a day; a trend below it is told a month, so that it does not read as nothing."""


def moment(text: str | None) -> str:
    """A moment of a record in this computer's time, to the minute; as it stands where it is none."""
    try:
        then = datetime.fromisoformat(text or "")
    except ValueError:
        return text or "—"
    return (then if then.tzinfo else then.replace(tzinfo=UTC)).astimezone().strftime("%Y-%m-%d %H:%M")


def numbers_text(record: Record) -> str:
    """A record's main numbers in a line; the answer of a check that has none; empty where nothing was found."""
    # A bound says "at most" itself, as its name does
    told = [(label(e.name) if e.value is not None else "", estimate_text(e)) for e in main_estimates(record)]
    if not told and record.outcome is Outcome.FINISHED and record.verdict is not None:
        return record.verdict.summary
    return ", ".join(f"{name} {text}".strip() for name, text in told)


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


def chance_text(difference: Difference) -> str:
    """Whether a difference is more than chance."""
    if difference.value is None:
        return ""
    return {True: "more than chance", False: "within chance", None: "not told by the intervals"}[
        difference.found
    ]


def slope_text(found: Slope | None, comparable: int) -> str:
    """What a trend comes to, in a sentence."""
    if found is None:
        runs = "run is" if comparable == 1 else "runs are"
        return f"No trend: {comparable} comparable {runs} too few, it takes {LEAST}."
    show = change_text(found.unit)
    times, per = 1.0, str(found.per)
    if per == "day" and found.unit == "mm" and max(abs(found.low), abs(found.high)) < SLOW:
        times, per = 30.0, "30 days"
    low, value, high = (show(times * end) for end in (found.low, found.value, found.high))
    bounds = f"{value} per {per} ({low} … {high}, 95 %)"
    if found.found:
        return f"It drifts: {bounds}, over {found.runs} runs."
    return f"No drift can be told: {bounds}, over {found.runs} runs."
