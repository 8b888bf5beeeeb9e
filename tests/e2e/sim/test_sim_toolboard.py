"""A printer with a toolhead board: homing without switches, and what happens when one of its boards fails."""

from collections.abc import Iterator

import pytest

from tests.e2e.simulated import (
    KlippyClient,
    KlippyError,
    PrinterSim,
    SimulatorStartError,
    Starter,
    eventually,
    wait_for_state,
)
from zcal_tui.sim.host.control_client import ControlError

pytestmark = pytest.mark.core


@pytest.fixture(scope="module")
def printer(module_printer_sim: Starter) -> Iterator[PrinterSim]:
    """A printer with two boards."""
    printer = module_printer_sim("toolboard", speed=40)
    assert printer.ready["state"] == "ready", printer.ready["message"]
    yield printer
    printer.stop()


@pytest.fixture
def klippy(printer: PrinterSim) -> Iterator[KlippyClient]:
    """A connection to its klippy, which is ready."""
    client = wait_for_state(printer, "ready")
    yield client
    client.close()


def test_a_threshold_that_is_too_low_finds_no_end(printer: PrinterSim, klippy: KlippyClient) -> None:
    klippy.gcode("SET_TMC_FIELD STEPPER=stepper_x FIELD=sgthrs VALUE=40")
    with pytest.raises(KlippyError, match=r"No trigger on .*x"):
        klippy.gcode("G28 X")
    assert printer.report()["toolhead"][0] == pytest.approx(235.0, abs=0.1), "the end stops the carriage"
    klippy.gcode("SET_TMC_FIELD STEPPER=stepper_x FIELD=sgthrs VALUE=90")
    klippy.gcode("G28 X Y\nG90\nG1 X100 Y100 F6000")
    assert printer.report()["toolhead"][:2] == pytest.approx([100.0, 100.0], abs=0.2)


def test_a_threshold_that_is_too_high_finds_the_end_too_early(
    printer: PrinterSim, klippy: KlippyClient
) -> None:
    klippy.gcode("G28 X Y\nG90\nG1 X100 Y100 F6000")
    klippy.gcode("SET_TMC_FIELD STEPPER=stepper_x FIELD=sgthrs VALUE=200\nG28 X")
    assert klippy.status("toolhead")["position"][0] == pytest.approx(235.0)
    assert printer.report()["toolhead"][0] < 110.0
    klippy.gcode("SET_TMC_FIELD STEPPER=stepper_x FIELD=sgthrs VALUE=90\nG28 X")
    assert printer.report()["toolhead"][0] == pytest.approx(235.0, abs=0.1)


def restarted(printer: PrinterSim, stopped: KlippyClient) -> None:
    """FIRMWARE_RESTART; then it homes and probes as before.

    A board that could not be reached for the first restart is reset only by the second.
    """
    again = stopped
    for _ in range(2):
        again.send("FIRMWARE_RESTART")
        again.drain()
        again = wait_for_state(printer, "ready", "error")
        if again.state() == "ready":
            break
    again.gcode("G28\nG1 Z10 F600\nPROBE")
    assert again.status("toolhead")["homed_axes"] == "xyz"
    again.close()


def test_a_board_that_restarts_stops_klippy_and_comes_back(printer: PrinterSim, klippy: KlippyClient) -> None:
    klippy.gcode("G28")
    printer.control.request("reset", mcu="toolboard")
    klippy.send("QUERY_PROBE")  # an idle klippy asks a board for nothing that it lost in the reset
    stopped = wait_for_state(printer, "shutdown")
    assert "MCU 'toolboard'" in stopped.call("info")["state_message"]
    restarted(printer, stopped)


@pytest.mark.parametrize("fault", ["freeze", "unplug"])
def test_a_board_that_is_cut_off_stops_klippy_and_comes_back(
    fault: str, printer: PrinterSim, klippy: KlippyClient
) -> None:
    klippy.gcode("G28\nSET_HEATER_TEMPERATURE HEATER=extruder TARGET=150\nG4 P3000")
    printer.control.request(fault, mcu="toolboard")
    stopped = wait_for_state(printer, "shutdown")
    assert "Lost communication with MCU 'toolboard'" in stopped.call("info")["state_message"]
    eventually(lambda: printer.report()["mcu_shutdowns"]["mcu"] is not None)
    # nobody talks to the board any more: its firmware switches the heater off by itself
    eventually(lambda: printer.report()["mcu_shutdowns"]["toolboard"] is not None)
    printer.control.request({"freeze": "unfreeze", "unplug": "plug"}[fault], mcu="toolboard")
    restarted(printer, stopped)


def test_a_board_of_another_name_is_refused(printer: PrinterSim) -> None:
    with pytest.raises(ControlError, match="There is no micro-controller head"):
        printer.control.request("reset", mcu="head")


def test_plain_real_time_is_refused(printer_sim: Starter) -> None:
    with pytest.raises(SimulatorStartError) as raised:
        printer_sim("toolboard", speed=1.0, options=("--real-time",))
    assert raised.value.event["what"] == (
        "A printer with several micro-controllers runs on the virtual clock only."
    )
    assert raised.value.event["remedy"] == "Leave out --real-time."
