# Heights from series of samples, and the Z offset from three heights
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
"""Heights are toolhead Z in mm at the trigger. "Half width" is half of a 95% interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Sequence

from ..zcal.quantiles import two_sided_t  # noqa: TID252 (the package above has another name on every Klipper)


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean."""
    return sum(values) / len(values)


def median(values: Sequence[float]) -> float:
    """The median."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2.0


def sample_sigma(values: Sequence[float]) -> float | None:
    """The sample standard deviation (n - 1); None for a single value."""
    if len(values) < 2:
        return None
    center = mean(values)
    return math.sqrt(sum((value - center) ** 2 for value in values) / (len(values) - 1))


def population_sigma(values: Sequence[float]) -> float:
    """The standard deviation that Klipper prints: divided by n."""
    center = mean(values)
    return math.sqrt(sum((value - center) ** 2 for value in values) / len(values))


@dataclass(frozen=True)
class SampledHeight:
    """One of the heights of a calibration, from its samples."""

    samples: list[float]
    method: str
    step: float
    """Step distance, mm: the best accuracy of a trigger height."""

    @property
    def value(self) -> float:
        """The median or average of the samples."""
        return median(self.samples) if self.method == "median" else mean(self.samples)

    @property
    def sigma(self) -> float | None:
        """The sample standard deviation; None for a single sample."""
        return sample_sigma(self.samples)

    @property
    def variance(self) -> float | None:
        """The variance of `value`. That of a median is pi / (2 n + pi - 2) of a sample's, for normal scatter."""
        sigma = self.sigma
        if sigma is None:
            return None
        count = len(self.samples)
        share = 1.0 / count if self.method != "median" else math.pi / (2.0 * count + math.pi - 2.0)
        return sigma * sigma * share

    @property
    def half_width(self) -> float | None:
        """Half of the 95% interval of `value`, including one step; None for a single sample."""
        variance = self.variance
        if variance is None:
            return None
        return math.hypot(two_sided_t(len(self.samples) - 1) * math.sqrt(variance), self.step)

    def status(self) -> dict[str, Any]:
        """The height as plain, finite values for the status, mm."""
        half = self.half_width
        return {
            "value": round(self.value, 9),
            "sigma": None if self.sigma is None else round(self.sigma, 9),
            "interval": None if half is None else [round(self.value - half, 9), round(self.value + half, 9)],
            "samples": [round(height, 9) for height in self.samples],
        }


@dataclass(frozen=True)
class BedPoint:
    """The probe's trigger height at one point of the bed."""

    height: SampledHeight
    twist: float = 0.0
    """What [axis_twist_compensation] adds at this point, mm."""
    mesh: float = 0.0
    """The active bed mesh at this point, relative to the first point, mm."""

    @property
    def flat(self) -> float:
        """The height without the mesh's share, before the twist is added."""
        return self.height.value - self.mesh


@dataclass(frozen=True)
class CalibrationHeights:
    """The three heights of a calibration; the bed at one or more points."""

    nozzle: SampledHeight
    switch: SampledHeight
    bed: list[BedPoint]

    @property
    def bed_value(self) -> float:
        """The mean height of the bed points."""
        return mean([point.flat for point in self.bed])

    @property
    def twist(self) -> float:
        """What [axis_twist_compensation] adds to the bed's height."""
        return mean([point.twist for point in self.bed])

    @property
    def bed_range(self) -> float:
        """The range of the bed points."""
        flat = [point.flat + point.twist for point in self.bed]
        return max(flat) - min(flat)

    def offset(self, switch_offset: float) -> float:
        """The G-code offset (mm) with which the nozzle touches the bed at Z 0."""
        return self.bed_value + self.twist - (self.switch.value - self.nozzle.value + switch_offset)

    def half_width(self, drift: float = 0.0) -> float | None:
        """Half of the 95% interval of the offset; None if a height has a single sample.

        Includes the scatter of the three heights with Welch's degrees of freedom, one step for each height, and
        `drift`, the change of the nozzle's height during the calibration. Excludes the error of switch_offset.
        """
        share = 1.0 / len(self.bed)
        parts = [(self.nozzle, 1.0), (self.switch, 1.0)] + [(point.height, share) for point in self.bed]
        total = spread = 0.0
        for part, weight in parts:
            if part.variance is None:
                return None
            variance = part.variance * weight * weight
            total += variance
            spread += variance * variance / (len(part.samples) - 1)
        random = two_sided_t(max(1.0, total * total / spread)) * math.sqrt(total) if total > 0.0 else 0.0
        steps = self.nozzle.step**2 + self.switch.step**2 + self.bed[0].height.step ** 2
        return math.sqrt(random**2 + steps + drift**2)

    def values(self) -> dict[str, float]:
        """The heights by name."""
        return {"nozzle": self.nozzle.value, "switch": self.switch.value, "bed": self.bed_value + self.twist}


def micrometres(value: float, sign: bool = False) -> str:
    """A length for display, in µm below 1 mm."""
    if abs(value) >= 1.0:
        return f"{value:+.3f} mm" if sign else f"{value:.3f} mm"
    small = round(value * 1000.0, 1) + 0.0  # avoids -0.0
    return f"{small:+.1f} µm" if sign else f"{small:.1f} µm"
