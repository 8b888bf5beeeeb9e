"""ZCAL_ESTIMATE_BACKLASH in a real klippy."""

from pathlib import Path

import pytest

from campaigns import eddy as eddy_printer
from tests.e2e import klippers
from tests.e2e.simulated import Starter
from tests.extra.rig import PROFILES, Machine, start_machine, write_config

needs_scanning = pytest.mark.usefixtures("scanning")
DRIVES = ("stepper_z", "stepper_z1", "stepper_z2")


def set_backlash(machine: Machine, value: float) -> None:
    for drive in DRIVES:
        machine.set_truth(**{f"drive__{drive}__backlash": value})


@pytest.mark.parametrize("backlash", [0.0, 0.025, 0.060])
def test_release_minus_trigger_is_backlash_and_hysteresis(voron: Machine, backlash: float) -> None:
    set_backlash(voron, backlash)
    voron.set_truth(probe__hysteresis=0.05)
    said = voron.gcode("ESTIMATE_BACKLASH ITERATIONS=8")
    found = voron.result
    low = found["travel"] - (found["high"] - found["travel"]) - found["systematic"]
    assert low <= backlash + 0.05 <= found["high"]
    assert found["value"] is None and found["low"] is None, (
        "a bound only, while the switch's own travel is unknown"
    )
    assert "at most" in said
    assert [sample["direction"] for sample in voron.samples()] == ["down", "up"] * 8
    assert voron.z() == pytest.approx(15.0, abs=0.01)


def test_between_two_spots_the_switch_cancels(voron: Machine) -> None:
    voron.set_truth(probe__hysteresis=0.03)
    travels = []
    for backlash in (0.010, 0.070):
        set_backlash(voron, backlash)
        voron.gcode("ZCAL_ESTIMATE_BACKLASH ITERATIONS=6")
        travels.append(voron.result["travel"])
    assert travels[1] - travels[0] == pytest.approx(0.060, abs=0.005)


def test_a_value_is_not_staged_while_the_switchs_own_travel_is_unknown(voron: Machine) -> None:
    before = voron.place()
    assert "switch_hysteresis" in voron.refused("ZCAL_ESTIMATE_BACKLASH CALIBRATE=1")
    assert voron.place() == before


def test_scanning_is_refused_where_the_probe_cannot(voron: Machine) -> None:
    assert "cannot measure distance" in voron.refused("ZCAL_ESTIMATE_BACKLASH METHOD=scan")


def test_a_cancel_ends_it_above_the_bed(voron: Machine) -> None:
    with voron.meanwhile("ZCAL_ESTIMATE_BACKLASH ITERATIONS=100") as errors:
        voron.eventually(lambda: voron.status()["count"] >= 2)
        voron.client.call("zcal/cancel")
    assert "was cancelled" in errors[0]
    assert voron.z() == pytest.approx(15.0, abs=0.01)
    voron.gcode("ZCAL_PROBE SAMPLES=1")


def test_calibrating_goes_to_the_zero_reference_and_the_saved_value_is_used(
    start: Starter, tmp_path: Path
) -> None:
    folder = write_config(
        tmp_path / "voron", PROFILES / "voron", zcal="switch_hysteresis: 0.05\nz_backlash: 2.0\n"
    )
    machine = start_machine(start, folder)
    machine.set_truth(probe__hysteresis=0.05)
    set_backlash(machine, 0.04)
    machine.gcode("G28\nATTACH_PROBE\nG1 Z15 F600\nG1 X60 Y60 F9000")
    machine.gcode("ZCAL_ESTIMATE_BACKLASH CALIBRATE=1")
    assert machine.samples()[0]["x"] == pytest.approx(125.0, abs=0.01)
    assert machine.samples()[0]["y"] == pytest.approx(125.0 - 19.75, abs=0.01), (
        "the probe is at the reference"
    )
    found = machine.result
    assert found["low"] <= 0.04 <= found["high"]
    staged = machine.status("configfile")["save_config_pending_items"]["zcal"]["z_backlash"]
    assert float(staged) == pytest.approx(found["value"], abs=1e-5)


def test_a_saved_backlash_makes_ways_up_end_from_above(start: Starter, tmp_path: Path) -> None:
    folder = write_config(tmp_path / "voron", PROFILES / "voron", zcal="z_backlash: 2.0\n")
    machine = start_machine(start, folder)
    machine.gcode("G28\nATTACH_PROBE\nG1 Z8 F600\nG1 X60 Y60 F9000")
    heights = []
    machine.sim.control.request("speed", value=1.0)  # no look at the height comes too late
    with machine.meanwhile("ZCAL_PROBE SAMPLES=1 LIFT_SPEED=1"):
        machine.eventually(lambda: machine.status()["count"] == 1)
        while machine.status()["state"] == "running":
            heights.append(machine.status("motion_report")["live_position"][2])
    assert machine.z() == pytest.approx(machine.result["trigger_z"] + 2.0, abs=0.05)
    assert max(heights) > machine.z() + 1.5


@pytest.fixture(scope="module")
def eddy(start: Starter, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A printer with an eddy current probe, homed."""
    folder = tmp_path_factory.mktemp("eddy")
    truth = "[drive.stepper_z]\nbacklash = 0.0\n[eddy]\nnoise = 150.0\n"
    eddy_printer.write_profile(folder, klippers.root(), truth=truth, more="[zcal]")
    machine = start_machine(start, folder)
    machine.gcode("G28\nG1 Z10 F600\nG1 X100 Y90 F6000")
    return machine


@needs_scanning
@pytest.mark.parametrize("backlash", [0.010, 0.025, 0.060, 0.150])
def test_a_scan_finds_the_backlash(eddy: Machine, backlash: float) -> None:
    eddy.set_truth(drive__stepper_z__backlash=backlash)
    eddy.gcode("ZCAL_ESTIMATE_BACKLASH")
    found = eddy.result
    assert found["method"] == "scan"
    assert found["detected"]
    assert found["low"] <= backlash <= found["high"]
    assert found["high"] - found["low"] < 0.01
    assert eddy.z() == pytest.approx(10.0, abs=0.01)


@needs_scanning
def test_a_scan_of_no_backlash_gives_an_upper_bound(eddy: Machine) -> None:
    eddy.set_truth(drive__stepper_z__backlash=0.0)
    said = eddy.gcode("ZCAL_ESTIMATE_BACKLASH ITERATIONS=6")
    assert eddy.result["low"] is None and not eddy.result["detected"]
    assert 0.0 < eddy.result["high"] < 0.01
    assert "no backlash detected" in said


@needs_scanning
def test_a_scan_does_not_go_where_the_bed_is(eddy: Machine) -> None:
    before = eddy.place()
    assert "under 0.5 mm from the bed" in eddy.refused("ZCAL_ESTIMATE_BACKLASH DELTA=1.8")
    assert eddy.place() == before


@needs_scanning
def test_backlash_as_large_as_the_approach_is_not_believed(eddy: Machine) -> None:
    eddy.set_truth(drive__stepper_z__backlash=0.3)
    assert "use a larger DELTA" in eddy.refused("ZCAL_ESTIMATE_BACKLASH DELTA=0.2")
    eddy.set_truth(drive__stepper_z__backlash=0.0)
