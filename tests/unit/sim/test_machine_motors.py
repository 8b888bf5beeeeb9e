"""Motors and the play between a Z motor and what it drives."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sim.machine_rig import CARTESIAN, HEATERS, Rig, truth_of
from zcal_tui.sim.machine.motors import Drive, Motor
from zcal_tui.sim.wiring import Pin, WiredStepper

STEP = 0.01


def stepper(dir_inverted: bool = False, enable: Pin | None = None) -> WiredStepper:
    return WiredStepper("stepper_z", "z", "STEP", Pin("DIR", dir_inverted), enable, STEP)


def drive(backlash: float) -> Drive:
    return Drive(Motor(stepper(), 10.0), backlash, 10.0)


def at(count: int) -> dict[str, int]:
    return {"STEP": count}


def test_a_height_reached_from_above_is_higher_by_the_backlash() -> None:
    play = drive(0.05)
    play.advance(at(100))
    play.advance(at(-100))
    down = play.advance(at(0))
    assert down == pytest.approx(10.0 - 0.05)
    play.advance(at(100))
    from_above = play.advance(at(0))
    assert from_above - down == pytest.approx(0.05)


@pytest.mark.parametrize("backlash", [0.05, -0.05])
def test_its_sign_says_which_way_is_higher(backlash: float) -> None:
    play = drive(backlash)
    play.advance(at(-100))
    from_below = play.advance(at(0))
    play.advance(at(100))
    assert play.advance(at(0)) - from_below == pytest.approx(backlash)


def test_play_is_taken_up_before_the_drive_follows() -> None:
    play = drive(0.05)
    assert play.advance(at(3)) == pytest.approx(10.0)
    assert play.advance(at(5)) == pytest.approx(10.0)
    assert play.advance(at(8)) == pytest.approx(10.03)
    assert play.advance(at(4)) == pytest.approx(10.03)
    assert play.advance(at(1)) == pytest.approx(10.01)


@given(st.lists(st.integers(-500, 500), max_size=20), st.floats(-1.0, 1.0))
def test_the_drive_stays_within_its_play(turns: list[int], backlash: float) -> None:
    play = drive(backlash)
    for count in turns:
        expected = play.position_at(at(count))
        reached = play.advance(at(count))
        motor = play.motor.position_at(at(count))
        assert reached == expected
        assert motor - max(0.0, backlash) - 1e-9 <= reached <= motor - min(0.0, backlash) + 1e-9


def test_an_inverted_direction_pin_turns_the_motor_over() -> None:
    assert Motor(stepper(dir_inverted=True), 1.0).advance(at(10)) == pytest.approx(0.9)


def test_a_motor_that_is_off_lets_steps_pass() -> None:
    motor = Motor(stepper(enable=Pin("EN", invert=True)), 1.0)
    assert motor.advance(at(50)) == pytest.approx(1.0)
    motor.set_output("EN", 0.0)
    assert motor.enabled
    assert motor.advance(at(60)) == pytest.approx(1.1)
    assert motor.set_output("EN", 1.0)
    assert motor.position_at(at(90)) == pytest.approx(1.1)


def test_a_released_drive_slips_by_a_draw_of_its_own() -> None:
    config = CARTESIAN.replace("step_pin: Z_STEP", "step_pin: Z_STEP\nenable_pin: !Z_EN")
    truth = truth_of(drive={"stepper_z": {"slip": 0.2}})
    heights = []
    for seed in (1, 1, 2):
        rig = Rig(config, truth, seed)
        rig.machine.output("Z_EN", 0.0, 0.0)
        rig.machine.output("Z_EN", 1.0, 1.0)
        rig.move()
        heights.append(rig.machine.motion.pose.z)
    assert heights[0] == heights[1] != heights[2]
    assert heights[0] != pytest.approx(15.0, abs=1e-6)


def test_a_reset_takes_the_motors_hold() -> None:
    rig = Rig(CARTESIAN.replace("step_pin: Z_STEP", "step_pin: Z_STEP\nenable_pin: !Z_EN"))
    rig.machine.output("Z_EN", 0.0, 0.0)
    assert rig.machine.motion.held
    rig.machine.reset(1.0, "mcu")
    assert not rig.machine.motion.held


def test_a_reset_of_one_board_releases_only_its_outputs() -> None:
    text = CARTESIAN.replace("step_pin: Z_STEP", "step_pin: Z_STEP\nenable_pin: !Z_EN")
    head = HEATERS.replace("heater_pin: HOT", "heater_pin: head:HOT").replace("pin: FAN", "pin: head:FAN")
    rig = Rig(text + head + "[mcu head]\nserial: x\n")
    machine = rig.machine
    machine.output("Z_EN", 0.0, 0.0)
    for pin in ("head:HOT", "BED", "head:FAN"):
        machine.output(pin, 0.0, 1.0)

    def warmth() -> tuple[float, float]:
        rig.t += 30.0
        machine.advance(rig.t, rig.steps)
        return machine.thermal.nozzle, machine.thermal.bed

    nozzle, bed = warmth()
    machine.reset(rig.t, "head")
    held = [machine.motion.held]
    later_nozzle, later_bed = warmth()
    assert later_nozzle < nozzle and later_bed > bed
    machine.reset(rig.t, "mcu")
    held.append(machine.motion.held)
    assert held == [True, False]
    assert warmth()[1] < later_bed


def test_what_is_lost_on_the_way_up_stays_lost() -> None:
    losing = Drive(Motor(stepper(), 10.0, 0.25), 0.0, 10.0)
    assert losing.position_at(at(100)) == pytest.approx(10.75)
    assert losing.advance(at(40)) == pytest.approx(10.3)
    assert losing.advance(at(100)) == pytest.approx(10.75)
    assert losing.position_at(at(0)) == pytest.approx(9.75)
    assert losing.advance(at(0)) == pytest.approx(9.75)


def test_a_touch_after_each_lift_is_higher_by_what_the_lift_lost() -> None:
    rig = Rig(truth=truth_of(drive={"stepper_z": {"lost_up": 0.1}}))
    counts = []
    for _ in range(4):
        rig.touch(lift=2.0)
        counts.append(rig.steps["Z_STEP"] - 2000)
    assert [b - a for a, b in itertools.pairwise(counts)] == pytest.approx([200, 200, 200], abs=3)
