"""A quantity at several spots of the bed, such as backlash: how much at each, and whether a spot differs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zcal_tui.stats.combine import Scatter, UncertaintyPart, combine, effective_dof, pooled_scatter, within
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.spread import SpreadEvidence, tukey_quantile

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SpotSamples:
    """What was measured at a spot: mean and sample standard deviation (n − 1) of `n` values, in mm."""

    name: str
    mean: float
    sd: float
    n: int

    @classmethod
    def of(cls, name: str, values: Sequence[float]) -> SpotSamples:
        """The same from the values (mm) themselves. ValueError on no value."""
        numbers = np.asarray(values, dtype=np.float64)
        if not len(numbers):
            raise ValueError(f"{name}: at least one value is needed")
        sd = float(numbers.std(ddof=1)) if len(numbers) > 1 else 0.0
        return cls(name, float(numbers.mean()), sd, len(numbers))


@dataclass(frozen=True, slots=True)
class SpotEstimate:
    """A spot's value (mm) with its own interval, a one-sided upper bound of the same confidence, and whether it is
    significantly above zero (`found`)."""

    name: str
    value: Interval
    upper_bound: float
    found: bool


@dataclass(frozen=True, slots=True)
class SpotDifference:
    """Spot `a` minus spot `b` (mm); the intervals of all pairs hold together."""

    a: str
    b: str
    size: Interval


@dataclass(frozen=True, slots=True)
class OutlyingSpot:
    """The spot that differs significantly: its value (mm) minus the mean of the others'."""

    name: str
    distance: Interval


@dataclass(frozen=True, slots=True)
class SpotComparison:
    """The result of `compare_spots`; lengths in mm.

    `found` is whether anything at all is significantly above zero; its false alarm rate over all spots is 5 % when
    nothing is there. `largest` is the largest true value. `spread` is the largest minus the smallest true value, None
    for a single spot. `outlying` is None where no spot differs significantly from the others (5 % over all spots), or
    there are fewer than three spots.
    """

    spots: tuple[SpotEstimate, ...]
    mean: Interval
    upper_bound: float
    found: bool
    largest: Interval
    differences: tuple[SpotDifference, ...]
    spread: Interval | None
    outlying: OutlyingSpot | None
    sigma: Interval
    dof: float


def compare_spots(
    spots: Sequence[SpotSamples],
    *,
    step: float = 0.0,
    slope_error: float = 0.0,
    confidence: float = 0.95,
) -> SpotComparison:
    """Compares one or more spots, their scatter pooled.

    `step` (mm) is what the values are rounded to; half of it may be off at each spot. `slope_error` is the relative
    half-width of the sensor's slope error, common to all spots. ValueError on no spot, a name twice, a spot without
    values, or no spot with two.
    """
    if not spots or len({spot.name for spot in spots}) < len(spots):
        raise ValueError("at least one spot is needed, each with its own name")
    if min(spot.n for spot in spots) < 1:
        raise ValueError("every spot needs at least one value")
    scatter = pooled_scatter(
        sum((spot.n - 1) * spot.sd**2 for spot in spots),
        sum(spot.n - 1 for spot in spots),
        least=step / math.sqrt(12.0),
    )
    count = len(spots)
    means = np.array([spot.mean for spot in spots])
    weights = np.array([1.0 / spot.n for spot in spots])
    scale = _Scale(scatter, means, weights, within(0.5 * step).size, slope_error, confidence)
    unit = np.eye(count)
    whole = np.full(count, 1.0 / count)
    # Half of the error rate for the mean over all spots, half for a spot by itself.
    alarm = (1.0 - confidence) / (1.0 if count == 1 else 2.0)
    estimates = tuple(
        SpotEstimate(
            spot.name,
            scale.estimate(unit[i]),
            scale.upper_bound(unit[i]),
            scale.exceeds_zero(unit[i], alarm / count),
        )
        for i, spot in enumerate(spots)
    )
    return SpotComparison(
        spots=estimates,
        mean=scale.estimate(whole),
        upper_bound=scale.upper_bound(whole),
        found=any(spot.found for spot in estimates) or scale.exceeds_zero(whole, alarm),
        largest=scale.largest(),
        differences=tuple(
            SpotDifference(spots[i].name, spots[j].name, scale.pair(unit[i] - unit[j]))
            for i in range(count)
            for j in range(i + 1, count)
        ),
        spread=scale.spread() if count > 1 else None,
        outlying=_outlying(spots, scale) if count > 2 else None,
        sigma=scatter.interval(confidence),
        dof=scatter.dof,
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """Estimates of weighted sums of the spots' values. `weights` are the variances of the means in units of sigma²."""

    scatter: Scatter
    means: FloatArray
    weights: FloatArray
    rounding: float
    slope_error: float
    confidence: float

    def parts(self, contrast: FloatArray) -> dict[str, UncertaintyPart]:
        value = float(contrast @ self.means)
        # Rounding may be off alike at all spots that are added, and differently at those that are compared.
        alike = max(abs(float(contrast.sum())), math.sqrt(float(contrast @ contrast)))
        return {
            "random": UncertaintyPart(
                self.scatter.sigma * math.sqrt(float(contrast**2 @ self.weights)), self.scatter.dof
            ),
            "step": UncertaintyPart(self.rounding * alike),
            "slope": within(abs(value) * self.slope_error),
        }

    def estimate(self, contrast: FloatArray, error: float | None = None) -> Interval:
        """The interval with this error rate, by default that of the confidence."""
        level = self.confidence if error is None else 1.0 - error
        interval = combine(float(contrast @ self.means), self.parts(contrast), level)
        return Interval(interval.value, interval.low, interval.high, self.confidence, interval.components)

    def upper_bound(self, contrast: FloatArray) -> float:
        """One-sided, with the whole error rate; a negative one is zero."""
        high = self.estimate(contrast, 2.0 * (1.0 - self.confidence)).high
        return max(0.0, high or 0.0)

    def exceeds_zero(self, contrast: FloatArray, error: float) -> bool:
        low = self.estimate(contrast, 2.0 * error).low
        return low is not None and low > 0.0

    def largest(self) -> Interval:
        """The largest true value: a lower bound at once for all spots; the upper one needs none of that, since the
        spot where the truth is largest is below its own."""
        unit = np.eye(len(self.means))
        error = 1.0 - self.confidence
        lows = [self.estimate(row, error / len(unit)).low for row in unit]
        highs = [self.estimate(row).high for row in unit]
        return Interval(
            float(self.means.max()),
            max(low for low in lows if low is not None),
            max(high for high in highs if high is not None),
            self.confidence,
        )

    def pair(self, contrast: FloatArray) -> Interval:
        """A difference of two spots; the intervals of all pairs hold together (Tukey)."""
        parts = self.parts(contrast)
        size = math.sqrt(sum(part.size**2 for part in parts.values()))
        reach = tukey_quantile(self.confidence, len(self.means), effective_dof(parts)) * size / math.sqrt(2.0)
        value = float(contrast @ self.means)
        sizes = {name: part.size for name, part in parts.items()}
        return Interval(value, value - reach, value + reach, self.confidence, sizes)

    def spread(self) -> Interval:
        """The largest minus the smallest true value."""
        factor = self.weights[:, None] + self.weights[None, :]
        evidence = SpreadEvidence(self.means, factor, self.scatter.sigma, self.scatter.dof, self.rounding)
        low, high = evidence.bounds(0.5 * (1.0 - self.confidence))
        return Interval(
            evidence.range, low * (1.0 - self.slope_error), high * (1.0 + self.slope_error), self.confidence
        )


def _outlying(spots: Sequence[SpotSamples], scale: _Scale) -> OutlyingSpot | None:
    """The spot farthest from the mean of the others in units of its uncertainty, if that is significant."""
    count = len(spots)
    each = (1.0 - scale.confidence) / count
    contrasts = np.eye(count) * (count / (count - 1.0)) - 1.0 / (count - 1.0)
    distances = [scale.estimate(contrast, each) for contrast in contrasts]
    clear = [
        i
        for i, d in enumerate(distances)
        if d.low is not None and d.high is not None and d.low * d.high > 0.0
    ]
    if not clear:
        return None
    farthest = max(clear, key=lambda i: abs(distances[i].value))
    return OutlyingSpot(spots[farthest].name, distances[farthest])
