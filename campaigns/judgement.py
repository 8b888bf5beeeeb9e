"""Verdicts compared with the truth: a pass for what exceeds its limit, or an alarm for what is within it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from campaigns.comparison import SERIES, HeatedRun, Record, compare, place_of, true_adjustment
from campaigns.machine_truth import MachineTruth
from campaigns.ranges import range_exceeds
from zcal_tui.model import limits
from zcal_tui.model.limits import Limit

ALARMS: Mapping[str, frozenset[str]] = {
    "temperature": frozenset({"warn", "fail"}),
    "first-layer": frozenset({"warn", "fail"}),
}
"""Levels that report something beyond its limit, where that is not `fail` alone."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One check's verdict, and whether the printer truly is within the limit; None where it is between two limits."""

    check: str
    level: str
    good: bool | None

    @property
    def wrong_pass(self) -> bool:
        """A pass for what exceeds the limit."""
        return self.level == "pass" and self.good is False

    @property
    def false_alarm(self) -> bool:
        """An alarm for what is within the limit."""
        return self.level in ALARMS.get(self.check, frozenset({"fail"})) and self.good is True


def judge(records: Sequence[Record], truth: MachineTruth, contact: float | None) -> list[Judged]:
    """Every verdict whose truth is known."""
    found = []
    for record in records:
        decide = DECIDERS.get(record["check"])
        if decide is not None and record["outcome"] == "finished" and record["verdict"] is not None:
            found.append(Judged(record["check"], record["verdict"]["level"], decide(record, truth, contact)))
    return found


def _errors_within(limit: Limit, *names: str) -> Callable[[Record, MachineTruth, float | None], bool | None]:
    """Good: every estimate of these names is within `limit` of its truth."""

    def decide(record: Record, truth: MachineTruth, contact: float | None) -> bool | None:
        errors = [one.error for one in compare([record], truth, contact) if one.name in names]
        return all(abs(error) <= limit.value for error in errors) if errors else None

    return decide


def _repeats(_record: Record, truth: MachineTruth, _contact: float | None) -> bool | None:
    share = range_exceeds(limits.RANGE_OF_TEN.value / truth.truth.probe.noise, [0.0] * SERIES)
    return True if share < limits.FIT_SHARE.value else False if share > limits.UNFIT_SHARE.value else None


def _even(record: Record, truth: MachineTruth, _contact: float | None) -> bool | None:
    names = [name for name in record["estimates"] if name.startswith("z_offset@")]
    offsets = [truth.paper_offset(place_of(name)) for name in names]
    return max(offsets) - min(offsets) <= limits.LOCATION_BIAS.value if offsets else None


def _steady(record: Record, truth: MachineTruth, _contact: float | None) -> bool | None:
    """By how far the height moved. A `fail` means that it does not settle or return, which these printers always do."""
    if record["verdict"]["level"] == "fail":
        return True
    samples = [sample for sample in record["samples"] if sample["bed"] is not None]
    if not samples:
        return None
    return (
        abs(HeatedRun(samples, truth, (samples[0]["x"], samples[0]["y"])).shift)
        <= limits.TEMPERATURE_SHIFT.value
    )


def _tight(record: Record, truth: MachineTruth, _contact: float | None) -> bool | None:
    places = {(sample["x"], sample["y"]) for sample in record["samples"]}
    lost = [truth.lost_motion(place) for place in places]
    if not lost:
        return None
    similar = max(lost) - min(lost) <= limits.Z_ACCURACY.value
    return similar and max(lost) <= limits.BACKLASH_FAULT.value


def _right_zero(record: Record, truth: MachineTruth, contact: float | None) -> bool | None:
    adjustment = true_adjustment(record, truth, contact)
    return None if adjustment is None else abs(adjustment) <= limits.Z_ACCURACY.value


DECIDERS: Mapping[str, Callable[[Record, MachineTruth, float | None], bool | None]] = {
    "probe-xy": _errors_within(limits.XY_ACCURACY, "x_offset", "y_offset"),
    "z-offset": _errors_within(limits.Z_ACCURACY, "z_offset"),
    "accuracy": _repeats,
    "bias": _even,
    "temperature": _steady,
    "backlash": _tight,
    "auto-z": _errors_within(limits.Z_ACCURACY, "offset, switch_offset aside"),
    "first-layer": _right_zero,
}
