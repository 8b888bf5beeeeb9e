"""How wide a series of ten spans, against simulation."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from zcal_tui.stats.series import exceedance, expected_range, noise_exceedance, range_cdf

FloatArray = NDArray[np.float64]

FLAT: FloatArray = np.zeros(10)
DRIFT: FloatArray = 0.0015 * np.arange(10, dtype=np.float64)
FIRST: FloatArray = np.array([0.012] + [0.0] * 9)


def spans(sigma: float, offsets: FloatArray, step: float, runs: int = 40_000) -> FloatArray:
    rng = np.random.default_rng(11)
    heights = sigma * rng.standard_normal((runs, 10)) + offsets
    if step:
        heights = np.floor(heights / step + rng.random((runs, 1))) * step
    result: FloatArray = np.ptp(heights, axis=1)
    return result


@pytest.mark.parametrize("offsets", [FLAT, DRIFT, FIRST], ids=["flat", "drift", "first"])
@pytest.mark.parametrize(
    ("sigma", "step"), [(0.006, 0.0), (0.008, 0.0025), (0.006, 0.0125), (0.004, 0.03), (0.001, 0.011)]
)
def test_exceedance(sigma: float, step: float, offsets: FloatArray) -> None:
    seen = (spans(sigma, offsets, step) > 0.025 + 1e-9).mean()
    assert exceedance(0.025, sigma, offsets, step) == pytest.approx(seen, abs=0.01)


@pytest.mark.parametrize("offsets", [FLAT, DRIFT, FIRST], ids=["flat", "drift", "first"])
def test_expected_range_whatever_the_step(offsets: FloatArray) -> None:
    for step in (0.0, 0.0125):
        assert expected_range(0.004, offsets) == pytest.approx(spans(0.004, offsets, step).mean(), rel=0.01)
    assert expected_range(0.0, offsets) == pytest.approx(np.ptp(offsets))


def test_the_two_ways_to_the_same_probability_agree() -> None:
    for step in (0.0, 0.0025, 0.0125):
        for sigma in (0.003, 0.006, 0.012):
            nearly_flat = np.array([1e-12] + [0.0] * 9)
            by_table = float(noise_exceedance(0.025, np.array([sigma]), step)[0])
            assert exceedance(0.025, sigma, nearly_flat, step) == pytest.approx(by_table, rel=0.01, abs=1e-7)


def test_a_range_equal_to_the_limit_does_not_exceed_it() -> None:
    # Two steps of 12.5 µm make 25 µm: more than that is three steps.
    assert exceedance(0.025, 0.0, np.array([0.025] + [0.0] * 9), 0.0125) == 0.0
    assert exceedance(0.025, 0.0, np.array([0.0375] + [0.0] * 9), 0.0125) == pytest.approx(1.0)


def test_no_noise_spans_what_the_offsets_span() -> None:
    assert range_cdf(0.0135, 0.0, DRIFT) == 1.0
    assert range_cdf(0.0134, 0.0, DRIFT) == 0.0
    assert range_cdf(-1.0, 0.001, DRIFT) == 0.0
    assert exceedance(0.010, 0.0, DRIFT, 0.0) == 1.0
    assert exceedance(0.020, 0.0, DRIFT, 0.0) == 0.0
