"""Heights that follow temperatures with a lag."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from zcal_tui.stats.lag import LAGS, LEAST_DOF, Blocks, LagModel, blocks_for, draw_residuals, lagged

FloatArray = NDArray[np.float64]


def column(values: FloatArray) -> FloatArray:
    return np.ascontiguousarray(values[:, None])


def test_a_step_is_approached_exponentially() -> None:
    times = np.array([0.0, 1e-6, 100.0, 300.0, 301.0])
    response = lagged(times, column(np.array([20.0, 60.0, 60.0, 60.0, 60.0])), np.array([0.0, 100.0]))[
        :, :, 0
    ]
    assert response[0] == pytest.approx([20, 60, 60, 60, 60])
    assert response[1, 2] == pytest.approx(60 - 40 * np.exp(-1.0), rel=1e-6)
    assert response[1, 3] == pytest.approx(60 - 40 * np.exp(-3.0), rel=1e-6)


def test_behind_a_ramp_it_trails_by_slope_times_lag() -> None:
    times = np.linspace(0.0, 2000.0, 11)
    response = lagged(times, column(20.0 + 0.1 * times), np.array([120.0]))[0, :, 0]
    assert response[-1] == pytest.approx(220.0 - 12.0, rel=1e-5)


def test_the_grid_of_times_does_not_matter_where_temperatures_run_straight() -> None:
    coarse, fine = np.array([0.0, 500.0, 900.0]), np.linspace(0.0, 900.0, 91)
    heat = np.array([20.0, 70.0, 70.0])
    lags = np.array([60.0, 400.0])
    few = lagged(coarse, column(heat), lags)[:, -1]
    many = lagged(fine, column(np.interp(fine, coarse, heat)), lags)[:, -1]
    assert few == pytest.approx(many, rel=1e-9)


def test_the_same_time_twice_changes_nothing() -> None:
    response = lagged(np.array([0.0, 10.0, 10.0]), column(np.array([20.0, 30.0, 30.0])), np.array([5.0]))
    assert response[0, 1, 0] == response[0, 2, 0]


def test_a_fit_finds_lag_and_coefficients() -> None:
    times = np.linspace(0.0, 3000.0, 60)
    heat = np.where(times < 300.0, 0.0, 40.0)
    responses = lagged(times, column(heat), LAGS)
    model = LagModel.of(np.concatenate([np.ones_like(responses), responses], axis=2))
    true = 23
    heights = 1.2 - 0.0005 * responses[true, :, 0]
    fits = model.fit(np.column_stack([heights, 2.0 * heights]))
    assert fits.lag.tolist() == [true, true]
    assert fits.coefficients[0] == pytest.approx([1.2, -0.0005])
    assert fits.coefficients[1] == pytest.approx([2.4, -0.001])


def test_columns_that_do_not_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="differ"):
        LagModel.of(np.ones((len(LAGS), 10, 2)))


def test_wander_makes_blocks_longer_and_the_residuals_worth_less() -> None:
    rng = np.random.default_rng(4)
    white = rng.standard_normal(120)
    slow = np.empty(120)
    slow[0] = white[0]
    for i in range(1, 120):
        slow[i] = 0.85 * slow[i - 1] + white[i]
    level = np.full((120, 1), 1.0 / np.sqrt(120.0))
    plain, wandering = (blocks_for(series - series.mean(), level) for series in (white, slow))
    assert wandering.length > plain.length
    assert wandering.dof < 0.5 * plain.dof
    assert wandering.dof >= LEAST_DOF


def test_no_residuals_to_speak_of() -> None:
    blocks = blocks_for(np.zeros(20), np.full((20, 1), 1.0 / np.sqrt(20.0)))
    assert blocks.length == 1
    assert not draw_residuals(np.zeros(20), blocks, 3, np.random.default_rng(1)).any()


def test_residuals_are_drawn_in_blocks() -> None:
    drawn = draw_residuals(np.arange(20.0), Blocks(5, 2.0, 10.0), 4, np.random.default_rng(1))
    assert drawn.shape == (20, 4)
    inside = np.diff(drawn.reshape(4, 5, 4), axis=1)
    # Neighbours stay neighbours, but where a block goes on at the beginning.
    assert set(np.round(inside, 9).ravel()) <= {2.0, -38.0}
