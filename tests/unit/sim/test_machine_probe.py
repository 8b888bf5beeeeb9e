"""The probe: where it triggers, how it repeats, how it is wired, docked and deployed."""

import statistics

import pytest

from tests.unit.sim.machine_rig import BLTOUCH, CARTESIAN, PROBE, Rig, truth_of
from zcal_tui.sim.truth import TruthError


def heights(count: int, dt: float = 0.5, seed: int = 1, **probe: object) -> list[float]:
    rig = Rig(truth=truth_of(probe=probe), seed=seed)
    return [rig.touch(dt=dt) for _ in range(count)]


def test_it_triggers_its_z_offset_above_the_bed_point_below_it() -> None:
    rig = Rig(truth=truth_of(bed={"height": 0.3, "tilt_x": 0.1}, probe={"z_offset": 2.25}))
    rig.move(x=90.0, y=100.0)
    assert rig.touch() == pytest.approx(0.3 + 2.25, abs=0.0015)
    rig.move(x=190.0)
    assert rig.touch() == pytest.approx(0.3 + 0.1 + 2.25, abs=0.0015)


def test_offsets_left_out_are_as_configured() -> None:
    assert heights(1) == [pytest.approx(2.0, abs=0.0015)]


def test_noise_has_its_sigma_and_every_touch_its_own_draw() -> None:
    measured = heights(400, noise=0.02)
    assert statistics.stdev(measured) == pytest.approx(0.02, rel=0.15)
    assert statistics.mean(measured) == pytest.approx(2.0, abs=0.004)
    assert len(set(measured)) > 20


def test_the_same_seed_gives_the_same_touches() -> None:
    assert heights(5, seed=3, noise=0.02) == heights(5, seed=3, noise=0.02)
    assert heights(5, seed=3, noise=0.02) != heights(5, seed=4, noise=0.02)


def test_reading_the_pin_draws_nothing() -> None:
    rig = Rig(truth=truth_of(probe={"noise": 0.02}), seed=3)
    for _ in range(50):
        rig.level("PROBE", 2.0)
    assert rig.touch() == heights(1, seed=3, noise=0.02)[0]


def test_outliers_come_at_their_rate_and_size() -> None:
    measured = heights(300, outlier_rate=0.1, outlier_size=0.5)
    off = [height for height in measured if abs(height - 2.0) > 0.1]
    assert 15 <= len(off) <= 50
    assert all(abs(height - 2.0) == pytest.approx(0.5, abs=0.002) for height in off)


def test_the_first_touch_after_a_rest_is_shifted() -> None:
    rig = Rig(truth=truth_of(probe={"first_sample_shift": 0.1, "rest": 10.0}))
    assert [round(rig.touch(), 3) for _ in range(3)] == [2.1, 2.0, 2.0]
    rig.t += 10.0
    assert round(rig.touch(), 3) == 2.1


def test_drift_adds_up_touch_by_touch_until_a_rest() -> None:
    rig = Rig(truth=truth_of(probe={"drift_per_touch": 0.01, "rest": 10.0}))
    assert [round(rig.touch(), 3) for _ in range(4)] == [2.0, 2.01, 2.02, 2.03]
    rig.t += 10.0
    assert [round(rig.touch(), 3) for _ in range(2)] == [2.0, 2.01]


def test_it_releases_its_hysteresis_above_the_trigger() -> None:
    rig = Rig(truth=truth_of(probe={"hysteresis": 0.05}))
    rig.move(z=1.5)
    assert rig.level("PROBE", 2.045)
    assert not rig.level("PROBE", 2.055)
    rig.move(z=2.2)
    assert not rig.level("PROBE", 2.045)


def test_release_minus_trigger_is_backlash_plus_hysteresis() -> None:
    rig = Rig(truth=truth_of(probe={"hysteresis": 0.05}, drive={"stepper_z": {"backlash": 0.06}}))
    rig.move(z=1.5)
    commanded = next(z for z in range(1900, 2300) if not rig.level("PROBE", z / 1000)) / 1000
    assert commanded - 2.0 == pytest.approx(0.11, abs=0.002)


def test_location_bias_depends_on_the_place_alone() -> None:
    rig = Rig(truth=truth_of(probe={"bias_x": 0.1, "bias_yy": 0.2}))
    rig.move(x=90.0, y=105.0)
    assert rig.touch() == pytest.approx(2.0, abs=0.0015)
    rig.move(x=140.0, y=105.0)
    assert rig.touch() == pytest.approx(2.05, abs=0.0015)
    rig.move(x=90.0, y=155.0)
    assert rig.touch() == pytest.approx(2.05, abs=0.0015)


def test_beyond_the_edge_of_the_bed_there_is_nothing_to_touch() -> None:
    rig = Rig(truth=truth_of(bed={"x_max": 150.0}))
    rig.move(x=145.0)
    assert not rig.level("PROBE", -5.0)


def test_changes_of_the_truth_act_on_the_next_touch() -> None:
    rig = Rig(truth=truth_of())
    assert rig.touch() == pytest.approx(2.0, abs=0.0015)
    rig.machine.set_truth(rig.machine.truth.set("probe.z_offset", 2.5))
    assert rig.touch() == pytest.approx(2.5, abs=0.0015)


DOCK = {"x": 20.0, "y": 190.0, "detach_x": 60.0, "detach_y": 190.0}


@pytest.mark.parametrize(("normally_open", "off_reads"), [(False, True), (True, False)])
def test_taken_off_it_reads_by_its_wiring(normally_open: bool, off_reads: bool) -> None:
    rig = Rig(truth=truth_of(probe={"kind": "dockable", "normally_open": normally_open, "attached": True}))
    assert not rig.level("PROBE")
    rig.machine.detach_probe()
    assert rig.level("PROBE") is off_reads
    assert rig.machine.truth_report(1.0)["probe"]["state"] == "lost"
    rig.machine.attach_probe()
    assert not rig.level("PROBE")


def test_an_inverted_pin_has_the_opposite_level() -> None:
    config = CARTESIAN + "[probe]\npin: ^!PROBE\nz_offset: 2.0\n"
    rig = Rig(config)
    assert rig.level("PROBE")
    assert not rig.level("PROBE", 1.0)


def test_docking_by_moving() -> None:
    rig = Rig(truth=truth_of(probe={"kind": "dockable"}, dock=DOCK))
    assert rig.machine.truth_report(0.0)["probe"]["state"] == "docked"
    for x, y, state in [
        (20, 150, "docked"),
        (20, 190, "attached"),
        (20, 150, "attached"),
        (60, 150, "attached"),
        (60, 190, "attached"),  # not from the dock
        (120, 150, "attached"),
        (20, 190, "attached"),
        (60, 190, "docked"),
        (60, 150, "docked"),
    ]:
        rig.move(x=x, y=y)
        assert rig.machine.truth_report(rig.t)["probe"]["state"] == state


def test_the_probe_seats_differently_each_time_it_is_docked() -> None:
    rig = Rig(truth=truth_of(probe={"kind": "dockable"}, dock={**DOCK, "scatter": 0.004}))
    probe = rig.machine.probe
    assert probe is not None
    seats = []
    for _ in range(40):
        rig.move(x=20.0, y=190.0)
        rig.move(x=60.0, y=190.0)
        seats.append(probe.seat)
    assert len(set(seats)) == 40
    assert 0.0028 < statistics.stdev(seats) < 0.0055


def test_a_lost_probe_is_not_in_its_dock() -> None:
    rig = Rig(truth=truth_of(probe={"kind": "dockable", "attached": True}, dock=DOCK))
    rig.machine.detach_probe()
    rig.move(x=20.0, y=190.0)
    assert rig.machine.truth_report(rig.t)["probe"]["state"] == "lost"


def test_a_fixed_probe_cannot_be_taken_off() -> None:
    with pytest.raises(TruthError, match="no dockable probe"):
        Rig().machine.detach_probe()


def pulse(rig: Rig, milliseconds: float) -> None:
    rig.machine.output("CONTROL", rig.t, milliseconds / 20.0)
    rig.machine.output("CONTROL", rig.t, 0.0)


class TestPin:
    """A probe that deploys a pin, with the pulses that klippy sends."""

    @pytest.fixture
    def rig(self) -> Rig:
        rig = Rig(CARTESIAN + BLTOUCH)
        pulse(rig, 1.475)
        return rig

    def test_stowed_it_sees_nothing(self, rig: Rig) -> None:
        assert not rig.level("PROBE")
        assert not rig.level("PROBE", 0.5)

    def test_deployed_it_triggers_then_draws_the_pin_in(self, rig: Rig) -> None:
        pulse(rig, 0.65)
        assert not rig.level("PROBE")
        assert rig.level("PROBE", 2.0)
        rig.move(z=2.0)
        assert rig.machine.truth_report(rig.t)["probe"]["state"] == "stowed"
        assert rig.level("PROBE")
        rig.move(dt=0.011)
        assert not rig.level("PROBE")
        assert rig.machine.truth_report(rig.t)["probe"]["touches"] == 1

    def test_the_pin_comes_out_again_until_it_is_stowed(self, rig: Rig) -> None:
        pulse(rig, 0.65)
        first = rig.touch()  # lifts by 2 mm
        assert rig.machine.truth_report(rig.t)["probe"]["state"] == "deployed"
        assert rig.touch() == pytest.approx(first, abs=0.02)
        rig.move(z=first, dt=0.5)
        pulse(rig, 1.475)
        rig.move(z=first + 5.0, dt=0.5)
        assert rig.machine.truth_report(rig.t)["probe"]["state"] == "stowed"
        assert not rig.level("PROBE", 0.5)

    def test_each_deployment_has_its_own_draw(self) -> None:
        rig = Rig(CARTESIAN + BLTOUCH, truth_of(probe={"noise": 0.02}))
        measured = []
        for _ in range(30):
            pulse(rig, 0.65)
            measured.append(rig.touch())
        assert statistics.stdev(measured) == pytest.approx(0.02, rel=0.5)

    def test_touch_mode_reads_active_while_the_pin_is_up(self, rig: Rig) -> None:
        pulse(rig, 1.165)
        assert rig.level("PROBE")
        pulse(rig, 0.65)
        pulse(rig, 1.165)
        assert not rig.level("PROBE")
        assert rig.level("PROBE", 1.5)

    def test_no_room_to_deploy_is_an_alarm_until_reset(self, rig: Rig) -> None:
        rig.move(z=1.0)
        pulse(rig, 0.65)
        assert rig.machine.truth_report(rig.t)["probe"]["state"] == "alarm"
        rig.move(z=10.0)
        pulse(rig, 1.475)
        assert rig.level("PROBE")
        pulse(rig, 2.19)
        pulse(rig, 1.475)
        assert not rig.level("PROBE")

    def test_kind_must_fit_the_configuration(self) -> None:
        with pytest.raises(TruthError, match=r"needs a \[bltouch\]"):
            Rig(truth=truth_of(probe={"kind": "pin"}))
        with pytest.raises(TruthError, match=r"needs no \[bltouch\]"):
            Rig(CARTESIAN + BLTOUCH, truth_of(probe={"kind": "fixed"}))


@pytest.mark.parametrize("config", [CARTESIAN + PROBE, CARTESIAN + BLTOUCH], ids=["fixed", "pin"])
def test_one_that_triggers_in_the_air_does_so_after_each_lift(config: str) -> None:
    rig = Rig(config, truth_of(probe={"triggers_in_air": 0.05}))
    rig.move(z=20.0)
    if config != CARTESIAN + PROBE:
        pulse(rig, 0.65)
    assert not rig.level("PROBE")
    assert not rig.level("PROBE", 19.96)
    assert rig.level("PROBE", 19.94)


def test_the_air_is_where_the_last_lift_ended() -> None:
    rig = Rig(truth=truth_of(probe={"triggers_in_air": 0.05}))
    rig.move(z=20.0)
    rig.move(z=19.97)
    rig.move(x=150.0)
    assert not rig.level("PROBE")
    assert rig.level("PROBE", 19.94)
    heights = [rig.touch(lift=2.0) for _ in range(3)]
    assert heights == pytest.approx([19.95, 21.9, 23.85], abs=0.003)
    rig.machine.set_truth(truth_of())
    assert rig.touch() == pytest.approx(2.0, abs=0.0015)
