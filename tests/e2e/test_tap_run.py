"""First layer and the full calibration where Klipper's tap finds a print's Z 0. By hand, on Klipper's master."""

from pathlib import Path

import pytest

from campaigns import eddy
from tests.e2e import klippers, program
from tests.e2e.configured import pending
from tests.e2e.simulated import PrinterSim, Starter

pytestmark = pytest.mark.core
TRUTH = "[drive.stepper_z]\nbacklash = 0.0\n[eddy]\nnoise = 30.0\ny_offset = 10.0\n"
MACROS = """
[zcal]
[force_move]
enable_force_move: True
[safe_z_home]
home_xy_position: 100, 90
speed: 100
z_hop: 10
[gcode_macro PRINT_START]
gcode:
  G28
  TAP_ZERO
[gcode_macro TAP_ZERO]
gcode:
  G90
  G1 X100 Y100 Z5 F3000
  PROBE METHOD=tap
  SET_TAP_ZERO
[gcode_macro SET_TAP_ZERO]
gcode:
  {% set contact = printer.probe.last_probe_position.z %}
  SET_KINEMATIC_POSITION Z={printer.toolhead.position.z - contact}
"""
PAPER = 0.1


def start(folder: Path, starter: Starter, *, current: bool) -> PrinterSim:
    """A printer whose Z homes with the coil, and whose prints tap. `current`: its drive current is configured."""
    klippers.skip_without_tap()
    eddy.write_profile(folder, klippers.root(), truth=TRUTH, more=MACROS)
    config = folder / "printer.cfg"
    text = config.read_text().replace(
        "endstop_pin: ^PD3\nposition_endstop: 0\n", "endstop_pin: probe:z_virtual_endstop\n"
    )
    tap = "tap_threshold: 17000" + ("\nreg_drive_current: 16" if current else "")
    config.write_text(text.replace("sensor_type: ldc1612", f"sensor_type: ldc1612\n{tap}"))
    return starter(str(folder), speed=40)


def calibrate(printer: PrinterSim, folder: Path, *check: str) -> program.Ended:
    """Run a check as the simulated person would, and save what it proposes."""
    control = ("--printer", printer.klippy, "--autopilot", "--control", str(printer.ready["control"]))
    return program.start(folder, *check, *control, "--save", "always").end(longest=300.0)


def height_of_paper(printer: PrinterSim) -> float:
    """Z (mm) at which the nozzle is a paper's thickness above the bed, as Z is homed now."""
    client = printer.connect()
    client.gcode("G90\nG1 X100 Y100 Z1 F600\nM400")
    client.close()
    return 1.0 + PAPER - float(printer.report()["gap"])


def test_the_first_layer_tests_the_z_0_of_homing_and_says_so(printer_sim: Starter, tmp_path: Path) -> None:
    printer = start(tmp_path / "printer", printer_sim, current=True)
    ended = calibrate(printer, tmp_path, "first-layer", "--tests", "4")
    found = ended.record["estimates"]["adjustment"]
    assert found["low"] <= height_of_paper(printer) <= found["high"], "the paper drags at 0 there"
    said = " ".join(event["text"] for event in ended.events if event["event"] == "notice")
    assert "PRINT_START finds another by nozzle contact before each print (PROBE METHOD=tap)." in said
    assert "Then apply it with Z_OFFSET_APPLY_PROBE" in " ".join(ended.record["advice"])
    assert "METHOD=tap" not in " ".join(ended.record["advice"])


def test_the_z_0_of_a_tap_is_contact(printer_sim: Starter, tmp_path: Path) -> None:
    printer = start(tmp_path / "printer", printer_sim, current=True)
    client = printer.connect()
    client.gcode("G28\nTAP_ZERO\nSET_GCODE_OFFSET Z=0.06")
    client.close()
    control = ("--printer", printer.klippy, "--control", str(printer.ready["control"]))
    # The autopilot takes the first option, so the person is asked for the meaning of Z 0 by --zero
    ended = program.start(
        tmp_path, "first-layer", "--tests", "4", "--zero", "contact", "--autopilot", *control
    ).end(longest=300.0)
    found = ended.record["estimates"]["adjustment"]
    true = height_of_paper(printer) - PAPER
    assert found["low"] <= true <= found["high"]


def test_a_full_calibration_calibrates_the_heights_after_the_drive_current(
    printer_sim: Starter, tmp_path: Path
) -> None:
    printer = start(tmp_path / "printer", printer_sim, current=False)
    ended = calibrate(printer, tmp_path, "all", "--skip", "temperature")
    record = ended.record
    assert record["outcome"] == "finished", record["problem"]
    parts = [part["check"] for part in record["parts"]]
    assert parts.count("z-offset") == 2
    assert "bias" not in parts and "auto-z" not in parts
    levels = {part["check"]: part["level"] for part in record["parts"]}
    assert levels["z-offset"] == levels["probe-xy"] == levels["accuracy"] == levels["backlash"] == "pass"
    assert levels["first-layer"] in ("pass", "unknown")
    saved = {
        change["option"]: change["state"]
        for part in ended.events
        if part["event"] == "record"
        for change in part["changes"]
    }
    assert saved == {"reg_drive_current": "saved", "calibrate": "saved"}
    assert pending(printer) == {}
    # Klipper's paper test makes the paper's height Z 0, within the person's accuracy
    assert height_of_paper(printer) == pytest.approx(0.0, abs=0.025)
