"""What a calibration remembers: what moved since the last good one, and whether its offset is still in effect."""

import time

import pytest

from tests.e2e.simulated import KlippyClient, KlippyError, PrinterSim, eventually, wait_for_state
from tests.extra.z_calibration.calibrated import Starter, offset_of, set_truth


def restart(printer: PrinterSim, klippy: KlippyClient) -> KlippyClient:
    """RESTART, and a new connection that receives the console output."""
    klippy.send("RESTART")
    klippy.drain()
    klippy.close()
    again = wait_for_state(printer, "ready")
    again.call("gcode/subscribe_output", response_template={"method": "console"})
    return again


def hear(klippy: KlippyClient, text: str) -> None:
    """Wait until the console prints this."""

    def heard() -> bool:
        klippy.call("info")
        return any(text in line for line in klippy.console)

    eventually(heard)


def test_the_cause_is_named_after_a_restart_too(start: Starter) -> None:
    printer = start()
    klippy = printer.connect()
    klippy.gcode("G28")
    with pytest.raises(KlippyError, match="must run CALIBRATE_Z first"):
        klippy.gcode("CALCULATE_SWITCH_OFFSET")
    good = offset_of(klippy.gcode("CALIBRATE_Z"))
    klippy = restart(printer, klippy)
    hear(klippy, f"the offset {good:.3f} of CALIBRATE_Z was lost by the restart")
    assert klippy.status("z_calibration")["lost"] == "restarted"
    set_truth(printer, bed__height=1.5)
    klippy.gcode("G28")
    with pytest.raises(KlippyError) as error:
        klippy.gcode("CALIBRATE_Z")
    message = str(error.value)
    assert "is outside the configured range of min=-1.000 and max=1.000" in message
    assert "The offset changed because of the probe on the bed (+1." in message
    assert klippy.status("z_calibration")["last_query"] is False
    assert klippy.status("gcode_move")["homing_origin"][2] == 0.0  # not applied
    assert klippy.status("z_calibration")["result"]["offset"] == pytest.approx(good + 1.5, abs=0.02)
    set_truth(printer, bed__height=0.0, probe__switch_offset=1.8)
    with pytest.raises(KlippyError, match="The offset changed because of the switch body on the endstop"):
        klippy.gcode("CALIBRATE_Z")
    klippy = restart(printer, klippy)  # nothing was in effect: nothing is lost
    time.sleep(1.0)
    klippy.call("info")
    assert not any("lost by the restart" in line for line in klippy.console)
    klippy.close()


def test_a_lost_offset_is_reported(start: Starter) -> None:
    printer = start()
    klippy = printer.connect()
    klippy.gcode("G28\nSAVE_GCODE_STATE NAME=before")
    klippy.gcode("CALIBRATE_Z")
    assert klippy.status("z_calibration")["applied"] is not None
    klippy.gcode("SET_GCODE_OFFSET Z_ADJUST=-0.02\nG4 P3000")
    assert klippy.status("z_calibration")["lost"] is None  # a babystep is not a loss
    klippy.gcode("RESTORE_GCODE_STATE NAME=before")
    hear(klippy, "is no longer in effect")
    assert klippy.status("z_calibration")["lost"] == "restored"
    klippy.gcode("CALIBRATE_Z")
    assert klippy.status("z_calibration")["lost"] is None
    console = klippy.gcode("G28 Z")
    assert any("Z was homed since CALIBRATE_Z" in line for line in console)
    assert klippy.status("z_calibration")["lost"] == "homed"
    assert not any("Z was homed since" in line for line in klippy.gcode("G28 Z"))
    klippy.close()


def test_switch_offset_from_the_nozzle_height(start: Starter) -> None:
    printer = start()
    klippy = printer.connect()
    klippy.gcode("G28")
    offset = offset_of(klippy.gcode("CALIBRATE_Z"))
    klippy.gcode("G90\nG1 X125 Y125 F9000\nG1 Z0.1 F300")
    (line,) = klippy.gcode("CALCULATE_SWITCH_OFFSET")
    assert line.startswith("// CALCULATE_SWITCH_OFFSET: switch_offset=0.520 - (current_z=")
    z = klippy.status("toolhead")["position"][2]
    assert z == pytest.approx(offset + 0.1, abs=1e-6)
    assert line.endswith(f"z_offset={offset:.3f}) --> new switch_offset=0.420")
    klippy.gcode("G1 Z5 F300")
    console = "\n".join(klippy.gcode("CALCULATE_SWITCH_OFFSET"))
    assert "the resulting switch offset is negative!" in console
    assert "cannot be negative" in console
    klippy.close()


def test_the_bed_mesh_is_excluded_from_switch_offset(start: Starter) -> None:
    printer = start()
    klippy = printer.connect()
    klippy.gcode("G28\nATTACH_PROBE\nBED_MESH_CALIBRATE PROBE_COUNT=3,3\nDETACH_PROBE\nCALIBRATE_Z")
    klippy.gcode("G90\nG1 Z5 F900\nG1 X220 Y220 F9000\nG1 Z0 F300")
    *_, line = klippy.gcode("CALCULATE_SWITCH_OFFSET")
    assert "Without it: new switch_offset=0.520" in line  # at gcode Z 0
    klippy.close()


def test_endstop_accuracy_reports_both_deviations(start: Starter) -> None:
    printer = start()
    set_truth(printer, z_endstop__noise=0.003)
    klippy = printer.connect()
    klippy.gcode("G28")
    console = klippy.gcode("PROBE_Z_ACCURACY SAMPLES=10 SAMPLE_RETRACT_DIST=1.5 PROBE_SPEED=2")
    assert console[0].startswith(
        "// PROBE_Z_ACCURACY at X:206.000 Y:256.000 Z:12.800 (samples=10 retract=1.500 "
    )
    assert sum("probe at 206.000,256.000 is z=" in line for line in console) == 10
    assert any("probe z accuracy results: maximum" in line for line in console)
    assert any("sample standard deviation" in line for line in console)
    klippy.close()
