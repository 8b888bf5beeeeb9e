"""Parts of an uncertainty put together."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from zcal_tui.stats.combine import (
    MANY_DEGREES,
    Scatter,
    UncertaintyPart,
    combine,
    effective_dof,
    pooled_scatter,
    within,
)


def test_a_random_part_alone_has_students_t_for_its_degrees() -> None:
    interval = combine(1.0, {"random": UncertaintyPart(0.01, 4)}, 0.95)
    assert interval.high == pytest.approx(1.0 + stats.t.ppf(0.975, 4) * 0.01)
    assert interval.components == {"random": 0.01}


def test_a_known_part_has_the_normal_quantile() -> None:
    interval = combine(0.0, {"step": within(0.003)}, 0.95)
    assert interval.high == pytest.approx(stats.norm.ppf(0.975) * 0.003 / math.sqrt(3))


def test_degrees_of_freedom_by_welch_and_satterthwaite() -> None:
    assert effective_dof({"a": UncertaintyPart(1.0, 4), "b": UncertaintyPart(1.0, 4)}) == pytest.approx(8)
    assert effective_dof({"a": UncertaintyPart(1.0, 4), "b": UncertaintyPart(1.0)}) == pytest.approx(16)
    assert effective_dof({"a": UncertaintyPart(0.0, 4), "b": UncertaintyPart(1.0)}) == math.inf


def test_nothing_uncertain_is_a_point() -> None:
    interval = combine(0.5, {"random": UncertaintyPart(0.0, 3)}, 0.95)
    assert (interval.low, interval.high) == (0.5, 0.5)


def test_a_prior_counts_like_as_many_values() -> None:
    pooled = pooled_scatter(3 * 0.006**2, 3, prior_sigma=0.010, prior_dof=6)
    assert pooled.dof == 9
    assert pooled.sigma == pytest.approx(math.sqrt((3 * 0.006**2 + 6 * 0.010**2) / 9))


def test_the_least_scatter_is_that_of_rounding() -> None:
    assert pooled_scatter(0.0, 4, least=0.001).sigma == 0.001


def test_neither_data_nor_prior_is_refused() -> None:
    with pytest.raises(ValueError, match="scatter"):
        pooled_scatter(0.0, 0)


def test_sigma_has_the_chi_square_interval() -> None:
    interval = Scatter(0.004, 9).interval(0.95)
    assert interval.low == pytest.approx(0.004 * math.sqrt(9 / stats.chi2.ppf(0.975, 9)))
    assert interval.high == pytest.approx(0.004 * math.sqrt(9 / stats.chi2.ppf(0.025, 9)))
    assert Scatter(0.004, MANY_DEGREES).interval(0.95).high == 0.004
