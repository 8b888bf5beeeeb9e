"""From readings to estimates, verdict and advice of the check `backlash`. Pure."""

import statistics
from collections.abc import Iterator, Sequence

from zcal_tui.checks.backlash.comparison import ComparedVisits, OutlyingPairs, compare_visits
from zcal_tui.checks.backlash.instrument import InstrumentProperties, Reading
from zcal_tui.checks.backlash.spots import HERE
from zcal_tui.checks.estimates import estimate
from zcal_tui.model import limits
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, Event, VerdictReached
from zcal_tui.model.record import Change, Estimate, Level, Verdict
from zcal_tui.model.units import length
from zcal_tui.printer.places import Place
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.spots import OutlyingSpot, SpotComparison, SpotEstimate
from zcal_tui.stats.undetected import undetected_bound
from zcal_tui.stats.verdicts.backlash import SIMILAR_SOURCE, judge_backlash, negative_spots
from zcal_tui.stats.verdicts.rule import consequence, not_measured

DIGITS = 5
LEAST_NOISE = 1e-6
"""mm: the last digit of a probed height."""
WHERE_IT_SHOWS = (
    "Backlash does not affect homing, probing and the paper test: they always approach from above. It "
    "shows where Z goes up while printing: over a bed mesh, in vase mode, after a Z hop."
)

OUTLIERS_ADVICE = (
    "Outliers come from the probe, not from the Z drives. Check it with Repeatability (`accuracy`)."
)


class BacklashReport:
    """Grows by one visit at a time. `step` is the Z step distance in mm."""

    def __init__(self, places: Sequence[Place], properties: InstrumentProperties, step: float) -> None:
        self._places = {place.name: place for place in places}
        self._properties = properties
        self._step = step
        self._readings: dict[str, list[Reading]] = {place.name: [] for place in places}
        self._noise: tuple[float, int, int] | None = None

    def add(self, place: Place, reading: Reading) -> EstimateUpdated | None:
        """Add a visit. Returns the estimates, once every place was visited."""
        self._readings[place.name].append(reading)
        compared = self._compared()
        return None if compared is None else EstimateUpdated(self._estimates(compared.places))

    @property
    def found_none(self) -> bool:
        """Whether the instrument's own test found no backlash at any visit."""
        return all(reading.none for visits in self._readings.values() for reading in visits)

    def add_noise(self, heights: Sequence[float], pairs: int) -> None:
        """Probed heights (mm). Their scatter shows what the instrument's test of `pairs` approaches may have missed."""
        if len(heights) > 1:
            self._noise = statistics.stdev(heights), len(heights), pairs

    def conclusion(self, proposal: Change | None = None) -> Iterator[Event]:
        """The verdict and what follows from it; nothing where too little was measured. `proposal` is the config value
        that is calibrated, without its new value."""
        visits = self._compared()
        if visits is None:
            return
        compared = visits.places
        yield EstimateUpdated(self._estimates(compared))
        if self.found_none:
            yield VerdictReached(_none_verdict(self._undetected()))
            yield AdviceGiven(WHERE_IT_SHOWS)
            return
        rule = judge_backlash(compared, step=self._step, upper_bound_only=self._properties.upper_bound_only)
        level = Level(rule.level)
        *found, end = rule.reasons
        left_out = visits.left_out
        outliers = [] if left_out is None else [_outliers_reason(left_out)]
        reasons = [*found, *outliers, self._properties.method, end]
        if compared.outlying is not None and level is Level.PASS:
            reasons.insert(1, _outlying_reason(compared.outlying))
        yield VerdictReached(Verdict(level, self._summary(level, compared), tuple(reasons)))
        for advice in rule.advice:
            if advice.key != "more-samples" or not self._only_the_switch(compared):
                yield AdviceGiven(advice.text)
        if compared.outlying is not None and compared.outlying.distance.value > 0.0 and level is Level.PASS:
            yield AdviceGiven(_inspect(compared.outlying.name))
        if left_out is not None:
            yield AdviceGiven(OUTLIERS_ADVICE)
        if self._properties.upper_bound_only:
            yield AdviceGiven(
                "To separate backlash from the switch's own travel, set --switch-hysteresis, or "
                "switch_hysteresis in [zcal]. Datasheets call it differential travel or hysteresis."
            )
        if proposal is not None:
            yield self._proposed(proposal, compared.spots[0])
        yield AdviceGiven(WHERE_IT_SHOWS)

    def proposed(self, proposal: Change) -> tuple[float, Change] | None:
        """The value (mm) to calibrate and its change; None where it is not significant, or not different from the one
        in force."""
        compared = self._compared()
        if compared is None or self.found_none or not compared.places.spots[0].found:
            return None
        spot = compared.places.spots[0]
        changes = self._proposed(proposal, spot).changes
        return (spot.value.value, changes[0]) if changes else None

    def _compared(self) -> ComparedVisits | None:
        visits = min(len(readings) for readings in self._readings.values())
        if not visits:
            return None
        # In a round that is not complete, all places count as often as the least visited one
        complete = {name: readings[:visits] for name, readings in self._readings.items()}
        return compare_visits(complete, self._properties.step, self._step)

    def _only_the_switch(self, compared: SpotComparison) -> bool:
        """Whether only the switch's own travel leaves the verdict open."""
        high = None if compared.spread is None else compared.spread.high
        return self._properties.upper_bound_only and (high is None or high <= limits.Z_ACCURACY.value)

    def _undetected(self) -> float | None:
        """What backlash may be at most where none was found, mm; None where the noise is unknown."""
        if self._noise is None:
            return None
        sd, n, pairs = self._noise
        # Readings that are all alike scatter by less than the console prints
        sd = max(sd, LEAST_NOISE)
        visits = ([reading.t for reading in readings] for readings in self._readings.values())
        return max(undetected_bound(t_values, sd, n, pairs) for t_values in visits)

    def _estimates(self, compared: SpotComparison) -> dict[str, Estimate]:
        if self.found_none:
            return {"backlash": Estimate("backlash", None, None, self._undetected())}
        many = len(compared.spots) > 1
        found: dict[str, Estimate] = {}
        if self._properties.upper_bound_only:
            most = max(spot.upper_bound for spot in compared.spots)
            found["backlash_upper_bound"] = Estimate("backlash_upper_bound", None, None, most)
            least = min(compared.spots, key=lambda spot: spot.value.value).name
            for difference in compared.differences:
                if least in (difference.a, difference.b):
                    other, size = difference.b, _turned(difference.size)
                    if difference.b == least:
                        other, size = difference.a, difference.size
                    name = f"backlash_difference@{self._at(other)}"
                    found[name] = estimate(name, size)
        else:
            mean = compared.mean
            found["backlash"] = _from_zero("backlash", mean, compared.upper_bound, compared.found)
            for spot in compared.spots if many else ():
                name = f"backlash@{self._at(spot.name)}"
                found[name] = _from_zero(name, spot.value, spot.upper_bound, spot.found)
        if compared.spread is not None:
            found["backlash_spread"] = estimate("backlash_spread", compared.spread)
        found["backlash_sigma"] = estimate("backlash_sigma", compared.sigma)
        return found

    def _at(self, name: str) -> str:
        x, y = self._places[name].bed
        return f"{x:g},{y:g}"

    def _summary(self, level: Level, compared: SpotComparison) -> str:
        many = len(compared.spots) > 1
        only = compared.spots[0].name
        where = f"at {len(compared.spots)} places" if many else only if only == HERE else f"at {only}"
        negative = () if self._properties.upper_bound_only else negative_spots(compared)
        if negative and level is Level.UNKNOWN:
            worst = min(negative, key=lambda spot: spot.value.value)
            at = worst.name if worst.name == HERE else f"at {worst.name}"
            return f"Backlash is negative {at} ({length(worst.value.value)}), which lost motion cannot be."
        if self._properties.upper_bound_only:
            size = f"at most {length(max(spot.upper_bound for spot in compared.spots))} {where}"
        elif not compared.found:
            size = f"not statistically significant, at most {length(compared.upper_bound)}, {where}"
        else:
            size = f"{length(compared.mean.value)} {where}" + (" on average" if many else "")
        match level:
            case Level.PASS:
                return f"Backlash is harmless: {size}."
            case Level.WARN:
                return f"Backlash is visible in prints: {size}."
            case Level.FAIL:
                return f"Backlash is a mechanical fault: {size}."
            case Level.UNKNOWN:
                return f"Not decided whether backlash is harmless: {size}."

    def _proposed(self, proposal: Change, spot: SpotEstimate) -> AdviceGiven:
        high = spot.value.high
        if high is not None and high < 0.0:
            return AdviceGiven(
                f"No value is proposed, because the estimate is negative ({length(spot.value.value)})."
            )
        value = spot.value.value if spot.found else 0.0
        new = f"{value:.{DIGITS}f}"
        if _same(proposal.old, new) or _within_error(proposal.old, spot.value):
            return AdviceGiven(f"No change needed: [{proposal.section}] {proposal.option} is right.")
        text = (
            f"Set {proposal.option} to {length(value)}. Upward moves of [{proposal.section}] then overshoot by that "
            "much and come down to their end. Prints do not change."
            if spot.found
            else "No compensation needed: the backlash is not statistically significant."
        )
        if not spot.found and (proposal.old is None or not proposal.saves):
            # A plugin tests each visit by itself: one that finds some by chance changes nothing, as if none had
            return AdviceGiven(text)
        change = Change(
            proposal.section,
            proposal.option,
            proposal.old,
            new,
            saves=proposal.saves,
            effect=proposal.effect,
        )
        return AdviceGiven(text, (change,))


def _from_zero(name: str, interval: Interval, upper_bound: float, found: bool) -> Estimate:
    """One-sided where the value is not significantly above zero."""
    if found:
        return estimate(name, interval)
    return Estimate(
        name,
        interval.value,
        None,
        upper_bound,
        confidence=interval.confidence,
        components=interval.components,
    )


def _turned(interval: Interval) -> Interval:
    low = None if interval.high is None else -interval.high
    high = None if interval.low is None else -interval.low
    return Interval(-interval.value, low, high, interval.confidence, interval.components)


def _outlying_reason(outlying: OutlyingSpot) -> str:
    word = "more" if outlying.distance.value > 0.0 else "less"
    return (
        f"{outlying.name} loses {length(abs(outlying.distance.value))} {word} than the others on average. "
        "That is statistically significant (error rate 5 %), but within the limit. "
        f"{limits.Z_ACCURACY.sentence}"
    )


def _outliers_reason(left_out: OutlyingPairs) -> str:
    where = ", ".join(f"{name}: {count}" for name, count in left_out.places.items())
    if left_out.count == 1:
        return (
            f"1 of {left_out.pairs} pairs is an outlier, {length(left_out.farthest)} from the others of its visit "
            f"({where}; error rate 5 %). It is left out."
        )
    return (
        f"{left_out.count} of {left_out.pairs} pairs are outliers, up to {length(left_out.farthest)} from the others "
        f"of their visit ({where}; error rate 5 %). They are left out."
    )


def _inspect(name: str) -> str:
    return (
        f"To improve it, check the Z drive nearest to {name}: belt tension, lead screw and nut, coupling, "
        f"grub screws ({SIMILAR_SOURCE}, names belts and lead screws)."
    )


def _none_verdict(bound: float | None) -> Verdict:
    found = "The probe's own test found no statistically significant difference (|t| below 2, Cartographer's limit)."
    if bound is None:
        return Verdict(
            Level.UNKNOWN,
            "No backlash found.",
            (
                found,
                "How small a difference it would have found is not known: no samples of the probe were taken.",
                not_measured("How much Z is off"),
            ),
        )
    within = bound <= limits.Z_ACCURACY.value
    shown = (
        f"By the scatter of the probe's samples here, backlash is at most {length(bound)} (95 %). "
        f"{limits.Z_ACCURACY.sentence}"
    )
    summary = f"No backlash found: at most {length(bound)}."
    return Verdict(
        Level.PASS if within else Level.UNKNOWN,
        summary,
        (found, shown, consequence(bound, "Backlash of up to {}")),
    )


def _within_error(old: str | None, value: Interval) -> bool:
    """Whether the configured value lies within the estimate's interval."""
    try:
        return old is not None and value.covers(float(old))
    except ValueError:
        return False


def _same(old: str | None, new: str) -> bool:
    try:
        return old is not None and float(old) == float(new)
    except ValueError:
        return False
