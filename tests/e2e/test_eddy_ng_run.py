"""The checks on eddy-ng: its unmodified plugin on a stand-in for its firmware, by hand.

ZCAL_TEST_EDDY_NG names the folder of the public repository, with probe_eddy_ng.py and ldc1612_ng.py; seen with 1ed056b
on Kalico. On Klipper's master of autumn 2026 that plugin cannot home Z.
"""

import os
import re
from pathlib import Path

import pytest

from campaigns import eddy
from tests.e2e import klippers, program
from tests.e2e.configured import pending
from tests.e2e.simulated import PrinterSim, Starter, wait_for_state

PLUGIN = os.environ.get("ZCAL_TEST_EDDY_NG", "")
pytestmark = [
    pytest.mark.core,
    pytest.mark.skipif(not PLUGIN, reason="ZCAL_TEST_EDDY_NG does not name the folder of eddy-ng's plugin"),
    pytest.mark.skipif(not klippers.KALICO, reason="eddy-ng 1ed056b homes Z on Kalico only"),
]
SECTION = (
    "[probe_eddy_ng coil]\nsensor_type: ldc1612\ni2c_mcu: mcu\ni2c_bus: i2c1\nx_offset: 0\ny_offset: 20\n"
    "[safe_z_home]\nhome_xy_position: 100, 80\nspeed: 100\nz_hop: 10\n"
)
TRUTH = "[drive.stepper_z]\nbacklash = 0.0\n[eddy]\nnoise = 30.0\ny_offset = 20.0\nheight = 2.8\n"
PAPER = 0.1


@pytest.fixture(scope="module")
def printer(module_printer_sim: Starter, tmp_path_factory: pytest.TempPathFactory) -> PrinterSim:
    """One whose Z homes with the sensor, calibrated by the plugin's own command, by a paper test."""
    folder = tmp_path_factory.mktemp("printer")
    eddy.write_profile(folder, klippers.root(), truth=TRUTH, more="[zcal]")
    config = folder / "printer.cfg"
    text = re.sub(r"\[probe_eddy_current coil\]\n(?:(?!\[).*\n)*", SECTION, config.read_text())
    text = text.replace("endstop_pin: ^PD3\nposition_endstop: 0\n", "endstop_pin: probe:z_virtual_endstop\n")
    config.write_text(text)
    files = [str(Path(PLUGIN) / name) for name in ("probe_eddy_ng.py", "ldc1612_ng.py")]
    started = module_printer_sim(
        str(folder), speed=40, options=tuple(word for file in files for word in ("--extra", file))
    )
    client = started.connect()
    client.gcode("G28 X Y\nG90\nG1 X100 Y100 F6000\nPROBE_EDDY_NG_SETUP")
    gap = started.report()["gap"]
    client.gcode(f"TESTZ Z={PAPER - gap:.3f}\nACCEPT")
    client.send("SAVE_CONFIG")
    client.drain()
    wait_for_state(started, "ready").close()
    return started


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


def test_the_first_layer_is_compared_with_the_paper(printer: PrinterSim, tmp_path: Path) -> None:
    ended = calibrate(printer, tmp_path, "first-layer", "--tests", "4")
    record = ended.record
    assert record["outcome"] == "finished", record["problem"]
    found = record["estimates"]["adjustment"]
    assert found["low"] <= height_of_paper(printer) <= found["high"]
    assert record["changes"] == []
    if record["verdict"]["level"] == "warn":
        assert any("run PROBE_EDDY_NG_SETUP and SAVE_CONFIG" in text for text in record["advice"])


def test_a_full_calibration_leaves_out_what_cannot_be_measured(printer: PrinterSim, tmp_path: Path) -> None:
    ended = calibrate(printer, tmp_path, "all")
    record = ended.record
    assert record["outcome"] == "finished", record["problem"]
    assert [part["check"] for part in record["parts"]] == ["ready", "first-layer"]
    notes = " ".join(event["text"] for event in ended.events if event["event"] == "notice")
    for title in ("Probe XY offset", "Z offset", "Location bias", "Temperature", "Backlash"):
        assert f"{title} is skipped." in notes
    assert "Repeatability is skipped. [probe_eddy_ng coil] cannot use its method scan." in notes
    assert pending(printer) == {}
    measured = next(
        event for event in ended.events if event["event"] == "record" and event["check"] == "first-layer"
    )
    found = measured["estimates"]["adjustment"]
    assert found["low"] <= height_of_paper(printer) <= found["high"]


@pytest.mark.parametrize("check", ["probe-xy", "z-offset", "accuracy", "bias", "temperature", "backlash"])
def test_alone_each_of_them_is_refused_before_anything_moves(
    printer: PrinterSim, tmp_path: Path, check: str
) -> None:
    before = printer.report()["toolhead"]
    ended = calibrate(printer, tmp_path, check)
    assert ended.record["outcome"] == "refused"
    assert "[probe_eddy_ng coil]" in ended.record["problem"]["what"]
    assert ended.record["problem"]["remedy"]
    assert printer.report()["toolhead"] == before
