"""A printer with a toolhead board: homing without switches, and what happens when one of its boards fails."""

from collections.abc import Iterator

import pytest

from tests.e2e.simulated import KlippyClient, KlippyError, PrinterSim, Starter, wait_for_state

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
