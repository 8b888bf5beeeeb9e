"""Endstops: at the ends of the axes, the Z pin under nozzle and switch body, the towers of a delta."""

import pytest

from tests.unit.sim.machine_rig import CARTESIAN, PROBE, Rig, truth_of
from zcal_tui.sim.machine import SimulatedMachine
from zcal_tui.sim.profile import load_profile
from zcal_tui.sim.wiring import load_wiring

PIN = {"x": 150.0, "y": 180.0, "height": 0.6, "noise": 0.0, "hysteresis": 0.0}


def test_axis_endstops_sit_where_configured() -> None:
    rig = Rig()
    assert not rig.level("X_STOP")
    rig.move(x=-0.01)
    assert rig.level("X_STOP")
    assert rig.level("Y_STOP")
    rig.move(y=200.0)
    assert not rig.level("Y_STOP")


def test_the_nozzle_presses_the_pin_only_over_it() -> None:
    rig = Rig(truth=truth_of(z_endstop=PIN))
    assert not rig.level("Z_STOP", 0.0)
    rig.move(x=150.0, y=180.0)
    assert rig.touch("Z_STOP") == pytest.approx(0.6, abs=0.001)


def test_nozzle_growth_and_ooze_make_it_trigger_higher() -> None:
    rig = Rig(truth=truth_of(z_endstop=PIN))
    rig.move(x=150.0, y=180.0)
    rig.machine.thermal.nozzle_length += 100.0
    rig.machine.thermal.ooze = 0.2
    assert rig.touch("Z_STOP", dt=0.0) == pytest.approx(0.6 + 0.05 + 0.2, abs=0.001)


def test_switch_minus_nozzle_plus_switch_offset_is_the_z_offset() -> None:
    """The formula of [z_calibration] holds on this machine."""
    rig = Rig(truth=truth_of(z_endstop=PIN, probe={"z_offset": 6.4, "switch_offset": 0.52, "switch_x": 3.0}))
    rig.move(x=150.0, y=180.0)
    nozzle = rig.touch("Z_STOP")
    rig.move(x=150.0 - 10.0 - 3.0, y=180.0 + 5.0, z=15.0)
    switch = rig.touch("Z_STOP")
    assert switch - nozzle + 0.52 == pytest.approx(6.4, abs=0.002)


def test_a_probe_in_its_dock_does_not_press_the_pin() -> None:
    rig = Rig(truth=truth_of(z_endstop=PIN, probe={"kind": "dockable", "z_offset": 6.4}))
    rig.move(x=140.0, y=185.0)
    assert not rig.level("Z_STOP", 5.0)
    rig.machine.attach_probe()
    assert rig.level("Z_STOP", 5.0)


PROBE_HOMES_Z = (CARTESIAN + PROBE).replace(
    "endstop_pin: ^Z_STOP\nposition_endstop: 0.5\n", "endstop_pin: probe:z_virtual_endstop\n"
)
NOZZLE_SWITCH = "[z_calibration]\nendstop_pin: ^NOZZLE\nnozzle_xy_position: 20, 180\n"


def test_a_switch_of_z_calibration_is_pressed_at_its_place() -> None:
    rig = Rig(
        PROBE_HOMES_Z + NOZZLE_SWITCH, truth_of(z_endstop={"height": 0.6, "noise": 0.0, "hysteresis": 0.0})
    )
    assert not rig.level("NOZZLE", -1.0)
    rig.move(x=20.0, y=180.0)
    assert rig.touch("NOZZLE") == pytest.approx(0.6, abs=0.001)
    rig.move(x=10.0, y=185.0, z=15.0)
    assert rig.touch("NOZZLE") == pytest.approx(0.6 + 2.0 - 0.5, abs=0.02), "the body of the probe's switch"


def test_the_truth_decides_where_a_switch_of_z_calibration_is() -> None:
    rig = Rig(PROBE_HOMES_Z + NOZZLE_SWITCH, truth_of(z_endstop=PIN))
    rig.move(x=20.0, y=180.0)
    assert not rig.level("NOZZLE", -1.0)
    rig.move(x=150.0)
    assert rig.touch("NOZZLE") == pytest.approx(0.6, abs=0.001)


def test_without_a_place_it_is_a_switch_on_the_rail() -> None:
    rig = Rig()
    for x in (20.0, 180.0):
        rig.move(x=x)
        assert rig.touch("Z_STOP") == pytest.approx(0.5, abs=0.01)


def test_delta_towers_trigger_at_their_endstops() -> None:
    profile = load_profile("delta")
    wiring = load_wiring(profile.printer_cfg)
    machine = SimulatedMachine(
        wiring, profile.truth.set("frame.start_z", 280.0).set("drive.stepper_a.endstop_error", 0.0)
    )
    tower = wiring.drives[0]
    assert tower.endstop_pin is not None
    above = round(0.02 / tower.step_distance) * (-1 if tower.dir_pin.invert else 1)
    machine.output("PD7", 0.0, 0.0)
    assert not machine.level(tower.endstop_pin.name, 0.1, {tower.step_pin: -above})
    assert machine.level(tower.endstop_pin.name, 0.1, {tower.step_pin: above})


def test_what_is_pressed_too_far_is_remembered_with_its_depth() -> None:
    rig = Rig(truth=truth_of(z_endstop=PIN, probe={"travel": 1.0, "z_offset": 2.0}))
    rig.move(z=0.5)
    rig.move(z=-0.25)
    rig.move(z=-0.1)
    rig.move(z=5.0)
    kinds = {event.kind: event for event in rig.machine.events}
    assert kinds["nozzle pressed into the bed"].depth == pytest.approx(0.25)
    assert kinds["probe pressed beyond its travel"].depth == pytest.approx(1.25)
    assert len(rig.machine.events) == 2


def test_touching_gently_is_no_crash() -> None:
    rig = Rig(truth=truth_of())
    rig.move(z=-0.02)
    assert not rig.machine.events
