"""Machines near a limit: enough of them, and each as its seed says."""

import pytest

from campaigns.machine_truth import MachineTruth
from campaigns.near_limits import drawn_machine, near, sigma_at
from campaigns.random_truths import SWITCH_PROFILES
from zcal_tui.model import limits

LEAST = 0.30
SEEDS = range(1, 21)


def test_at_least_three_machines_in_ten_are_near_a_limit() -> None:
    machines = [(profile, seed) for profile in SWITCH_PROFILES for seed in SEEDS]
    found = sum(near(profile, drawn_machine(profile, seed)) for profile, seed in machines)
    print(f"{found} of {len(machines)} machines are within 20 % of a limit")
    assert found >= LEAST * len(machines)


@pytest.mark.parametrize("profile", ["voron", "delta"])
def test_a_seed_gives_the_same_machine_again(profile: str) -> None:
    assert [drawn_machine(profile, seed) for seed in range(5)] == [
        drawn_machine(profile, seed) for seed in range(5)
    ]


def test_the_noise_at_the_borders_is_that_of_the_verdict() -> None:
    """docs/statistics.md, When to stop."""
    assert sigma_at(limits.FIT_SHARE.value) == pytest.approx(0.00559, abs=1e-5)
    assert sigma_at(limits.UNFIT_SHARE.value) == pytest.approx(0.00827, abs=1e-5)


def test_the_spread_is_that_of_the_corners() -> None:
    document = drawn_machine("voron", 1)
    document["probe"] |= {"bias_x": 0.01, "bias_y": 0.0, "bias_xx": 0.0, "bias_yy": 0.0, "bias_xy": 0.0}
    # The mesh is 200 mm wide, the bias is per 100 mm
    assert MachineTruth("voron", document).location_spread == pytest.approx(0.020, abs=1e-6)
