"""The automatic Z offset from repeats of its calibration: the mean, the drift from repeat to repeat, the height that
moved, and the switch_offset that follows from a paper test.

offset = bed − (switch − nozzle + switch_offset), all as toolhead Z in mm between one homing and the next.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zcal_tui.stats.combine import UncertaintyPart, combine, pooled_scatter, t_quantile
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.offsets import Offset, mean_of_repeats
from zcal_tui.stats.paper import PaperResult
from zcal_tui.stats.quantiles import t_two_sided_p

CONFIDENCE = 0.95
ERROR_RATE = 0.05
"""Shared by the drift tests of the three heights and the offset."""
ENOUGH_REPEATS = 3
"""From this number of repeats on only their own scatter counts, including attaching the probe again; the scatter of
fewer is pooled with that of the samples within them."""
FETCH_SIGMA, FETCH_DOF = 0.003, 3.0
"""mm, and how well it is known: how much a probe that is attached again seats higher or lower. Our assumption for a few
repeats, which show little of it themselves; no source has a figure. With it false drifts stay at 5 % up to 5 µm
(docs/statistics.md)."""
OWN_RESIDUALS = 5
"""From this number of repeats on a drift of what the attached probe measures is judged by its own residuals alone."""
HABIT_TESTS = 3
"""The first sample is tested at nozzle, switch and bed, which share the error rate."""
PAPER_TOLERANCE = 0.010
"""mm. Our assumption about how far a sheet is from its stated thickness. Klipper's documentation (Bed_Level) gives
about 100 µm for copy paper, and no source has a figure for the spread."""


def known_scatter(parts: Sequence[UncertaintyPart]) -> UncertaintyPart:
    """Independent standard uncertainties of one repeat together, with Welch-Satterthwaite's degrees of freedom."""
    total = math.sqrt(sum(part.size**2 for part in parts))
    lost = sum(part.size**4 / part.dof for part in parts if part.size > 0.0)
    return UncertaintyPart(total, total**4 / lost if lost > 0.0 else math.inf)


def mean_offset(
    values: Sequence[float], step: float, samples: UncertaintyPart | None, fetches: int = 0
) -> Offset | None:
    """The mean of the repeats of a height or of the offset (mm). `samples` is the standard uncertainty of one repeat
    from its samples; None where they are unknown, or single. `fetches`: how many of its heights the attached probe
    is in. Returns None where the uncertainty of a single value is
    unknown. Each of the three heights may be seen a step late, which is in the component "sampling"."""
    helped = samples is not None and len(values) < ENOUGH_REPEATS
    if len(values) < 2 and not helped:
        return None
    prior = _fetched(samples, fetches) if helped else UncertaintyPart(0.0, 0.0)
    return mean_of_repeats(
        values,
        step=step,
        systematic={"sampling": 0.5 * math.sqrt(3.0) * step},
        prior_sigma=prior.size,
        prior_dof=min(prior.dof, 1e6),
    )


def _fetched(samples: UncertaintyPart | None, fetches: int) -> UncertaintyPart:
    """The scatter of a repeat from its samples and from attaching the probe again, which `fetches` of its heights
    contain. Its samples alone where none does."""
    own = samples or UncertaintyPart(0.0)
    if not fetches:
        return own
    return UncertaintyPart(math.hypot(own.size, FETCH_SIGMA * math.sqrt(fetches)), FETCH_DOF)


@dataclass(frozen=True, slots=True)
class Drift:
    """How much a value drifts per repeat (mm), with its two-sided p value."""

    size: Interval
    p: float
    tests: int

    @property
    def found(self) -> bool:
        """Whether it is statistically significant at its share of the error rate."""
        return self.p < ERROR_RATE / self.tests


def drift_per_repeat(
    values: Sequence[float],
    step: float,
    samples: UncertaintyPart | None,
    tests: int = 4,
    *,
    fetches: int = 0,
) -> Drift | None:
    """The slope over the repeats; None where it cannot be tested: fewer than three values without `samples`.

    The scatter about the line is that of the residuals, pooled with what the samples are expected to give. Where
    `fetches` of the heights are measured with the attached probe, it is the residuals', below OWN_RESIDUALS repeats
    pooled with what attaching the probe again is expected to give.
    """
    n = len(values)
    residual_dof = n - 2
    if n < 2 or (residual_dof < 1 and samples is None):
        return None
    alone = (samples is None and not fetches) or (fetches > 0 and n >= OWN_RESIDUALS)
    prior = None if alone else _fetched(samples, fetches)
    middle = (n - 1) / 2
    spread = sum((i - middle) ** 2 for i in range(n))
    mean = sum(values) / n
    slope = sum((i - middle) * (value - mean) for i, value in enumerate(values)) / spread
    rest = sum((value - mean - slope * (i - middle)) ** 2 for i, value in enumerate(values))
    scatter = pooled_scatter(
        rest,
        max(0.0, float(residual_dof)),
        least=step / math.sqrt(12.0),
        prior_sigma=0.0 if prior is None else prior.size,
        prior_dof=0.0 if prior is None else min(prior.dof, 1e6),
    )
    error = scatter.sigma / math.sqrt(spread)
    reach = t_quantile(0.5 + 0.5 * CONFIDENCE, scatter.dof) * error
    p = t_two_sided_p(slope / error, max(1, math.floor(scatter.dof))) if error > 0.0 else float(slope == 0.0)
    return Drift(Interval(slope, slope - reach, slope + reach, CONFIDENCE), p, tests)


@dataclass(frozen=True, slots=True)
class FirstSampleHabit:
    """How far the first sample of each repeat lies above the others of its height (mm), with its two-sided p value."""

    size: Interval
    p: float

    @property
    def found(self) -> bool:
        """Whether it is statistically significant at its share of the error rate."""
        return self.p < ERROR_RATE / HABIT_TESTS


def first_sample_habit(repeats: Sequence[Sequence[float]], step: float) -> FirstSampleHabit | None:
    """Whether the first sample of a height is shifted in every repeat: height = repeat + shift · [first] + noise. None
    with fewer than two repeats of three samples. A shift below one step is none."""
    usable = [samples for samples in repeats if len(samples) > 2]
    if len(usable) < 2:
        return None
    # Weighted over the repeats, so that they may differ in the number of samples
    shifts = [samples[0] - sum(samples[1:]) / (len(samples) - 1) for samples in usable]
    weights = [(len(samples) - 1) / len(samples) for samples in usable]
    total = sum(weights)
    size = sum(weight * shift for weight, shift in zip(weights, shifts, strict=True)) / total
    squares = sum(weight * (shift - size) ** 2 for weight, shift in zip(weights, shifts, strict=True))
    for samples in usable:
        mean = sum(samples[1:]) / (len(samples) - 1)
        squares += sum((sample - mean) ** 2 for sample in samples[1:])
    dof = sum(len(samples) - 1 for samples in usable) - 1.0
    scatter = pooled_scatter(squares, dof, least=step / math.sqrt(12.0))
    error = scatter.sigma / math.sqrt(total)
    reach = t_quantile(0.5 + 0.5 * CONFIDENCE, dof) * error
    p = t_two_sided_p(size / error, math.floor(dof)) if error > 0.0 else float(size == 0.0)
    if abs(size) < step:
        p = 1.0
    return FirstSampleHabit(Interval(size, size - reach, size + reach, CONFIDENCE), p)


@dataclass(frozen=True, slots=True)
class Moved:
    """How far something moved between two calibrations, and how far that took the offset (mm)."""

    name: str
    moved: float
    effect: float


def compare(old: Mapping[str, float], new: Mapping[str, float]) -> tuple[Moved, ...]:
    """What changed the offset between two calibrations, the most first: nozzle, switch, bed, switch_offset.

    Heights count from position_endstop, as a change of it moves them all. Homing is by the nozzle, so a longer nozzle
    lowers switch and bed alike and changes no offset: what those two moved together is not counted.
    """
    change = {name: new[name] - old[name] for name in ("nozzle", "switch", "bed", "switch_offset")}
    homed = new.get("position_endstop", 0.0) - old.get("position_endstop", 0.0)
    for name in ("nozzle", "switch", "bed"):
        change[name] -= homed
    together = 0.0
    if change["switch"] * change["bed"] > 0.0:
        together = min(change["switch"], change["bed"], key=abs)
    moves = (
        Moved("nozzle", change["nozzle"], change["nozzle"]),
        Moved("switch", change["switch"], together - change["switch"]),
        Moved("bed", change["bed"], change["bed"] - together),
        Moved("switch_offset", change["switch_offset"], -change["switch_offset"]),
    )
    return tuple(sorted(moves, key=lambda move: -abs(move.effect)))


def tuned_switch_offset(
    used: float, offset: Offset, paper: PaperResult, thickness: float, tolerance: float = PAPER_TOLERANCE
) -> Interval:
    """The switch_offset (mm) with which the offset brings the nozzle to the bed at Z 0: used − (contact − offset).

    Contact is `thickness` (mm, ± `tolerance`) below the height at which the paper drags; with 0 that height itself
    counts as contact, as in CALCULATE_SWITCH_OFFSET. Components: "offset", "feel", "resolution", "step", "paper".
    """
    contact = paper.height.value - thickness
    own = dict(offset.mean.components)
    random = own.pop("random", 0.0)
    parts = {
        "offset": UncertaintyPart(random, offset.dof),
        "feel": UncertaintyPart(paper.height.components["feel"], paper.dof),
        "resolution": UncertaintyPart(paper.height.components["resolution"]),
        "step": UncertaintyPart(math.hypot(*own.values(), paper.height.components["step"])),
        "paper": UncertaintyPart((tolerance if thickness > 0.0 else 0.0) / math.sqrt(3.0)),
    }
    return combine(used - (contact - offset.mean.value), parts, CONFIDENCE)


def gap_error(
    paper: PaperResult, expected: float, thickness: float, tolerance: float = PAPER_TOLERANCE
) -> Interval:
    """How much higher (mm) Z 0 has to be: the height at which the paper drags less the one at which it should.
    `thickness` is what of `expected` is paper. Components: "feel", "resolution", "step", "paper"."""
    parts = {
        "feel": UncertaintyPart(paper.height.components["feel"], paper.dof),
        "resolution": UncertaintyPart(paper.height.components["resolution"]),
        "step": UncertaintyPart(paper.height.components["step"]),
        "paper": UncertaintyPart((tolerance if thickness > 0.0 else 0.0) / math.sqrt(3.0)),
    }
    return combine(paper.height.value - expected, parts, CONFIDENCE)
