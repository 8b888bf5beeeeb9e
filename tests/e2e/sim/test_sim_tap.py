"""Klipper's own tap on the simulated eddy current sensor: the nozzle is the probe. By hand, on Klipper's master."""

import re
from pathlib import Path

import pytest

from campaigns import eddy
from tests.e2e import klippers, program
from tests.e2e.simulated import Starter

pytestmark = pytest.mark.core
OVERSHOOT = 0.02
"""mm by which a tap may report the bed too low: it comes from readings of a nozzle that presses."""


def test_a_tap_finds_the_bed(printer_sim: Starter, tmp_path: Path) -> None:
    klippers.skip_without_tap()
    eddy.write_profile(
        tmp_path, klippers.root(), truth="[drive.stepper_z]\nbacklash = 0.0\n[eddy]\nnoise = 30.0\n", more=""
    )
    printer = printer_sim(str(tmp_path), speed=20)
    klippy = printer.connect()
    klippy.gcode("G28\nG90\nG1 X100 Y100 Z5 F3000")
    bed = printer.report()["contact_z"]
    for threshold in ("guess", "refine"):
        klippy.gcode(f"PROBE_EDDY_CURRENT_TAP_CALIBRATE CHIP=coil TAP={threshold}\nG1 Z5 F600")
    console = "".join(klippy.gcode("PROBE_EDDY_CURRENT_TAP_CALIBRATE CHIP=coil TAP=verify"))
    heights = [float(height) for height in re.findall(r"bed will contact at z=(-?\d+\.\d+)", console)]
    assert len(heights) == 5
    assert all(bed - OVERSHOOT <= height <= bed + 0.005 for height in heights)
    staged = klippy.status("configfile")["save_config_pending_items"]
    assert float(staged["probe_eddy_current coil"]["tap_threshold"]) > 0.0
    klippy.close()


def test_its_calibration_is_checked_by_taps_and_saved(printer_sim: Starter, tmp_path: Path) -> None:
    klippers.skip_without_tap()
    eddy.write_profile(
        tmp_path, klippers.root(), truth="[drive.stepper_z]\nbacklash = 0.0\n[eddy]\nnoise = 30.0\n", more=""
    )
    printer = printer_sim(str(tmp_path), speed=40)
    control = ("--printer", printer.klippy, "--autopilot", "--control", str(printer.ready["control"]))
    running = program.start(tmp_path, "z-offset", "--calibrate", "tap", *control, "--save", "always")
    record = running.end(longest=300.0).record
    assert record["outcome"] == "finished", record["problem"]
    assert "PROBE_EDDY_CURRENT_TAP_CALIBRATE agrees" in record["verdict"]["summary"], record["verdict"]
    assert [(change["option"], change["state"]) for change in record["changes"]] == [
        ("tap_threshold", "saved")
    ]
    given = ("accuracy", "--method", "tap", "--samples", "5", "--autopilot", *control[:2], *control[3:])
    record = program.start(tmp_path, *given).end(longest=300.0).record
    assert record["outcome"] == "finished", record["problem"]
    bed = printer.report()["contact_z"]
    assert [sample["trigger_z"] for sample in record["samples"]] == pytest.approx([bed] * 5, abs=OVERSHOOT)
    record = program.start(tmp_path, "ready", *control[:2]).end(longest=100.0).record
    assert record["outcome"] == "finished", record["problem"]
