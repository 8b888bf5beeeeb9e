"""A Replicape: motors, heaters and fans behind a PWM chip that a second micro-controller drives."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.simulated import KlippyClient, PrinterSim, Starter, eventually, wait_for_state
from tests.unit.sim.test_wiring_replicape import REPLICAPE


@pytest.fixture(scope="module")
def printer(tmp_path_factory: pytest.TempPathFactory, module_printer_sim: Starter) -> Iterator[PrinterSim]:
    """Klipper's example of a Replicape, in short."""
    config = tmp_path_factory.mktemp("replicape") / "printer.cfg"
    config.write_text(REPLICAPE)
    printer = module_printer_sim(str(config), speed=40)
    assert printer.ready["state"] == "ready", printer.ready["message"]
    yield printer
    printer.stop()


@pytest.fixture
def klippy(printer: PrinterSim) -> Iterator[KlippyClient]:
    """A connection to its klippy, which is ready."""
    client = wait_for_state(printer, "ready")
    yield client
    client.close()


def test_its_motors_home_and_lose_their_hold_when_they_are_off(
    printer: PrinterSim, klippy: KlippyClient
) -> None:
    klippy.gcode("G28\nG1 X50 Y60 Z5 F6000\nM400")
    assert klippy.status("toolhead")["homed_axes"] == "xyz"
    assert printer.report()["toolhead"][:2] == pytest.approx([50.0, 60.0], abs=0.1)
    assert printer.report()["motors_hold"]
    klippy.gcode("M84")
    eventually(lambda: not printer.report()["motors_hold"])
    klippy.gcode("G28\nM400")
    # Kalico leaves the endstop after homing
    position = klippy.status("toolhead")["position"]
    assert printer.report()["toolhead"][:2] == pytest.approx(position[:2], abs=0.1)
    assert printer.report()["events"] == []


def test_its_heater_heats(klippy: KlippyClient) -> None:
    klippy.gcode("SET_HEATER_TEMPERATURE HEATER=extruder TARGET=60\nM106 S255")
    eventually(lambda: float(klippy.status("extruder")["temperature"]) > 50.0)
    klippy.gcode("TURN_OFF_HEATERS")


def test_no_bus_of_this_machine_is_open(printer: PrinterSim, klippy: KlippyClient) -> None:
    assert klippy.status("toolhead")
    for process in (printer.process.pid, int(klippy.call("info")["process_id"])):
        opened = [str(path.readlink()) for path in Path(f"/proc/{process}/fd").iterdir() if path.is_symlink()]
        assert not [place for place in opened if place.startswith(("/dev/i2c", "/dev/spi", "/sys/"))]


def test_it_restarts(printer: PrinterSim, klippy: KlippyClient) -> None:
    klippy.send("FIRMWARE_RESTART")
    klippy.drain()
    again = wait_for_state(printer, "ready")
    again.gcode("G28")
    assert again.status("toolhead")["homed_axes"] == "xyz"
    again.close()
