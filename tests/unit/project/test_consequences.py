"""Every verdict ends with what it means for a first layer, or its check is named here with the reason why not."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest

from tests.unit.project import test_limits as verdicts
from zcal_tui.checks import room_below
from zcal_tui.checks.accuracy.methods import conclusion as methods_conclusion
from zcal_tui.checks.auto_z.analysis import Repeats
from zcal_tui.checks.auto_z.calibrate import Attempt
from zcal_tui.checks.auto_z.verdict import of_fault, of_repeats, verdict_of
from zcal_tui.checks.backlash.analysis import _none_verdict
from zcal_tui.checks.base import Context
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.first_layer.analysis import too_far_off
from zcal_tui.checks.paper import PaperHeight
from zcal_tui.checks.room_below import LowestZ, OutOfReach
from zcal_tui.checks.z_offset.analysis import endstop_conclusion
from zcal_tui.checks.z_offset.scanner_calibration import _Checked, _judge
from zcal_tui.model.events import Event
from zcal_tui.model.record import Verdict
from zcal_tui.printer.config_view import z_rail
from zcal_tui.printer.probe_methods import ProbeMethod
from zcal_tui.printer.scanner_calibrations import ScannerCalibration
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.z_calibration import AutomaticOffset, Height


def automatic_offset() -> Verdict:
    def height(value: float) -> Height:
        return Height(value, (value - 0.00125, value, value + 0.00125))

    repeats = Repeats(verdicts.STEP)
    for offset in (-0.090, -0.098, -0.094):
        repeats.found.append(AutomaticOffset(offset, 0.5, height(0.5), height(6.45), height(offset + 6.45)))
    return verdict_of(list(of_repeats(repeats, verdicts.SECTION)), "Good.", 0.006)


def position_endstop() -> Verdict:
    settings = {"stepper_z": {"endstop_pin": "PA1", "position_endstop": -0.2}}
    state = PrinterState(settings=settings)
    rail = z_rail(state)
    assert rail is not None
    papers = [PaperHeight(height, 0.002) for height in (0.0, 0.002)]
    return verdicts.reached(endstop_conclusion(state, rail, papers, verdicts.STEP))


def touches_too_early() -> Verdict:
    return verdicts.reached(too_far_off(3.0))


def fault_of_calibrate_z() -> Verdict:
    attempt = Attempt(None, "probe", "CALIBRATE_Z: probe switch not closed")
    return verdict_of([of_fault(attempt, verdicts.SECTION, ())], "Good.")


def no_room_to_trigger() -> Verdict:
    return verdicts.reached(room_below.probe_conclusion(LOWEST, 0.1))


def no_room_to_the_paper() -> Verdict:
    return verdicts.reached(room_below.paper_conclusion(OutOfReach(LOWEST, -0.6)))


def no_room_that_is_known() -> Verdict:
    return verdicts.reached(room_below.paper_conclusion(OutOfReach(LOWEST)))


def coil_and_contact() -> Verdict:
    coil, contact = ProbeMethod("scan", "cartographer", ""), ProbeMethod("touch", "cartographer", "")
    return verdicts.reached(methods_conclusion([(0.0, 0.03), (0.001, 0.034)], coil, contact))


def no_backlash_found() -> Verdict:
    return _none_verdict(0.012)


def no_backlash_known() -> Verdict:
    return _none_verdict(None)


def scanner_calibrated() -> Verdict:
    told: list[Event] = []
    context = cast(Context, SimpleNamespace(emit=told.append))
    calibration = cast(
        ScannerCalibration, SimpleNamespace(name="CARTOGRAPHER_SCAN_CALIBRATE", section="cartographer")
    )
    _judge(context, calibration, _Checked(0.012, 0.012, 0.004, agrees=True))
    return verdicts.reached(told)


LOWEST = LowestZ(-0.2, "stepper_z", "position_min")
VERDICTS: dict[str, tuple[Callable[[], Verdict], ...]] = {
    "accuracy": (verdicts.accuracy, verdicts.endstop, no_room_to_trigger, coil_and_contact),
    "auto-z": (automatic_offset, fault_of_calibrate_z),
    "backlash": (verdicts.backlash, no_backlash_found, no_backlash_known),
    "bias": (verdicts.bias,),
    "first-layer": (verdicts.first_layer, touches_too_early),
    "temperature": (verdicts.temperature,),
    "z-offset": (
        verdicts.z_offset,
        position_endstop,
        no_room_to_the_paper,
        no_room_that_is_known,
        verdicts.eddy,
        scanner_calibrated,
    ),
}
WITHOUT = {
    "ready": "It measures nothing.",
    "probe-xy": "A bed point beside the right one changes no first layer by itself; its limit is XY_ACCURACY.",
}


def test_every_check_has_a_consequence_or_a_reason_why_not() -> None:
    assert set(VERDICTS) | set(WITHOUT) == set(CHECKS)
    assert not set(VERDICTS) & set(WITHOUT)


@pytest.mark.parametrize(
    "verdict", [each for found in VERDICTS.values() for each in found], ids=lambda each: each.__name__
)
def test_a_verdict_ends_with_its_consequence(verdict: Callable[[], Verdict]) -> None:
    assert verdict().reasons[-1].endswith("0.2 mm first layer.")
