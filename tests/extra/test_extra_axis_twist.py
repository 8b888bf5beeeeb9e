"""ZCAL_STAGE_AXIS_TWIST: a whole list with its ends, or nothing; its sign against the simulated machine."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import pytest

from tests.e2e import klippers
from tests.e2e.simulated import Starter, wait_for_state
from tests.extra.rig import PROFILES, Machine, start_machine, write_config

PROFILE = "bedslinger"
"""One Z rail, so that a restart does not change the tilt."""
SECTION = """
[axis_twist_compensation]
calibrate_start_x: 40
calibrate_end_x: 200
calibrate_y: 125
"""
Y_SECTION = "calibrate_start_y: 40\ncalibrate_end_y: 200\ncalibrate_x: 125\n"
KNOWS_Y = "zy_comp" in (klippers.root() / "klippy" / "extras" / "axis_twist_compensation.py").read_text()
PLACES = (50.0, 120.0, 190.0)
"""Where the toolhead probes along the axis, mm."""
BIAS = 0.04
"""mm by which z_offset grows in 100 mm."""


def compensating(start: Starter, folder: Path, more: str = "") -> Machine:
    return start_machine(start, write_config(folder, PROFILES / PROFILE, more=SECTION + more), speed=20.0)


def list_for(size: float, count: int = 3) -> list[float]:
    return [size * (0.5 - number / (count - 1)) for number in range(count)]


def stage(values: Sequence[float], start: float, end: float, axis: str = "X") -> str:
    listed = ",".join(f"{value:.6f}" for value in values)
    return f"ZCAL_STAGE_AXIS_TWIST AXIS={axis} VALUES={listed} START={start} END={end}"


def pending(machine: Machine) -> dict[str, dict[str, str]]:
    return dict(machine.status("configfile")["save_config_pending_items"])


def restarted(machine: Machine, command: str = "SAVE_CONFIG") -> Machine:
    machine.client.call("gcode/script", script=command)
    machine.client.close()
    client = wait_for_state(machine.sim, "ready")
    client.call("gcode/subscribe_output", response_template={"method": "console"})
    return Machine(machine.sim, client)


def probed(machine: Machine, axis: str) -> list[float]:
    """The bed's height at places along an axis, as Klipper's mesh would have it."""
    machine.gcode("G28")
    found = []
    for place in PLACES:
        x, y = (place, 120.0) if axis == "X" else (120.0, place)
        machine.gcode(f"G90\nG1 Z8 F900\nG1 X{x} Y{y} F9000\nZCAL_PROBE_ACCURACY SAMPLES=5")
        found.append(median(sample["bed_z"] for sample in machine.samples()))
    machine.gcode("G1 Z10 F900")
    return found


def rise(heights: Sequence[float]) -> float:
    return heights[-1] - heights[0]


@pytest.mark.parametrize("axis", ["X", "Y"])
def test_the_list_takes_the_bias_out_and_with_the_other_sign_doubles_it(
    axis: str, start: Starter, tmp_path: Path
) -> None:
    if axis == "Y" and not KNOWS_Y:
        machine = compensating(start, tmp_path / PROFILE)
        assert "has no [axis_twist_compensation] for the Y axis" in machine.refused(
            stage(list_for(0.1), 40, 200, "Y")
        )
        return
    machine = compensating(start, tmp_path / PROFILE, Y_SECTION if axis == "Y" else "")
    bias = "bias_x" if axis == "X" else "bias_y"
    machine.set_truth(probe__noise=0.0, **{f"probe__{bias}": 0.0})
    bed = rise(probed(machine, axis))
    machine.set_truth(**{f"probe__{bias}": BIAS})
    plain = rise(probed(machine, axis)) - bed
    size = BIAS * 160 / 100
    machine.gcode(stage(list_for(size), 40, 200, axis))
    machine = restarted(machine)
    right = rise(probed(machine, axis)) - bed
    machine.gcode(stage(list_for(-size), 40, 200, axis))
    machine = restarted(machine)
    wrong = rise(probed(machine, axis)) - bed
    assert plain == pytest.approx(BIAS * 1.4, abs=0.003)
    assert right == pytest.approx(0.0, abs=0.003)
    assert wrong == pytest.approx(2 * BIAS * 1.4, abs=0.003)


def test_a_list_is_never_staged_without_its_ends(start: Starter, tmp_path: Path) -> None:
    machine = compensating(start, tmp_path / PROFILE)
    for command in (
        "ZCAL_STAGE SECTION=axis_twist_compensation OPTION=z_compensations VALUE=0.1",
        "ZCAL_STAGE SECTION=axis_twist_compensation OPTION=compensation_start_x VALUE=40",
        "ZCAL_STAGE_AXIS_TWIST AXIS=X VALUES=0.1,0,-0.1",
        "ZCAL_STAGE_AXIS_TWIST AXIS=X VALUES=0.1,0,-0.1 START=40",
        "ZCAL_STAGE_AXIS_TWIST AXIS=X VALUES=0.1,0,-0.1 END=200",
        "ZCAL_STAGE_AXIS_TWIST AXIS=X VALUES=0.1,-0.1 START=40 END=200",
        "ZCAL_STAGE_AXIS_TWIST AXIS=X VALUES=0.1,0.1,-0.1 START=40 END=200",
        "ZCAL_STAGE_AXIS_TWIST AXIS=X VALUES=0.1,0,-0.1 START=200 END=40",
        "ZCAL_STAGE_AXIS_TWIST AXIS=X VALUES=0.1,zero,-0.1 START=40 END=200",
        "ZCAL_STAGE_AXIS_TWIST AXIS=X VALUES=nan,0,0 START=40 END=200",
        "ZCAL_STAGE_AXIS_TWIST AXIS=Z VALUES=0.1,0,-0.1 START=40 END=200",
        "ZCAL_STAGE_AXIS_TWIST AXIS=X VALUES=3,0,-3 START=40 END=200",
        "ZCAL_STAGE_AXIS_TWIST VALUES=0.1,0,-0.1 START=40 END=200",
    ):
        machine.refused(command)
        assert pending(machine) == {}, command
    machine.gcode(stage(list_for(0.1), 40, 200))
    found = pending(machine)["axis_twist_compensation"]
    assert found["z_compensations"] == "0.050000, 0.000000, -0.050000"
    if KNOWS_Y:
        assert found == {
            "z_compensations": "0.050000, 0.000000, -0.050000",
            "compensation_start_x": "40.000",
            "compensation_end_x": "200.000",
        }
    else:
        assert len(found) == 1
        assert "calibrate_start_x" in machine.refused(stage(list_for(0.1), 50, 200))
    machine = restarted(machine)
    machine.gcode("G28\nG1 X120 Y120 Z8 F6000\nPROBE")
    assert machine.client.state() == "ready"


def test_without_the_section_it_is_refused(start: Starter, tmp_path: Path) -> None:
    machine = start_machine(start, write_config(tmp_path / PROFILE, PROFILES / PROFILE))
    assert "Add the section" in machine.refused(stage(list_for(0.1), 40, 200))
    assert pending(machine) == {}
