"""The mean of a few repeats, or one value with a prior for the scatter.

For a probe's X and Y offsets and for repeats of an automatic Z offset: too few values to estimate their scatter well,
so that Student's t for the actual degrees of freedom matters, and a prior where there is one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zcal_tui.stats.combine import UncertaintyPart, combine, pooled_scatter, within
from zcal_tui.stats.intervals import Interval


@dataclass(frozen=True, slots=True)
class Offset:
    """A mean of `n` values. `sigma` is the scatter of one value; None where a single value rests on the prior."""

    mean: Interval
    sigma: Interval | None
    n: int
    dof: float


def mean_of_repeats(
    values: Sequence[float],
    *,
    step: float = 0.0,
    systematic: Mapping[str, float] | None = None,
    prior_sigma: float = 0.0,
    prior_dof: float = 0.0,
    confidence: float = 0.95,
) -> Offset:
    """The mean of repeats (mm) with its interval; a single value needs a prior.

    `step` (mm) is what the values are rounded to: half of it may be off in all of them alike, and its variance
    step² / 12 is the least their scatter is taken to be. `systematic` names further half-widths (mm) within which all
    values may be off alike, such as half the last bracket of a search. The prior: one value scatters with
    about `prior_sigma` (mm), known as well as from `prior_dof` + 1 repeats. Components: "random", "step", and the names
    in `systematic`. ValueError on no value, a value that is not finite, or one value without a prior.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or not len(numbers):
        raise ValueError("at least one value is needed")
    if not np.isfinite(numbers).all():
        raise ValueError("every value must be a finite number")
    n = len(numbers)
    mean = float(numbers.mean())
    scatter = pooled_scatter(
        float(((numbers - mean) ** 2).sum()),
        n - 1.0,
        least=step / math.sqrt(12.0),
        prior_sigma=prior_sigma,
        prior_dof=prior_dof,
    )
    parts = {
        "random": UncertaintyPart(scatter.sigma / math.sqrt(n), scatter.dof),
        "step": within(0.5 * step),
        **{name: within(half_width) for name, half_width in (systematic or {}).items()},
    }
    return Offset(
        mean=combine(mean, parts, confidence),
        sigma=scatter.interval(confidence) if n > 1 else None,
        n=n,
        dof=scatter.dof,
    )
