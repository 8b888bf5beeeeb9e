"""The truth in the checks' terms: by hand where a hand can, against the simulated machine where parts lag."""

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from campaigns.machine_truth import MachineTruth, Warmth
from zcal_tui.sim.machine.machine import SimulatedMachine
from zcal_tui.sim.profile import load_profile
from zcal_tui.sim.truth import build_truth
from zcal_tui.sim.wiring import load_wiring


def document(profile: str, **tables: dict[str, Any]) -> dict[str, Any]:
    """A profile's truth with other values in some tables."""
    text = (Path(load_profile(profile).printer_cfg).parent / "truth.toml").read_text()
    found = copy.deepcopy(tomllib.loads(text))
    for name, values in tables.items():
        found[name] = {**found.get(name, {}), **values}
    return found


def test_the_paper_offset_in_the_middle_is_the_probe_s_less_its_delay_and_the_paper() -> None:
    truth = MachineTruth("voron", document("voron", probe={"trigger_delay": 0.001}))
    # 6.472 mm, 1 ms at 5 mm/s, 0.1 mm of paper
    assert truth.paper_offset((125.0, 125.0)) == pytest.approx(6.472 - 0.005 - 0.1)


def test_the_paper_offset_changes_with_the_place_as_the_bias_does() -> None:
    truth = MachineTruth("voron", document("voron"))
    here, there = truth.paper_offset((125.0, 125.0)), truth.paper_offset((225.0, 75.0))
    # bias_x 6 and bias_xx 2 µm at 100 mm, bias_y -3 µm at -50 mm
    assert there - here == pytest.approx(0.006 + 0.002 + 0.0015)


def test_a_tower_that_is_too_high_makes_the_offset_differ_by_what_the_bed_seems_to_slope() -> None:
    def offset(**errors: float) -> float:
        drives = {f"stepper_{tower}": {"endstop_error": errors.get(tower, 0.0)} for tower in "abc"}
        return MachineTruth("delta", document("delta", drive=drives)).paper_offset((0.0, 0.0))

    level = offset()
    assert offset(a=0.05, b=0.05, c=0.05) == pytest.approx(level, abs=2e-5)
    # Tower C is at the back, as is the probe: touching, the nozzle stands 18 mm further to the front, where it is lower
    assert offset(c=0.05) - level > 0.002
    assert offset(a=0.05, b=0.05) - level < -0.002


def test_the_lost_motion_at_a_drive_is_that_drive_s() -> None:
    truth = MachineTruth("voron", document("voron"))
    for place, backlash in (((-50.0, 18.0), 0.012), ((125.0, 298.0), 0.006), ((300.0, 18.0), 0.017)):
        assert truth.lost_motion(truth.toolhead_for(place)) == pytest.approx(backlash)


def test_the_lost_motion_of_a_single_drive_is_the_same_all_over() -> None:
    truth = MachineTruth("bedslinger", document("bedslinger"))
    assert {truth.lost_motion((x, 50.0)) for x in (50.0, 150.0)} == {0.022}


def test_a_delta_s_lost_motion_is_mostly_that_of_the_tower_nearby() -> None:
    drives = {f"stepper_{tower}": {"backlash": 0.03 if tower == "c" else 0.0} for tower in "abc"}
    truth = MachineTruth("delta", document("delta", drive=drives))
    assert truth.lost_motion((0.0, 0.0)) == pytest.approx(0.01, abs=1e-5)
    assert truth.lost_motion((0.0, 60.0)) > 0.015
    assert truth.lost_motion((0.0, -60.0)) < 0.005


def test_what_a_degree_of_the_bed_does_in_the_end() -> None:
    truth = MachineTruth("voron", document("voron"))
    # over the middle: the bed rises 0.6, the frame lifts 1.2 times a tenth, the probe triggers 0.4 µm lower
    middle = truth.toolhead_for((125.0, 125.0))
    assert truth.per_degree_bed(middle) == pytest.approx(0.0006 - 0.00012 - 0.0004)
    aside = truth.toolhead_for((225.0, 125.0))
    assert truth.per_degree_bed(aside) == pytest.approx(0.0006 + 0.0002 - 0.00012 - 0.0004)


def test_held_hot_for_good_the_height_comes_to_what_the_degrees_say() -> None:
    truth = MachineTruth("voron", document("voron"))
    place = (125.0, 105.0)
    held = [Warmth(0.0, 23.0, 23.0), Warmth(300.0, 63.0, 123.0), Warmth(20000.0, 63.0, 123.0)]
    changes = truth.trigger_changes(held, place)
    assert changes[0] == 0.0
    assert changes[-1] == pytest.approx(40 * truth.per_degree_bed(place) + 100 * 0.00005, abs=1e-7)


def test_on_the_way_the_height_is_what_the_simulated_machine_s_is() -> None:
    found = document("voron", simulation={"ambient": 23.0})
    profile = load_profile("voron")
    machine = SimulatedMachine(load_wiring(profile.printer_cfg), build_truth(found))
    geometry, thermal = machine.geometry, machine.thermal
    bed = (60.0, 200.0)

    def height() -> float:
        return geometry.trigger_offset(*bed) + geometry.bed_height(*bed) - geometry.rise()

    cold = height()
    seen, real = [], []
    for number in range(200):
        t = 10.0 * number
        machine.output("PA3", t, 0.3 if t < 1000.0 else 0.0)
        machine.output("PA2", t, 0.2 if 500.0 < t < 1200.0 else 0.0)
        thermal.update(t, force=True)
        seen.append(Warmth(t, thermal.bed, thermal.nozzle))
        real.append(height() - cold)
    truth = MachineTruth("voron", found)
    assert max(map(abs, real)) > 0.005
    changes = truth.trigger_changes(seen, truth.toolhead_for(bed))
    assert changes == pytest.approx(real, abs=0.0002)
