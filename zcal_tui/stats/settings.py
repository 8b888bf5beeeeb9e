"""Whether a probe scatters less with other settings, each compared with the present ones under one error rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

DRAWS = 4000
"""Permutations that a comparison is judged by."""
_SEED = 20_000


@dataclass(frozen=True, slots=True)
class SettingComparison:
    """One setting against the reference: `ratio` of their mean absolute deviations, the probability `p` of so
    small a ratio without a difference, and whether it is significantly `better` under the shared error rate."""

    name: str
    ratio: float
    p: float
    better: bool


def compare_scatter(
    reference: Sequence[Sequence[float]],
    settings: Mapping[str, Sequence[float]],
    *,
    error_rate: float = 0.05,
) -> tuple[SettingComparison, ...]:
    """Compares the scatter of each setting's heights (mm, in the order taken, three at least) with that of the
    reference, which may have been taken in several series.

    A straight drift is taken out of each series. What is compared is the mean absolute deviation from the median
    (Brown and Forsythe), by permutation, so that neither rounding to steps nor outliers need a model. The comparisons
    share the error rate (Holm): with probability `error_rate` at most anything is called better that is not. ValueError
    on a series that is too short.
    """
    own = np.concatenate([deviations(series) for series in reference])
    found = {name: _less(own, deviations(heights)) for name, heights in settings.items()}
    better: set[str] = set()
    for place, name in enumerate(sorted(found, key=lambda name: found[name][1])):
        if found[name][1] > error_rate / (len(found) - place):
            break
        better.add(name)
    return tuple(SettingComparison(name, ratio, p, name in better) for name, (ratio, p) in found.items())


def deviations(heights: Sequence[float]) -> FloatArray:
    """Absolute deviations from the median, with a straight drift taken out, scaled for what that costs."""
    values = np.asarray(heights, dtype=np.float64)
    if len(values) < 3:
        raise ValueError("at least three heights are needed")
    number = np.arange(len(values)) - 0.5 * (len(values) - 1)
    rest = values - values.mean()
    rest = rest - number * float(number @ rest) / float(number @ number)
    scaled: FloatArray = np.abs(rest - np.median(rest)) * np.sqrt(len(values) / (len(values) - 2.0))
    return scaled


def _less(reference: FloatArray, other: FloatArray) -> tuple[float, float]:
    """The ratio of the means, and how often a permutation has one as small."""
    both = np.concatenate([reference, other])
    total, count = float(both.sum()), len(other)
    seen = float(other.sum())
    sums = both[_choices(len(both), count)].sum(axis=1)
    as_small = int((sums <= seen + 1e-12).sum())
    scale = (total - seen) / len(reference)
    ratio = seen / count / scale if scale > 0.0 else 1.0
    return ratio, (1.0 + as_small) / (1.0 + DRAWS)


@lru_cache(maxsize=32)
def _choices(size: int, count: int) -> NDArray[np.intp]:
    """Random choices of so many out of `size`, one a row."""
    keys = np.random.default_rng(_SEED).random((DRAWS, size))
    return np.argsort(keys, axis=1)[:, :count]
