"""Every profile does what people do with a printer, on a real klippy at 20 times real time.

The tests of a profile share one printer, in any order and on any number of workers: each brings it where it needs it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.simulated import KlippyClient, PrinterSim, Starter, eventually, wait_for_state

pytestmark = pytest.mark.core

PROFILES = ("voron", "bedslinger", "corexy", "delta")
PROBE_SECTION = {"bedslinger": "bltouch"}
PLACES = {"voron": "X125 Y130", "bedslinger": "X120 Y120", "corexy": "X150 Y150", "delta": "X0 Y0"}
TRUTH_TOLERANCE = 0.03
"""mm between what PROBE_CALIBRATE finds and the true value: the probe's noise, one step, and the gap left."""


@pytest.fixture(scope="module", params=PROFILES)
def printer(request: pytest.FixtureRequest, module_printer_sim: Starter) -> Iterator[PrinterSim]:
    """A printer of each profile."""
    printer = module_printer_sim(request.param, speed=20)
    assert printer.ready["state"] == "ready", printer.ready["message"]
    yield printer
    printer.stop()


@pytest.fixture
def klippy(printer: PrinterSim) -> Iterator[KlippyClient]:
    """A connection to its klippy."""
    client = printer.connect()
    yield client
    client.close()


def prepare_probing(printer: PrinterSim, klippy: KlippyClient) -> None:
    """Homed, the probe on the toolhead, over the middle of the bed."""
    klippy.gcode("G28")
    profile = printer.ready["profile"]
    if profile == "voron":
        klippy.gcode("ATTACH_PROBE")
    klippy.gcode(f"G90\nG1 Z15 F600\nG1 {PLACES[profile]} F6000")


def calibrate_probe(printer: PrinterSim, klippy: KlippyClient) -> tuple[float, float]:
    """Klipper's own calibration, by a person who feels the gap: the z_offset that is pending now, and the true one."""
    prepare_probing(printer, klippy)
    klippy.gcode("PROBE_CALIBRATE")
    if printer.ready["profile"] == "voron":
        printer.control.request("dock_probe")
    truth = printer.report()["probe"]["effective_z_offset"]
    for _ in range(20):
        gap = printer.report()["gap"]
        if abs(gap) < 0.005:
            break
        klippy.gcode(f"TESTZ Z={-gap:.4f}")
    gap = printer.report()["gap"]
    console = " ".join(klippy.gcode("ACCEPT"))
    found = re.search(r"z_offset: (-?\d+\.\d+)", console)
    assert found, console
    return float(found[1]), truth - gap


def test_homes_every_axis(printer: PrinterSim, klippy: KlippyClient) -> None:
    klippy.gcode("G28")
    assert klippy.status("toolhead")["homed_axes"] == "xyz"
    assert printer.report()["motors_hold"]


def test_moves_where_it_is_sent(printer: PrinterSim, klippy: KlippyClient) -> None:
    klippy.gcode(f"G28\nG90\nG1 Z20 F600\nG1 {PLACES[printer.ready['profile']]} F6000")
    wanted = klippy.status("toolhead")["position"][:3]
    assert printer.report()["toolhead"] == pytest.approx(wanted, abs=0.5)


def test_probes_at_the_true_height(printer: PrinterSim, klippy: KlippyClient) -> None:
    prepare_probing(printer, klippy)
    console = " ".join(klippy.gcode("PROBE"))
    assert re.search(r"(?i)z[ =]", console), console
    klippy.gcode("G1 Z15 F600")
    assert printer.report()["probe"]["touches"] >= 1


def test_measures_its_own_repeatability(printer: PrinterSim, klippy: KlippyClient) -> None:
    prepare_probing(printer, klippy)
    console = " ".join(klippy.gcode("PROBE_ACCURACY SAMPLES=10"))
    found = re.search(r"standard deviation (\d+\.\d+)", console)
    assert found, console
    assert 0 < float(found[1]) < 0.03


def test_probe_calibrate_finds_the_true_offset(printer: PrinterSim, klippy: KlippyClient) -> None:
    found, truth = calibrate_probe(printer, klippy)
    assert found == pytest.approx(truth, abs=TRUTH_TOLERANCE)


def test_save_config_restarts_with_the_value(printer: PrinterSim, klippy: KlippyClient) -> None:
    found, _truth = calibrate_probe(printer, klippy)
    section = PROBE_SECTION.get(printer.ready["profile"], "probe")
    klippy.send("SAVE_CONFIG")
    klippy.drain()
    again = wait_for_state(printer, "ready")
    configuration: dict[str, Any] = again.status("configfile")
    assert configuration["settings"][section]["z_offset"] == pytest.approx(found)
    assert not configuration["save_config_pending"]
    backups = list(printer.config.parent.rglob("printer-*.cfg"))  # Kalico keeps them in a folder of their own
    assert len(backups) == 1
    again.close()


def test_heats_and_holds(printer: PrinterSim, klippy: KlippyClient) -> None:
    klippy.gcode("SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=45")
    klippy.gcode("SET_HEATER_TEMPERATURE HEATER=extruder TARGET=150")
    for _ in range(60):
        klippy.gcode("G4 P10000")
        if klippy.status("heater_bed")["temperature"] > 44 and klippy.status("extruder")["temperature"] > 148:
            break
    assert klippy.status("heater_bed")["temperature"] == pytest.approx(45, abs=2)
    assert klippy.status("extruder")["temperature"] == pytest.approx(150, abs=6)
    assert printer.report()["temperatures"]["heater_bed"] == pytest.approx(45, abs=3)
    klippy.gcode("TURN_OFF_HEATERS")


def test_makes_a_bed_mesh(printer: PrinterSim, klippy: KlippyClient) -> None:
    prepare_probing(printer, klippy)
    klippy.gcode(
        "BED_MESH_CALIBRATE PROBE_COUNT=3,3" if printer.ready["profile"] != "delta" else "BED_MESH_CALIBRATE"
    )
    mesh = klippy.status("bed_mesh")["probed_matrix"]
    heights = [height for row in mesh for height in row]
    assert len(heights) >= 9
    assert max(heights) - min(heights) < 1.0
    assert max(heights) > min(heights)


def test_emergency_stop_and_recovery(printer: PrinterSim, klippy: KlippyClient) -> None:
    klippy.call("emergency_stop")
    stopped = wait_for_state(printer, "shutdown")
    eventually(lambda: printer.report()["mcu_shutdown"] == "Command request")
    stopped.send("FIRMWARE_RESTART")
    stopped.drain()
    again = wait_for_state(printer, "ready")
    assert printer.report()["mcu_shutdown"] is None
    assert again.status("toolhead")["homed_axes"] == ""
    again.gcode("G28")
    again.close()


def test_the_configuration_that_was_copied_is_untouched(printer: PrinterSim) -> None:
    source = (
        Path(__file__).parents[3] / "zcal_tui" / "sim" / "profiles" / printer.ready["profile"] / "printer.cfg"
    )
    assert "SAVE_CONFIG" not in source.read_text()
