"""Heat: heaters, thermistors, and what grows, drifts and oozes with them."""

import pytest

from tests.unit.sim.machine_rig import CARTESIAN, HEATERS, PROBE, Rig, truth_of
from zcal_tui.sim.truth import Truth
from zcal_tui.sim.wiring import read_wiring
from zcal_tui.sim.wiring_thermistor import Thermistor

CONFIG = CARTESIAN + PROBE + HEATERS
QUIET = {"sensor_noise": 0.0, "sensor_lag": 0.0}


def heated(truth: Truth, seconds: float, bed: float = 0.0, hotend: float = 0.0) -> Rig:
    """A printer whose heaters were on at these duties for this long."""
    rig = Rig(CONFIG, truth)
    rig.machine.output("BED", 0.0, bed)
    rig.machine.output("HOT", 0.0, hotend)
    rig.move(dt=seconds)
    return rig


def test_a_heater_settles_where_loss_balances_power() -> None:
    truth = truth_of(
        heater_bed={"power": 200.0, "capacity": 50.0, "loss": 4.0, **QUIET}, frame={"chamber_gain": 0.0}
    )
    rig = heated(truth, 300.0, bed=0.5)
    assert rig.machine.thermal.bed == pytest.approx(23.0 + 25.0, abs=0.1)


def test_a_heater_warms_with_its_time_constant() -> None:
    truth = truth_of(heater_bed={"power": 200.0, "capacity": 100.0, "loss": 4.0, **QUIET})
    rig = heated(truth, 25.0, bed=1.0)
    assert rig.machine.thermal.bed == pytest.approx(23.0 + 50.0 * (1 - 0.3679), abs=0.2)


def test_thermistors_read_what_klipper_turns_back_into_the_temperature() -> None:
    rig = heated(truth_of(hotend=QUIET, heater_bed=QUIET), 20.0, bed=1.0, hotend=0.5)
    wires = {wire.section: wire for wire in read_wiring(CONFIG).heaters}
    for section, pin, actual in (
        ("extruder", "HOT_ADC", rig.machine.thermal.nozzle),
        ("heater_bed", "BED_ADC", rig.machine.thermal.bed),
    ):
        thermistor = wires[section].curve
        assert isinstance(thermistor, Thermistor)
        assert actual > 30.0
        assert thermistor.temperature(rig.machine.analog(pin, rig.t)) == pytest.approx(actual, abs=0.01)


def test_the_sensor_lags_behind() -> None:
    rig = heated(truth_of(hotend={"sensor_lag": 5.0, "sensor_noise": 0.0}), 4.0, hotend=1.0)
    assert rig.machine.thermal.nozzle - 23.0 > 10.0
    thermistor = read_wiring(CONFIG).heaters[0].curve
    assert isinstance(thermistor, Thermistor)
    assert thermistor.temperature(rig.machine.analog("HOT_ADC", rig.t)) < rig.machine.thermal.nozzle - 5.0


def test_the_fan_cools_the_nozzle() -> None:
    still = heated(truth_of(), 200.0, hotend=0.4)
    blown = Rig(CONFIG)
    blown.machine.output("FAN", 0.0, 1.0)
    blown.machine.output("HOT", 0.0, 0.4)
    blown.move(dt=200.0)
    assert blown.machine.thermal.nozzle < still.machine.thermal.nozzle - 10.0


def test_a_reset_switches_heaters_off() -> None:
    rig = heated(truth_of(), 30.0, hotend=1.0)
    hot = rig.machine.thermal.nozzle
    rig.machine.reset(rig.t, "mcu")
    rig.move(dt=60.0)
    assert rig.machine.thermal.nozzle < hot - 20.0


def test_the_probe_drifts_with_the_bed_late() -> None:
    truth = truth_of(probe={"thermal_bed": 0.001, "thermal_lag": 100.0}, heater_bed={"capacity": 50.0})
    rig = heated(truth, 100.0, bed=0.5)
    bed = rig.machine.thermal.bed - 23.0
    soon = rig.touch(dt=0.0) - 2.0
    assert 0.3 * 0.001 * bed < soon < 0.7 * 0.001 * bed
    rig.move(dt=2000.0)
    assert rig.touch() - 2.0 == pytest.approx(0.001 * (rig.machine.thermal.bed - 23.0), abs=0.002)


def test_nozzle_and_bed_grow() -> None:
    truth = truth_of(nozzle={"growth": 0.001}, bed={"growth": 0.002})
    rig = heated(truth, 3000.0, bed=0.1, hotend=0.2)
    thermal = rig.machine.thermal
    report = rig.machine.truth_report(rig.t)
    nozzle, bed = 0.001 * (thermal.nozzle - 23.0), 0.002 * (thermal.bed - 23.0)
    assert report["contact_z"] == pytest.approx(nozzle + bed, abs=1e-4)
    assert report["probe"]["effective_z_offset"] == pytest.approx(2.0 - nozzle, abs=1e-4)


def test_a_hot_nozzle_oozes_until_it_is_wiped() -> None:
    truth = truth_of(
        nozzle={"ooze_rate": 0.6, "ooze_limit": 0.3, "ooze_from": 100.0, "brush_x": 50.0, "brush_y": 50.0}
    )
    rig = heated(truth, 600.0, hotend=0.5)
    assert rig.machine.thermal.ooze == pytest.approx(0.3)
    rig.move(x=50.0, y=52.0, dt=0.01)
    assert rig.machine.thermal.ooze == 0.0


def test_the_frame_lifts_the_gantry() -> None:
    rig = heated(truth_of(frame={"growth": 0.01, "chamber_gain": 0.5, "chamber_lag": 10.0}), 3000.0, bed=0.1)
    lift = 0.01 * (rig.machine.thermal.chamber - 23.0)
    assert lift > 0.05
    assert rig.touch() == pytest.approx(2.0 - lift, abs=0.002)


def test_temperatures_do_not_depend_on_how_often_they_are_asked_for() -> None:
    once = heated(truth_of(), 60.0, bed=0.5, hotend=0.5)
    often = heated(truth_of(), 0.0, bed=0.5, hotend=0.5)
    while often.t < 60.0:
        often.move(dt=0.05)
    for name, value in once.machine.thermal.readings().items():
        assert often.machine.thermal.readings()[name] == pytest.approx(value, abs=0.1)


def test_a_pin_without_sensor_reads_full_scale() -> None:
    assert Rig(CONFIG).machine.analog("X_STEP", 0.0) == 1.0


def test_sensors_without_a_heater_read_the_chamber_or_the_probe() -> None:
    sensors = (
        "[temperature_sensor chamber]\nsensor_type: Generic 3950\nsensor_pin: AIR\n"
        "[temperature_probe coil]\nsensor_type: Generic 3950\nsensor_pin: COIL\n"
    )
    rig = Rig(CONFIG + sensors, truth_of(heater_bed=QUIET))
    rig.machine.thermal.chamber = 41.0
    rig.machine.thermal.probe_bed = 57.0
    thermistor = read_wiring(CONFIG).heaters[1].curve
    assert isinstance(thermistor, Thermistor)
    assert thermistor.temperature(rig.machine.analog("AIR", 0.0)) == pytest.approx(41.0, abs=0.01)
    assert thermistor.temperature(rig.machine.analog("COIL", 0.0)) == pytest.approx(57.0, abs=0.01)
