"""Random truth files."""

import tomllib
from dataclasses import replace

import pytest

from campaigns.machine_truth import MachineTruth
from campaigns.random_truths import SWITCH_PROFILES, as_toml, random_truth
from zcal_tui.sim.profile import load_profile


@pytest.mark.parametrize("profile", SWITCH_PROFILES)
def test_a_drawn_truth_fits_its_printer_and_lies_around_the_profile_s(profile: str) -> None:
    own = load_profile(profile).truth
    assert own.probe.z_offset is not None
    assert own.probe.x_offset is not None
    for seed in range(20):
        truth = MachineTruth(profile, random_truth(profile, seed)).truth
        assert truth.probe.z_offset == pytest.approx(own.probe.z_offset, abs=0.15)
        assert truth.probe.x_offset == pytest.approx(own.probe.x_offset, abs=1.0)
        assert truth.probe.switch_offset == pytest.approx(own.probe.switch_offset, abs=0.1)
        assert 0.001 <= truth.probe.noise <= 0.005
        assert 0.004 <= truth.person.sigma <= 0.010
        assert all(0.002 <= drive.backlash <= 0.025 for drive in truth.drive.values())
        assert (truth.hotend, truth.nozzle) == (own.hotend, own.nozzle)
        assert replace(truth.dock, scatter=0.0) == own.dock
        assert truth.dock.scatter <= 0.003


def test_a_seed_gives_the_same_truth_again_and_another_one_another() -> None:
    assert random_truth("voron", 3) == random_truth("voron", 3)
    assert random_truth("voron", 3) != random_truth("voron", 4)


@pytest.mark.parametrize("profile", SWITCH_PROFILES)
def test_what_is_written_reads_back(profile: str) -> None:
    truth = random_truth(profile, 1)
    assert tomllib.loads(as_toml(truth)) == truth
