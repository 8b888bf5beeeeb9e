"""Verdicts next to what is so: a pass where the truth is beyond the limit, or an alarm where it is not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from campaigns.comparison import LIMIT, SERIES, HeatedRun, Record, compare, place_of, true_adjustment
from campaigns.machine_truth import MachineTruth
from campaigns.ranges import range_exceeds

FIT, UNFIT = 0.05, 0.5
"""Shares of series beyond the limit: docs/statistics.md."""
BESIDE = 1.0
"""mm: the check probe-xy's limit."""
MUCH, SIMILAR = 0.100, 0.025
"""mm: the check backlash's limits, of the lost motion and of its differences."""
ALARMS: Mapping[str, frozenset[str]] = {
    "temperature": frozenset({"warn", "fail"}),
    "first-layer": frozenset({"warn", "fail"}),
}
"""Levels that say that something is beyond its limit, where that is not `fail` alone."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One check's verdict, and whether the printer really keeps the limit; None where it lies between."""

    check: str
    level: str
    good: bool | None

    @property
    def wrong_pass(self) -> bool:
        """A pass for what is beyond the limit."""
        return self.level == "pass" and self.good is False

    @property
    def false_alarm(self) -> bool:
        """An alarm for what keeps the limit."""
        return self.level in ALARMS.get(self.check, frozenset({"fail"})) and self.good is True


def judge(records: Sequence[Record], truth: MachineTruth, contact: float | None) -> list[Judged]:
    """Every verdict whose truth is known."""
    found = []
    for record in records:
        decide = DECIDERS.get(record["check"])
        if decide is not None and record["outcome"] == "finished" and record["verdict"] is not None:
            found.append(Judged(record["check"], record["verdict"]["level"], decide(record, truth, contact)))
    return found


def _errors_within(limit: float, *names: str) -> Callable[[Record, MachineTruth, float | None], bool | None]:
    """Good is what was estimated right to within `limit`."""

    def decide(record: Record, truth: MachineTruth, contact: float | None) -> bool | None:
        errors = [one.error for one in compare([record], truth, contact) if one.name in names]
        return all(abs(error) <= limit for error in errors) if errors else None

    return decide


def _repeats(_record: Record, truth: MachineTruth, _contact: float | None) -> bool | None:
    share = range_exceeds(LIMIT / truth.truth.probe.noise, [0.0] * SERIES)
    return True if share < FIT else False if share > UNFIT else None


def _even(record: Record, truth: MachineTruth, _contact: float | None) -> bool | None:
    names = [name for name in record["estimates"] if name.startswith("z_offset@")]
    offsets = [truth.paper_offset(place_of(name)) for name in names]
    return max(offsets) - min(offsets) <= LIMIT if offsets else None


def _steady(record: Record, truth: MachineTruth, _contact: float | None) -> bool | None:
    """By how far it came; a `fail` says that it does not settle or come back, and these printers always do."""
    if record["verdict"]["level"] == "fail":
        return True
    touches = [sample for sample in record["samples"] if sample["bed"] is not None]
    if not touches:
        return None
    return abs(HeatedRun(touches, truth, (touches[0]["x"], touches[0]["y"])).shift) <= LIMIT


def _tight(record: Record, truth: MachineTruth, _contact: float | None) -> bool | None:
    places = {(sample["x"], sample["y"]) for sample in record["samples"]}
    lost = [truth.lost_motion(place) for place in places]
    return max(lost) <= MUCH and max(lost) - min(lost) <= SIMILAR if lost else None


def _right_zero(record: Record, truth: MachineTruth, contact: float | None) -> bool | None:
    adjustment = true_adjustment(record, truth, contact)
    return None if adjustment is None else abs(adjustment) <= LIMIT


DECIDERS: Mapping[str, Callable[[Record, MachineTruth, float | None], bool | None]] = {
    "probe-xy": _errors_within(BESIDE, "x_offset", "y_offset"),
    "z-offset": _errors_within(LIMIT, "z_offset"),
    "accuracy": _repeats,
    "bias": _even,
    "temperature": _steady,
    "backlash": _tight,
    "auto-z": _errors_within(LIMIT, "offset, switch_offset aside"),
    "first-layer": _right_zero,
}
