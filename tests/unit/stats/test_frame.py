"""The frame's coefficient, and how often its interval holds."""

import numpy as np
import pytest

from zcal_tui.stats.frame import frame_coefficient
from zcal_tui.stats.lag import lagged
from zcal_tui.stats.thermal import Phase, Temperatures, ThermalSample

GROWTH = -0.0015
"""mm/°C: a frame that lifts the toolhead lowers the trigger height."""
STEP = 0.00125


def machine(
    growth: float, rng: np.random.Generator, *, chamber_gain: float = 0.2, noise: float = 0.001
) -> tuple[list[ThermalSample], Temperatures, list[float], list[float]]:
    """A run on a machine whose bed, probe and frame follow the heaters at speeds of their own."""
    t = np.arange(0.0, 9000.0, 10.0)
    bed = 24.0 + 46.0 * np.clip((t - 300.0) / 400.0, 0.0, 1.0)
    bed = np.where(t > 6000.0, 24.0 + 46.0 * np.exp(-(t - 6000.0) / 900.0), bed)
    nozzle = 24.0 + 176.0 * np.clip((t - 3300.0) / 150.0, 0.0, 1.0)
    nozzle = np.where(t > 6000.0, 24.0 + 176.0 * np.exp(-(t - 6000.0) / 200.0), nozzle)

    def follow(values: np.ndarray, lag: float) -> np.ndarray:
        return np.asarray(lagged(t, values[:, None], np.array([lag]))[0, :, 0])

    chamber = 24.0 + follow(chamber_gain * (bed - 24.0), 900.0)
    height = (
        1.5
        + 0.0007 * (follow(bed, 150.0) - 24.0)
        + 0.0004 * (follow(bed, 240.0) - 24.0)
        + 0.0001 * (follow(nozzle, 240.0) - 24.0)
        + growth * (chamber - 24.0)
    )
    samples = []
    for number in range(0, len(t), 6):
        at = t[number]
        phase: Phase = "baseline" if at < 300 else "bed" if at < 3300 else "nozzle" if at < 6000 else "back"
        for _ in range(3):
            read = height[number] + noise * float(rng.standard_normal())
            samples.append(
                ThermalSample(
                    float(at), round(read / STEP) * STEP, float(bed[number]), float(nozzle[number]), phase
                )
            )
    sensor = chamber + 0.03 * rng.standard_normal(len(t))
    history = Temperatures(t.tolist(), bed.tolist(), nozzle.tolist())
    return samples, history, t.tolist(), sensor.tolist()


@pytest.mark.parametrize("growth", [GROWTH, -GROWTH, 0.0])
def test_the_frame_is_told_from_bed_and_nozzle(growth: float) -> None:
    samples, history, times, sensor = machine(growth, np.random.default_rng(5))
    found = frame_coefficient(samples, history, times, sensor)
    assert found is not None
    assert found.low is not None and found.high is not None
    assert found.low <= growth <= found.high
    assert found.value == pytest.approx(growth, abs=0.0006)


def test_a_frame_that_stays_cold_says_nothing() -> None:
    samples, history, times, sensor = machine(GROWTH, np.random.default_rng(5), chamber_gain=0.01)
    assert frame_coefficient(samples, history, times, sensor) is None
    assert frame_coefficient(samples, history, [], []) is None


def test_a_sensor_that_only_shows_the_bed_is_not_taken_for_the_frame() -> None:
    samples, history, times, _ = machine(0.0, np.random.default_rng(6))
    found = frame_coefficient(samples, history, times, history.bed)
    assert found is None or found.covers(0.0)


def test_the_interval_contains_the_true_coefficient_as_often_as_it_says() -> None:
    runs, missed = 100, 0
    for seed in range(runs):
        samples, history, times, sensor = machine(GROWTH, np.random.default_rng(seed))
        found = frame_coefficient(samples, history, times, sensor)
        assert found is not None and found.low is not None and found.high is not None
        missed += not found.low <= GROWTH <= found.high
    assert missed <= 9, missed
