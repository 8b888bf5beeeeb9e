"""Heights from samples, and the offset from heights."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klippy_extra.z_calibration.heights import (
    BedPoint,
    CalibrationHeights,
    SampledHeight,
    median,
    micrometres,
    population_sigma,
    sample_sigma,
)

STEP = 0.00125


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=30))
def test_spread_and_middle_are_numpys(values: list[float]) -> None:
    assert sample_sigma(values) == pytest.approx(float(np.std(values, ddof=1)), abs=1e-9)
    assert population_sigma(values) == pytest.approx(float(np.std(values)), abs=1e-9)
    assert median(values) == pytest.approx(float(np.median(values)), abs=1e-12)


def test_a_single_sample_has_no_deviation() -> None:
    single = SampledHeight([1.0], "average", STEP)
    assert (single.value, single.sigma, single.half_width) == (1.0, None, None)
    several = SampledHeight([1.0, 1.0, 1.0], "average", STEP)
    assert CalibrationHeights(several, several, [BedPoint(single)]).half_width() is None


def test_equal_samples_are_no_better_than_a_step() -> None:
    assert SampledHeight([2.0] * 5, "median", STEP).half_width == STEP


def heights(nozzle: float, switch: float, bed: float, twist: float = 0.0) -> CalibrationHeights:
    """Heights without scatter."""
    return CalibrationHeights(
        SampledHeight([nozzle] * 3, "median", STEP),
        SampledHeight([switch] * 3, "median", STEP),
        [BedPoint(SampledHeight([bed] * 3, "median", STEP), twist)],
    )


@given(*[st.floats(-5, 5) for _ in range(4)])
def test_the_formula(nozzle: float, switch: float, bed: float, switch_offset: float) -> None:
    found = heights(nozzle, switch, bed).offset(switch_offset)
    assert found == pytest.approx(bed - (switch - nozzle + switch_offset), abs=1e-12)
    assert heights(nozzle, switch, bed).offset(switch_offset + 0.1) == pytest.approx(found - 0.1)


def test_twist_belongs_to_the_bed() -> None:
    assert heights(0.5, 6.4, 7.0, twist=0.03).offset(0.5) == pytest.approx(0.63)


def test_several_bed_points_count_as_their_mean_over_the_mesh() -> None:
    nozzle = SampledHeight([0.5] * 3, "average", STEP)
    points = [
        BedPoint(SampledHeight([7.0] * 3, "average", STEP)),
        BedPoint(SampledHeight([7.3] * 3, "average", STEP), mesh=0.2),
    ]
    found = CalibrationHeights(nozzle, SampledHeight([6.4] * 3, "average", STEP), points)
    assert found.bed_value == pytest.approx(7.05)
    assert found.bed_range == pytest.approx(0.1)


@pytest.mark.parametrize("method", ["median", "average"])
def test_the_interval_covers_what_is_so(method: str) -> None:
    """3,000 runs of three heights with three samples each, quantised to steps."""
    draws = random.Random(7)
    covered = 0
    for _ in range(3000):
        true = [draws.uniform(0, 1) for _ in range(3)]
        nozzle, switch, bed = (
            SampledHeight(
                [math.floor(draws.gauss(height, 0.003) / STEP + 0.5) * STEP for _ in range(3)], method, STEP
            )
            for height in true
        )
        found = CalibrationHeights(nozzle, switch, [BedPoint(bed)])
        half = found.half_width()
        assert half is not None
        covered += abs(found.offset(0.5) - (true[2] - (true[1] - true[0] + 0.5))) <= half
    assert covered / 3000 >= 0.945


def test_drift_widens_the_interval() -> None:
    narrow = heights(0.5, 6.4, 7.0).half_width()
    wide = heights(0.5, 6.4, 7.0).half_width(drift=0.02)
    assert narrow is not None and wide is not None
    assert wide > 0.02 > narrow


def test_lengths_are_printed_in_micrometres_below_1_mm() -> None:
    assert micrometres(0.0123) == "12.3 µm"
    assert micrometres(-0.0123, sign=True) == "-12.3 µm"
    assert micrometres(1.5) == "1.500 mm"


def test_status_is_plain_and_finite() -> None:
    status = SampledHeight([1.0, 1.001, 1.002], "median", STEP).status()
    assert status["value"] == 1.001
    assert status["sigma"] == pytest.approx(0.001)
    assert status["interval"][0] < 1.001 < status["interval"][1]
    assert status["samples"] == [1.0, 1.001, 1.002]
