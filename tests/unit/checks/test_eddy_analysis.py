"""What the calibration of an eddy current sensor is worth."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from zcal_tui.checks.paper import PaperHeight
from zcal_tui.checks.z_offset.eddy_analysis import EddyCalibration, conclusion, effect, scatter, shift, usable
from zcal_tui.checks.z_offset.eddy_messages import CalibrationOutput, HeightNoise, Table, slope
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, VerdictReached
from zcal_tui.model.record import Level, Verdict

QUERIES_A_HEIGHT = 25


def coil(over: float = 0.0, to: float = 4.05) -> Table:
    """The table of a coil that is `over` mm farther from the bed than another."""
    heights = [0.05 + 0.04 * n for n in range(101)]
    return tuple((z, 3e6 * (1 + 0.12 * math.exp(-(z + over + 1) / 3))) for z in heights if z <= to + 1e-9)


def calibrated(**others: Any) -> EddyCalibration:
    output = CalibrationOutput(
        2525, None, 100.0, (HeightNoise(0.25, 0.0009, 66.0), HeightNoise(0.53, 0.001, 67.0))
    )
    good = EddyCalibration(
        PaperHeight(0.1, 0.001), output, coil(), coil(), 0.5, 0.0025, homes=False, meshes=True
    )
    return replace(good, **others)


def judged(result: EddyCalibration) -> tuple[Verdict, EstimateUpdated, list[str]]:
    events = list(conclusion(result))
    verdict = next(event.verdict for event in events if isinstance(event, VerdictReached))
    estimates = next(event for event in events if isinstance(event, EstimateUpdated))
    return verdict, estimates, [event.text for event in events if isinstance(event, AdviceGiven)]


def test_a_good_one() -> None:
    verdict, estimates, advice = judged(calibrated())
    assert verdict.level is Level.PASS
    assert "from 0.05 mm to 4.05 mm" in verdict.summary
    assert any("Limit: 25 µm (Klipper docs, Probe_Calibrate" in reason for reason in verdict.reasons)
    assert set(estimates.estimates) == {"contact", "calibrated_to", "reading_sigma", "reading_shift"}
    assert "The new calibration has 101 heights" in advice[0]
    assert any("BED_MESH_CALIBRATE" in text for text in advice)


@pytest.mark.parametrize(
    ("mad", "level"), [(0.0010, Level.PASS), (0.0045, Level.UNKNOWN), (0.0200, Level.FAIL)]
)
def test_noise_is_judged_by_what_ten_readings_span(mad: float, level: Level) -> None:
    output = CalibrationOutput(2525, None, None, (HeightNoise(0.53, mad, 100.0),))
    assert judged(calibrated(output=output))[0].level is level


def test_noise_that_was_not_reported_is_unknown() -> None:
    verdict, estimates, _ = judged(calibrated(output=CalibrationOutput()))
    assert verdict.level is Level.UNKNOWN
    assert "reading_sigma" not in estimates.estimates


def test_a_table_that_ends_below_the_probing_height_is_not_for_saving() -> None:
    short = calibrated(
        new=coil(to=0.45), output=replace(calibrated().output, short="Frequency too noisy at step 0.450")
    )
    assert not usable(short)
    verdict, _, advice = judged(short)
    assert verdict.level is Level.FAIL
    assert any("Klipper: Frequency too noisy" in reason for reason in verdict.reasons)
    assert len(advice) == 1 and "discarded" in advice[0]


def test_one_that_is_too_low_to_scan_from_is_a_warning() -> None:
    verdict, _, advice = judged(calibrated(new=coil(to=0.85)))
    assert verdict.level is Level.WARN
    assert any("scan a mesh from 1 mm" in reason for reason in verdict.reasons)
    assert "new calibration" in advice[0]


def test_a_poorly_felt_paper_is_a_warning() -> None:
    assert judged(calibrated(paper=PaperHeight(0.1, 0.1)))[0].level is Level.WARN


def test_which_way_the_nozzle_goes() -> None:
    # The coil sits 30 µm higher over the nozzle than before: at the same distance its frequency is lower, which the
    # old table reads as 30 µm farther off; the new one reads less
    moved = calibrated(new=coil(over=0.03), homes=True)
    apart = shift(moved)
    assert apart == pytest.approx(-0.030, abs=1e-4)
    assert effect(moved) == "the nozzle will be 30 µm farther from the bed"
    assert "probed heights shift by −30 µm" in effect(replace(moved, homes=False))
    assert effect(calibrated(old=())) == ""
    assert "reading_shift" not in judged(calibrated(old=()))[1].estimates
    assert any("probe-xy" in text for text in judged(calibrated(old=()))[2])


def simulated(draws: np.random.Generator, sigma_hz: float, *, mad: bool) -> CalibrationOutput:
    """What Klipper reports of readings with that noise."""
    new = coil()
    readings = draws.normal(0.0, sigma_hz, (len(new), QUERIES_A_HEIGHT))
    apart = readings - readings.mean(axis=1, keepdims=True)
    queries = readings.size
    if not mad:
        return CalibrationOutput(queries, float(np.sqrt((apart**2).mean())))
    fall = slope(new, 0.5)
    assert fall is not None
    hz = float(np.median(np.abs(apart[12])))
    return CalibrationOutput(queries, None, hz, (HeightNoise(0.53, hz / fall, hz),))


@pytest.mark.parametrize("mad", [True, False])
def test_the_interval_of_the_noise_holds_what_it_promises(mad: bool) -> None:
    draws = np.random.default_rng(4)
    fall = slope(coil(), 0.5)
    assert fall is not None
    truth = 150.0 / fall
    found = [scatter(simulated(draws, 150.0, mad=mad), coil(), 0.5) for _ in range(600)]
    covered = sum(1 for interval in found if interval is not None and interval.covers(truth)) / len(found)
    assert covered >= 0.92
