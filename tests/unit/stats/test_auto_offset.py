"""Repeats of an automatic Z offset: the mean, the drift, what moved, and the switch_offset that follows."""

import math
import random

import pytest

from zcal_tui.stats.auto_offset import (
    compare,
    drift_per_repeat,
    gap_error,
    known_scatter,
    mean_offset,
    tuned_switch_offset,
)
from zcal_tui.stats.combine import UncertaintyPart
from zcal_tui.stats.paper import paper_height

STEP = 0.00125


def test_three_repeats_speak_for_themselves() -> None:
    mean = mean_offset([-0.170, -0.174, -0.172], STEP, UncertaintyPart(0.0001, 6.0))
    assert mean is not None
    assert mean.mean.value == pytest.approx(-0.172)
    assert mean.sigma is not None
    assert mean.sigma.value == pytest.approx(0.002)
    assert mean.mean.low is not None
    assert mean.mean.high is not None
    assert mean.mean.components["random"] == pytest.approx(0.002 / math.sqrt(3))
    assert (mean.mean.high - mean.mean.low) / 2 > 0.004
    assert set(mean.mean.components) == {"random", "step", "sampling"}


def test_a_single_run_rests_on_its_touches() -> None:
    mean = mean_offset([-0.170], STEP, UncertaintyPart(0.002, 6.0))
    assert mean is not None
    assert mean.sigma is None
    assert mean.mean.low is not None
    assert -0.170 - mean.mean.low == pytest.approx(2.447 * math.hypot(0.002, 0.0007), rel=0.1)
    assert mean_offset([-0.170], STEP, None) is None


def test_known_scatter_adds_squares() -> None:
    part = known_scatter([UncertaintyPart(0.003, 2.0), UncertaintyPart(0.004, 2.0)])
    assert part.size == pytest.approx(0.005)
    assert part.dof == pytest.approx(0.005**4 / (0.003**4 / 2 + 0.004**4 / 2))


@pytest.mark.parametrize("slope", [-0.0104, -0.0183, -0.0054])
def test_the_creep_that_users_reported_is_named(slope: float) -> None:
    # protoloft/klipper_z_calibration issue 70: three series of three runs without homing
    drift = drift_per_repeat([0.0, slope, 2 * slope], STEP, UncertaintyPart(0.0012, 12.0))
    assert drift is not None
    assert drift.found
    assert drift.size.value == pytest.approx(slope)
    assert drift.size.covers(slope)


def test_scatter_alone_is_seldom_called_a_creep() -> None:
    draws = random.Random(5)
    found = 0
    for _ in range(2000):
        values = [round(draws.gauss(0.0, 0.0015) / STEP) * STEP for _ in range(3)]
        touches = UncertaintyPart(0.0015 * math.sqrt(draws.gammavariate(6, 1 / 6)), 12.0)
        drift = drift_per_repeat(values, STEP, touches)
        assert drift is not None
        found += drift.found
    assert found / 2000 < 0.03  # a quarter of 5 % each, and rounding


def test_two_runs_with_single_touches_show_no_creep() -> None:
    assert drift_per_repeat([0.0, 0.010], STEP, None) is None
    assert drift_per_repeat([0.0], STEP, UncertaintyPart(0.001, 6.0)) is None


def test_the_component_view_points_at_the_switch_body() -> None:
    # protoloft/klipper_z_calibration issue 162: hot and cold, the offset went from +0.068 to -0.335
    old = {"nozzle": 0.0, "switch": 6.0, "bed": 6.5, "switch_offset": 0.5}
    new = {"nozzle": -0.005, "switch": 6.223, "bed": 6.325, "switch_offset": 0.5}
    first, *rest = compare(old, new)
    assert first.name == "switch"
    assert first.effect == pytest.approx(-0.223)
    assert sum(move.effect for move in (first, *rest)) == pytest.approx(0.0 - 0.005 - 0.223 - 0.175)


def test_another_nozzle_changes_no_offset() -> None:
    old = {"nozzle": 0.5, "switch": 6.0, "bed": 6.5, "switch_offset": 0.5}
    new = {"nozzle": 0.5, "switch": 5.2, "bed": 5.7, "switch_offset": 0.5}
    assert all(abs(move.effect) < 1e-9 for move in compare(old, new))


def test_a_change_of_position_endstop_moves_all_heights_alike() -> None:
    old = {"nozzle": 0.5, "switch": 6.0, "bed": 6.5, "switch_offset": 0.5, "position_endstop": 0.5}
    new = {"nozzle": 0.7, "switch": 6.2, "bed": 6.7, "switch_offset": 0.5, "position_endstop": 0.7}
    assert all(abs(move.effect) < 1e-9 for move in compare(old, new))


def test_the_formula_is_calculate_switch_offsets_with_the_paper_as_contact() -> None:
    offset = mean_offset([-0.092, -0.091, -0.093], STEP, None)
    assert offset is not None
    paper = paper_height([-0.0125], 0.002, step=STEP)
    assert tuned_switch_offset(0.5, offset, paper, 0.0).value == pytest.approx(0.5 - (-0.0125 + 0.092))
    assert tuned_switch_offset(0.5, offset, paper, 0.1).value == pytest.approx(0.5 - (-0.0125 - 0.1 + 0.092))


def test_the_tuned_value_covers_what_is_so() -> None:
    draws = random.Random(7)
    covered = 0
    for _ in range(600):
        contact = draws.uniform(-0.2, 0.2)
        thickness = 0.1 + draws.uniform(-0.01, 0.01)
        truth, used = 0.52, 0.50
        shift = draws.uniform(-0.5, 0.5) * STEP
        offsets = [
            round((contact + truth - used + draws.gauss(0, 0.002) + shift) / STEP) * STEP for _ in range(3)
        ]
        height = round((contact + thickness + draws.gauss(0, 0.010)) / STEP) * STEP
        offset = mean_offset(offsets, STEP, None)
        assert offset is not None
        found = tuned_switch_offset(used, offset, paper_height([height], 0.002, step=STEP), 0.1)
        covered += found.covers(truth)
    assert 0.93 <= covered / 600 <= 0.995


def test_the_gap_error_counts_the_paper_only_where_it_is_in_it() -> None:
    paper = paper_height([0.08], 0.002, step=STEP)
    with_paper = gap_error(paper, 0.1, 0.1)
    assert with_paper.value == pytest.approx(-0.02)
    assert with_paper.components["paper"] > 0.0
    assert gap_error(paper, 0.0, 0.0).components["paper"] == 0.0
