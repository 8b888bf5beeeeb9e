"""Where the toolhead is: kinematics there and back, and the surface that several Z drives span."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sim.machine_rig import CARTESIAN, Rig
from zcal_tui.sim.machine import SimulatedMachine
from zcal_tui.sim.machine.kinematics import DeltaGeometry, Gantry
from zcal_tui.sim.profile import load_profile
from zcal_tui.sim.truth import Truth, TruthError, build_truth
from zcal_tui.sim.wiring import load_wiring, read_wiring

TOWERS = tuple(
    (120.0 * math.cos(math.radians(angle)), 120.0 * math.sin(math.radians(angle)))
    for angle in (210.0, 330.0, 90.0)
)


@given(
    st.floats(-60, 60),
    st.floats(-60, 60),
    st.floats(-5, 300),
    st.tuples(*[st.floats(245, 270) for _ in range(3)]),
)
def test_delta_goes_there_and_back(x: float, y: float, z: float, arms: tuple[float, float, float]) -> None:
    delta = DeltaGeometry(TOWERS, arms)
    assert delta.nozzle(delta.carriages(x, y, z)) == pytest.approx((x, y, z), abs=1e-6)


def test_corexy_moves_by_both_motors() -> None:
    config = CARTESIAN.replace("kinematics: cartesian", "kinematics: corexy")
    machine = SimulatedMachine(read_wiring(config), Truth())
    start = machine.motion.pose
    machine.advance(1.0, {"X_STEP": 1000, "Y_STEP": -1000})
    pose = machine.motion.pose
    assert (pose.x - start.x, pose.y - start.y) == pytest.approx((10.0, 0.0))
    machine.advance(2.0, {"X_STEP": 1000, "Y_STEP": 1000})
    pose = machine.motion.pose
    assert (pose.x - start.x, pose.y - start.y) == pytest.approx((0.0, 10.0))


@given(st.lists(st.floats(-2, 2), min_size=4, max_size=4))
def test_the_surface_goes_through_all_drives(heights: list[float]) -> None:
    places = [(-60.0, -10.0), (-60.0, 370.0), (360.0, 370.0), (360.0, -10.0)]
    for count in (1, 2, 3, 4):
        gantry = Gantry(places[:count])
        level, slope_x, slope_y, twist = gantry.surface(heights[:count])
        for (x, y), height in zip(places[:count], heights[:count], strict=True):
            dx, dy = x - gantry.origin[0], y - gantry.origin[1]
            assert level + slope_x * dx + slope_y * dy + twist * dx * dy == pytest.approx(height, abs=1e-9)


def test_drives_at_different_heights_tilt_the_gantry() -> None:
    profile = load_profile("corexy")
    machine = SimulatedMachine(load_wiring(profile.printer_cfg), profile.truth)
    pose = machine.motion.pose
    for section, drive in profile.truth.drive.items():
        assert drive.x is not None and drive.y is not None, section
        assert pose.height(drive.x, drive.y) == pytest.approx(profile.truth.frame.start_z + drive.start)


def test_places_of_drives_may_come_from_the_configuration() -> None:
    profile = load_profile("corexy")
    bare = build_truth({"drive": {"stepper_z2": {"start": 1.0}}})
    machine = SimulatedMachine(load_wiring(profile.printer_cfg), bare)
    assert machine.motion.pose.height(360.0, 370.0) == pytest.approx(16.0)
    assert machine.motion.pose.height(-60.0, -10.0) == pytest.approx(15.0)


def test_several_drives_without_places_are_spread_over_the_bed() -> None:
    config = CARTESIAN + "[stepper_z1]\nstep_pin: S\ndir_pin: D\nrotation_distance: 3.2\nmicrosteps: 16\n"
    truth = build_truth({"drive": {"stepper_z1": {"start": 1.0}}})
    pose = Rig(config, truth).machine.motion.pose
    assert pose.height(0.0, 100.0) == pytest.approx(15.0)
    assert pose.height(200.0, 100.0) == pytest.approx(16.0)


def test_a_drive_that_the_printer_does_not_have_is_refused() -> None:
    with pytest.raises(TruthError, match="Its drives are: stepper_z"):
        Rig(CARTESIAN, build_truth({"drive": {"stepper_q": {}}}))


@pytest.mark.parametrize(
    ("kinematics", "steps", "place"),
    [
        # 0.01 mm a step in X and Y, 0.001 mm in Z; Y's direction is inverted
        ("hybrid_corexy", {"X_STEP": 1000}, (110.0, 100.0, 15.0)),
        ("hybrid_corexy", {"X_STEP": -1000, "Y_STEP": -1000}, (100.0, 110.0, 15.0)),
        ("hybrid_corexz", {"X_STEP": 1000}, (110.0, 100.0, 15.0)),
        ("hybrid_corexz", {"X_STEP": -1000, "Z_STEP": 10_000}, (100.0, 100.0, 25.0)),
        ("corexz", {"X_STEP": 1000}, (105.0, 100.0, 20.0)),
        ("corexz", {"X_STEP": 1000, "Z_STEP": 10_000}, (110.0, 100.0, 15.0)),
        ("corexz", {"X_STEP": 1000, "Z_STEP": -10_000}, (100.0, 100.0, 25.0)),
    ],
)
def test_machines_with_two_motors_for_two_axes(
    kinematics: str, steps: dict[str, int], place: tuple[float, float, float]
) -> None:
    rig = Rig(CARTESIAN.replace("kinematics: cartesian", f"kinematics: {kinematics}"))
    rig.steps |= steps
    rig.move()
    pose = rig.machine.motion.pose
    assert (pose.x, pose.y, pose.z) == pytest.approx(place)
