"""What the doctor reads from a printer, and what it makes of klippy's state."""

from dataclasses import replace

import pytest

from tests.unit.fakes import examined as seen
from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from zcal_tui.printer.hazards import WRONG_SIGN
from zcal_tui.printer.klippy_log import LogError
from zcal_tui.printer.state import PrinterState
from zcal_tui.tools.doctor.finding import Grade
from zcal_tui.tools.doctor.klipper import judge_klipper
from zcal_tui.tools.doctor.link import gather_link
from zcal_tui.tools.doctor.printer import NOT_REACHED, gather_printer, judge_printer
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.moonraker import Credentials

OK, NOTE, PROBLEM = Grade.OK, Grade.NOTE, Grade.PROBLEM
NOBODY = Credentials()


async def test_the_printer_is_looked_at_and_nothing_is_sent(klippy: FakeKlippy, machine: Machine) -> None:
    [(_, transport)] = await gather_link({SocketAddress(klippy.path): "x"}, NOBODY)
    assert transport is not None
    facts = await gather_printer(transport, NOBODY)
    await transport.close()
    assert facts.state.ready
    assert facts.module is not None
    assert not facts.module_loaded
    assert facts.unreadable
    assert machine.scripts == []
    assert {"gcode/script", "gcode/restart", "emergency_stop"}.isdisjoint(klippy.requests)


def test_a_fault_of_a_build_is_reported_as_ready_reports_it() -> None:
    state = PrinterState(connected=True, klippy="ready", software_version="v0.13.0-490-gabc")
    found = seen.of(judge_printer(seen.printer(state)), "build")
    assert found.grade is NOTE
    assert WRONG_SIGN.effect in found.what
    assert WRONG_SIGN.source in found.why


@pytest.mark.parametrize(
    ("state", "grade", "words"),
    [
        (seen.klippy_in("error", "Option 'pin' in section 'probe' must be specified"), PROBLEM, "'pin'"),
        (
            seen.klippy_in("shutdown", "MCU 'mcu' shutdown: Timer too close\nPrinter is shutdown"),
            PROBLEM,
            "Timer too close",
        ),
        (seen.klippy_in("startup"), NOTE, "starting"),
        (PrinterState(link="gone"), PROBLEM, "gone"),
    ],
)
def test_the_state_of_klippy(state: PrinterState, grade: Grade, words: str) -> None:
    found = seen.of(judge_printer(seen.printer(state)), "state")
    assert found.grade is grade
    assert words in found.what
    assert found.fix


def test_a_section_of_ours_without_its_module_is_fixed_by_the_link() -> None:
    state = seen.klippy_in("error", "Section 'z_calibration' is not a valid config section\n\nOnce the …")
    facts = seen.printer(state, info={"klipper_path": "/home/pi/klipper"})
    found = seen.of(judge_printer(facts), "state")
    assert "[z_calibration]" in found.what
    assert found.commands[0] == "zcal-tui install --klipper /home/pi/klipper"
    here = seen.klipper(
        log_errors=(LogError("Section 'z_calibration' is not a valid config section", count=2),)
    )
    assert "log" not in [finding.key for finding in judge_klipper(facts, here, ())]  # it is reported already


def test_another_programs_lease() -> None:
    state = replace(seen.printer().state, zcal={"lease": {"holder": "zcal-tui on another (7)"}})
    assert seen.of(judge_printer(seen.printer(state)), "lease").grade is NOTE


def test_a_printer_that_was_not_reached_has_no_state_to_report() -> None:
    assert list(judge_printer(NOT_REACHED)) == []
