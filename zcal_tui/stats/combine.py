"""Uncertainties put together: random parts that have degrees of freedom, systematic parts that have limits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.quantiles import chi2_ppf, normal_ppf, t_ppf

MANY_DEGREES = 500
"""From here on Student's t is taken to be normal."""


@dataclass(frozen=True, slots=True)
class UncertaintyPart:
    """A standard uncertainty and its degrees of freedom (infinite: exactly known)."""

    size: float
    dof: float = math.inf


def within(half_width: float) -> UncertaintyPart:
    """The part for a quantity that may lie anywhere within ± `half_width` (GUM 4.3.7)."""
    return UncertaintyPart(half_width / math.sqrt(3.0))


def t_quantile(p: float, dof: float) -> float:
    """Student's t quantile for degrees of freedom that need not be whole; they are rounded down, but not below 1."""
    return t_ppf(p, max(1, math.floor(dof))) if dof < MANY_DEGREES else normal_ppf(p)


def effective_dof(parts: Mapping[str, UncertaintyPart]) -> float:
    """Degrees of freedom of the parts together (Welch-Satterthwaite)."""
    combined = sum(part.size**2 for part in parts.values())
    lost = sum(part.size**4 / part.dof for part in parts.values())
    return combined * combined / lost if lost > 0.0 else math.inf


def combine(value: float, parts: Mapping[str, UncertaintyPart], confidence: float) -> Interval:
    """The interval about `value` from independent parts. Its components are the parts' sizes.

    Each part is widened by Student's t for its own degrees of freedom, and the results are added as squares. With two
    or three repeats Welch-Satterthwaite's common degrees of freedom cover too seldom: where the repeats happen to agree
    they count the parts as known.
    """
    upper = 0.5 + 0.5 * confidence
    reach = math.sqrt(sum((t_quantile(upper, part.dof) * part.size) ** 2 for part in parts.values()))
    sizes = {name: part.size for name, part in parts.items()}
    return Interval(value, value - reach, value + reach, confidence, sizes)


@dataclass(frozen=True, slots=True)
class Scatter:
    """A standard deviation `sigma` and its degrees of freedom."""

    sigma: float
    dof: float

    def interval(self, confidence: float) -> Interval:
        """Sigma with its chi-square interval."""
        if self.dof >= MANY_DEGREES:
            return Interval(self.sigma, self.sigma, self.sigma, confidence)
        tail = 0.5 * (1.0 - confidence)
        # Only whole and half degrees occur; the quantile is cached by its arguments.
        low, high = (math.sqrt(self.dof / chi2_ppf(p, self.dof)) for p in (1.0 - tail, tail))
        return Interval(self.sigma, self.sigma * low, self.sigma * high, confidence)


def pooled_scatter(
    sum_of_squares: float, dof: float, *, least: float = 0.0, prior_sigma: float = 0.0, prior_dof: float = 0.0
) -> Scatter:
    """The sigma from residuals together with a prior (scaled inverse chi-square: the degrees of freedom add).

    The residuals' own variance is taken to be `least`² at the least: rounding's, where all readings are on one step.
    ValueError where there is neither a degree of freedom nor a prior.
    """
    if dof + prior_dof <= 0.0:
        raise ValueError("neither the data nor a prior determine the scatter")
    from_data = max(sum_of_squares, dof * least * least)
    from_prior = prior_dof * max(prior_sigma, least) ** 2
    return Scatter(math.sqrt((from_data + from_prior) / (dof + prior_dof)), dof + prior_dof)
