"""The estimates of a calibration's records compared with the truth. Lengths in mm."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean, median
from typing import Any

from campaigns.machine_truth import MachineTruth, Warmth, Xy
from campaigns.ranges import expected_range, range_exceeds
from zcal_tui.model import limits

Record = Mapping[str, Any]
SERIES = 10
MEDIAN_OF_THREE = 0.4487
"""Variance of the median of three normal values, in units of one value's."""
SETTLED_SHARE = 3
"""The check takes the shift from the last third of the samples in the heat."""
FEWEST = 3
STEADY, STEADY_Z_OFFSET = 0.008, "z_offset, own feel up to 8 µm"
"""mm: the scatter of paper tests up to which z_offset has a limit for its rms error, and that comparison's name."""
LEAST_SHARE = 0.001
"""Smaller shares are reported as less than 0.1 %."""


@dataclass(frozen=True, slots=True)
class ComparedEstimate:
    """One estimate and its truth; an open end of the interval is None. `claimed`: the interval claims to cover this
    truth; other comparisons are for information."""

    name: str
    unit: str
    truth: float
    value: float | None
    low: float | None
    high: float | None
    claimed: bool = True

    @property
    def inside(self) -> bool:
        """Whether the interval covers the truth."""
        return (self.low is None or self.low <= self.truth) and (self.high is None or self.truth <= self.high)

    @property
    def error(self) -> float:
        """The estimate minus the truth; a bound's distance from it where there is only a bound."""
        found = self.value if self.value is not None else self.high if self.high is not None else self.low
        return math.nan if found is None else found - self.truth


@dataclass(frozen=True, slots=True)
class KnownTruth:
    """What is known besides a record: the truth, the true contact height at the end (see CalibrationTruth), and the
    time of the last sample before the record (the printer's time, s)."""

    truth: MachineTruth
    contact: float | None = None
    last_sample: float = -math.inf


def compare(records: Sequence[Record], truth: MachineTruth, contact: float | None) -> list[ComparedEstimate]:
    """Every estimate whose truth is known; `contact` as in KnownTruth, the records in the order they were taken.

    Heights that count from a homing (mean, contact, nozzle, switch, bed) have none of their own: where Z is zero is
    random each time. Nor has the lag, as each part of the machine has its own.
    """
    found: list[ComparedEstimate] = []
    last_sample = -math.inf
    for record in records:
        if record["outcome"] == "finished" and (comparer := COMPARERS.get(record["check"])) is not None:
            found += comparer(record, KnownTruth(truth, contact, last_sample))
        last_sample = max([last_sample, *(sample["t"] for sample in _samples(record, "touch"))])
    return found


def _of(
    record: Record, name: str, truth: float, label: str = "", *, claimed: bool = True
) -> Iterator[ComparedEstimate]:
    """The estimate of this name with a truth; nothing where the record has none."""
    estimate = record["estimates"].get(name)
    if estimate is not None and not (estimate["low"] is None and estimate["high"] is None):
        yield ComparedEstimate(
            label or name,
            estimate["unit"],
            truth,
            estimate["value"],
            estimate["low"],
            estimate["high"],
            claimed,
        )


def _probe_xy(record: Record, known: KnownTruth) -> Iterator[ComparedEstimate]:
    for name, offset in zip(("x_offset", "y_offset"), known.truth.probe_offset, strict=True):
        yield from _of(record, name, offset)


def _z_offset(record: Record, known: KnownTruth) -> Iterator[ComparedEstimate]:
    felt = _samples(record, "paper")[-1]
    person = known.truth.truth.person
    offset = known.truth.paper_offset((felt["x"], felt["y"]))
    yield from _of(record, "z_offset", offset)
    yield from _of(record, "z_offset", offset - person.bias, "z_offset, own feel", claimed=False)
    if person.sigma <= STEADY:
        yield from _of(record, "z_offset", offset - person.bias, STEADY_Z_OFFSET, claimed=False)
    yield from _of(record, "feel", person.sigma)


def _accuracy(record: Record, known: KnownTruth) -> Iterator[ComparedEstimate]:
    probe = known.truth.truth.probe
    yield from _of(record, "sigma", probe.noise)
    yield from _of(record, "drift_per_sample", probe.drift_per_touch)
    rested = _rested(record, known)
    if rested is None:
        return
    first = probe.first_sample_shift if rested else 0.0
    # The range is that of ten samples after a rest, with the drift
    offsets = [probe.drift_per_touch * n / probe.noise for n in range(SERIES)]
    offsets[0] += first / probe.noise
    yield from _of(record, "range_of_ten", probe.noise * expected_range(offsets))
    share = range_exceeds(limits.RANGE_OF_TEN.value / probe.noise, offsets)
    for one in _of(record, "over_limit", share):
        # Smaller shares are reported as no more than this
        yield replace(one, high=None if one.high is None else max(one.high, LEAST_SHARE))
    yield from _of(record, "first_sample_shift", first)


UNSURE = 1.5
"""Times the probe's rest. Records have the time of the last sample to a few seconds: homing takes more than one."""


def _rested(record: Record, known: KnownTruth) -> bool | None:
    """Whether the probe had been at rest before the record's first sample, levelling and homing counted; None where
    that depends on seconds that no record has."""
    frame = record["context"].get("frame", {})
    before = [known.last_sample, frame.get("levelled_at")]
    before += [frame.get("homed_at")] if known.truth.homes_with_probe else []
    last = max(time for time in before if time is not None)
    samples = _samples(record, "touch")
    if not samples:
        return False
    paused, rest = float(samples[0]["t"]) - last, known.truth.truth.probe.rest
    return None if rest <= paused < UNSURE * rest else paused >= rest


def _bias(record: Record, known: KnownTruth) -> Iterator[ComparedEstimate]:
    truth = known.truth
    bias = truth.truth.person.bias
    offsets = []
    for name in record["estimates"]:
        if name.startswith("z_offset@"):
            offset = truth.paper_offset(place_of(name))
            offsets.append(offset)
            # Only differences count here: the person has to feel the same everywhere, not the true contact
            yield from _of(record, name, offset - bias, "z_offset@x,y, own feel")
            yield from _of(record, name, offset, "z_offset@x,y", claimed=False)
    if offsets:
        yield from _of(record, "spread", max(offsets) - min(offsets))


def _temperature(record: Record, known: KnownTruth) -> Iterator[ComparedEstimate]:
    samples = [sample for sample in record["samples"] if sample["bed"] is not None]
    if not samples:
        return
    truth = known.truth
    toolhead = samples[0]["x"], samples[0]["y"]
    run = HeatedRun(samples, truth, toolhead)
    yield from _of(record, "shift", run.shift)
    yield from _of(record, "per_degree_bed", run.per_degree_bed)
    yield from _of(record, "per_degree_nozzle", run.per_degree_nozzle)
    yield from _of(record, "remaining", run.remaining)
    yield from _of(record, "returned", 0.0)


class HeatedRun:
    """The samples of a temperature run, and how the trigger height truly moved."""

    def __init__(self, samples: Sequence[Record], truth: MachineTruth, toolhead: Xy) -> None:
        warmth = [Warmth(s["t"], s["bed"], s["hotend"]) for s in samples]
        hot = "nozzle" if any(s["place"] == "nozzle" for s in samples) else "bed"
        cold_ones = [n for n, s in enumerate(samples) if s["place"] == "baseline"]
        hot_ones = [n for n, s in enumerate(samples) if s["place"] == hot]
        late = hot_ones[-max(FEWEST, len(hot_ones) // SETTLED_SHARE) :]

        def moved(warmth: Sequence[Warmth]) -> float:
            heights = truth.trigger_changes(warmth, toolhead)
            return mean(heights[n] for n in late) - mean(heights[n] for n in cold_ones)

        def warmed(heater: str) -> float:
            end = median(float(samples[n][heater]) for n in late)
            return end - mean(float(samples[n][heater]) for n in cold_ones)

        self.shift = moved(warmth)
        """The height in the last third of the heat minus the cold height."""
        by_bed = moved([replace(one, nozzle=warmth[0].nozzle) for one in warmth])
        goal = truth.per_degree_bed(toolhead) * warmed("bed") + truth.per_degree_nozzle * warmed("hotend")
        changes = truth.trigger_changes(warmth, toolhead)
        self.remaining = goal - (changes[hot_ones[-1]] - mean(changes[n] for n in cold_ones))
        """How far it would still have moved at the temperatures of the last third."""
        self.per_degree_bed = by_bed / warmed("bed") if warmed("bed") else math.nan
        self.per_degree_nozzle = (self.shift - by_bed) / warmed("hotend") if warmed("hotend") else math.nan


def _backlash(record: Record, known: KnownTruth) -> Iterator[ComparedEstimate]:
    truth = known.truth
    spots = {sample["place"]: (sample["x"], sample["y"]) for sample in record["samples"]}
    lost = {place: truth.lost_motion(toolhead) for place, toolhead in spots.items()}
    if not lost:
        return
    yield from _of(record, "backlash_upper_bound", max(lost.values()))
    names = {
        name: _nearest(place_of(name), spots, truth)
        for name in record["estimates"]
        if name.startswith("backlash_difference@")
    }
    least = [place for place in spots if place not in names.values()]
    for name, place in names.items():
        yield from _of(record, name, lost[place] - lost[least[0]], "backlash_difference@x,y")
    if len(lost) > 1:
        yield from _of(record, "backlash_spread", max(lost.values()) - min(lost.values()))


def _nearest(bed: Xy, spots: Mapping[str, Xy], truth: MachineTruth) -> str:
    return min(spots, key=lambda place: math.dist(truth.probed(spots[place]), bed))


def _auto_z(record: Record, known: KnownTruth) -> Iterator[ComparedEstimate]:
    truth, contact = known.truth, known.contact
    tried = _samples(record, "offset")
    if tried and contact is not None:
        last = tried[-1]
        bed = truth.probed((last["x"], last["y"]))
        off = truth.truth.probe.switch_offset - last["values"]["switch_offset"]
        found = contact + truth.location_bias(bed) + off
        yield from _of(record, "offset", found, "offset, switch_offset aside")
        yield from _of(record, "offset", contact, "offset", claimed=False)
    probe, endstop = truth.truth.probe.noise, truth.truth.z_endstop.noise
    rounding = truth.step**2 / 12.0
    variance = MEDIAN_OF_THREE * (probe**2 + 2.0 * endstop**2 + 3.0 * rounding)
    yield from _of(record, "offset_sigma", math.sqrt(variance))
    yield from _of(record, "endstop_sigma", endstop)


def _first_layer(record: Record, known: KnownTruth) -> Iterator[ComparedEstimate]:
    true = true_adjustment(record, known.truth, known.contact)
    if true is not None:
        own = true + known.truth.truth.person.bias
        yield from _of(record, "adjustment", true)
        yield from _of(record, "adjustment", own, "adjustment, own feel", claimed=False)


def true_adjustment(record: Record, truth: MachineTruth, contact: float | None) -> float | None:
    """How much higher Z 0 has to be, to an unbiased person; None where it is not known."""
    felt, estimate = _samples(record, "paper"), record["estimates"].get("adjustment")
    if contact is None or not felt or estimate is None:
        return None
    at = mean(float(sample["trigger_z"]) for sample in felt)
    return float(estimate["value"]) - (at - contact - truth.truth.person.paper)


def _samples(record: Record, kind: str) -> list[dict[str, Any]]:
    return [sample for sample in record["samples"] if sample["kind"] == kind]


def place_of(name: str) -> Xy:
    """The place in an estimate's name, as in z_offset@25,30."""
    x, y = name.partition("@")[2].split(",")
    return float(x), float(y)


COMPARERS: Mapping[str, Callable[[Record, KnownTruth], Iterator[ComparedEstimate]]] = {
    "probe-xy": _probe_xy,
    "z-offset": _z_offset,
    "accuracy": _accuracy,
    "bias": _bias,
    "temperature": _temperature,
    "backlash": _backlash,
    "auto-z": _auto_z,
    "first-layer": _first_layer,
}
