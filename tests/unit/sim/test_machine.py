"""The machine as a whole: its pins, its report, marks, the eddy sensor, live changes."""

import json
import statistics

import pytest

from tests.unit.sim.machine_rig import CARTESIAN, HEATERS, PROBE, Rig, truth_of
from zcal_tui.sim.ports import Machine
from zcal_tui.sim.truth import TruthError

EDDY = "[probe_eddy_current coil]\nsensor_type: ldc1612\ni2c_bus: i2c1\n"


def test_it_is_a_machine_with_the_pins_of_its_configuration() -> None:
    machine: Machine = Rig(CARTESIAN + PROBE + HEATERS).machine
    assert {"X_STEP", "Y_DIR", "Z_STOP", "PROBE", "HOT", "HOT_ADC", "FAN"} <= set(machine.pins)
    assert len(set(machine.pins)) == len(machine.pins)
    assert machine.level("UNKNOWN", 0.0, {}) is False


def test_delays_are_those_of_the_truth() -> None:
    rig = Rig(truth=truth_of(probe={"trigger_delay": 0.002}, z_endstop={"delay": 0.003}))
    assert rig.machine.delay("PROBE") == 0.002
    assert rig.machine.delay("Z_STOP") == 0.003
    assert rig.machine.delay("X_STOP") == 0.0


def test_the_report_is_json_and_says_the_gap() -> None:
    rig = Rig(CARTESIAN + PROBE + HEATERS, truth_of(bed={"height": 0.25}))
    rig.move(x=60.0, y=70.0, z=1.0)
    report = json.loads(json.dumps(rig.machine.truth_report(rig.t)))
    assert report["toolhead"] == pytest.approx([60.0, 70.0, 1.0])
    assert report["gap"] == pytest.approx(0.75)
    assert report["contact_z"] == pytest.approx(0.25)
    assert report["probe"]["effective_z_offset"] == pytest.approx(2.0)
    assert report["probe"]["paper_z_offset"] == pytest.approx(1.9)
    assert report["probe"]["point"] == pytest.approx([70.0, 65.0])


def test_trigger_minus_contact_is_the_effective_offset_at_the_same_bed_point() -> None:
    truth = truth_of(bed={"tilt_x": 0.5, "bowl": 0.2}, probe={"bias_x": 0.1, "z_offset": 2.2})
    rig = Rig(truth=truth)
    rig.move(x=30.0, y=105.0)
    trigger = rig.touch()
    rig.move(x=40.0, y=100.0)
    report = rig.machine.truth_report(rig.t)
    assert trigger - report["contact_z"] == pytest.approx(report["probe"]["effective_z_offset"], abs=0.001)


def test_a_mark_below_the_probe_shows_its_xy_offset() -> None:
    rig = Rig()
    rig.move(x=100.0, y=100.0)
    assert rig.machine.nozzle_to_mark() is None
    assert rig.machine.mark_probe_point() == pytest.approx((110.0, 95.0))
    rig.move(x=110.0, y=94.0)
    assert rig.machine.nozzle_to_mark() == pytest.approx((0.0, 1.0))


def test_a_mark_below_a_coil_shows_the_offset_of_the_coil() -> None:
    rig = Rig(CARTESIAN + EDDY, truth_of(eddy={"x_offset": -3.0, "y_offset": 21.5}))
    rig.move(x=100.0, y=100.0)
    assert rig.machine.mark_probe_point() == pytest.approx((97.0, 121.5))


def test_the_eddy_sensor_rings_higher_nearer_the_bed() -> None:
    rig = Rig(
        CARTESIAN + EDDY, truth_of(eddy={"noise": 0.0, "far": 3e6, "gain": 0.1, "decay": 2.0, "height": 1.0})
    )
    frequencies = [rig.machine.eddy_frequency("i2c1", 0.0, rig.counts(z)) for z in (0.0, 1.0, 3.0, 100.0)]
    assert frequencies == sorted(frequencies, reverse=True)
    assert frequencies[0] == pytest.approx(3e6 * (1 + 0.1 * 0.60653), rel=1e-6)
    assert frequencies[-1] == pytest.approx(3e6, rel=1e-6)
    assert rig.machine.eddy_frequency("i2c9", 0.0, {}) == 0.0


def test_a_nozzle_on_the_bed_holds_the_coil_up() -> None:
    rig = Rig(CARTESIAN + EDDY, truth_of(eddy={"noise": 0.0}))
    above, touching, pressed = (
        rig.machine.eddy_frequency("i2c1", 0.0, rig.counts(z)) for z in (0.1, 0.0, -0.1)
    )
    assert above < touching == pytest.approx(pressed, abs=0.01)


def test_the_eddy_sensor_is_noisy_and_sees_backlash() -> None:
    truth = truth_of(eddy={"noise": 10.0}, drive={"stepper_z": {"backlash": 0.05}})
    rig = Rig(CARTESIAN + EDDY, truth)

    def mean() -> float:
        return statistics.mean(rig.machine.eddy_frequency("i2c1", rig.t, rig.steps) for _ in range(200))

    rig.move(z=1.0)
    rig.move(z=2.0)
    from_below = mean()
    rig.move(z=3.0)
    rig.move(z=2.0)
    assert from_below - mean() > 500.0


def test_live_changes_are_all_or_nothing() -> None:
    rig = Rig(truth=truth_of(probe={"z_offset": 2.0}))
    with pytest.raises(TruthError, match="bltouch"):
        rig.machine.set_truth(rig.machine.truth.set("probe.kind", "pin").set("probe.z_offset", 3.0))
    assert rig.touch() == pytest.approx(2.0, abs=0.001)
    assert rig.machine.truth.get("probe.z_offset") == 2.0
    rig.machine.set_truth(rig.machine.truth.set("bed.height", 1.0))
    assert rig.touch() == pytest.approx(3.0, abs=0.001)


def test_sources_of_randomness_do_not_disturb_each_other() -> None:
    plain = Rig(truth=truth_of(probe={"noise": 0.02}))
    busy = Rig(CARTESIAN + PROBE + HEATERS + EDDY, truth_of(probe={"noise": 0.02}, z_endstop={"noise": 0.05}))
    for _ in range(20):
        busy.machine.analog("HOT_ADC", 0.0)
        busy.machine.eddy_frequency("i2c1", 0.0, {})
    assert [busy.touch() for _ in range(4)] == [plain.touch() for _ in range(4)]
