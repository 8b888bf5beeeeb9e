"""What the doctor makes of printer.cfg."""

from dataclasses import replace

import pytest

from tests.unit.fakes import examined as seen
from zcal_tui.klipper_config.configuration import parse_text
from zcal_tui.klipper_config.files import ConfigText
from zcal_tui.printer.state import HeaterState, PrinterState
from zcal_tui.tools.doctor.configuration import judge_configuration
from zcal_tui.tools.doctor.finding import Grade
from zcal_tui.tools.doctor.klipper import KlipperFacts
from zcal_tui.tools.doctor.printer import NOT_REACHED, PrinterFacts

OK, NOTE, PROBLEM = Grade.OK, Grade.NOTE, Grade.PROBLEM


SHORT_BELOW = PrinterState(
    connected=True,
    klippy="ready",
    axis_minimum=(0.0, 0.0, 0.0),
    axis_maximum=(200.0, 200.0, 180.0),
    heaters={"extruder": HeaterState(20.0, 0.0)},
    settings={
        "printer": {"kinematics": "cartesian"},
        "probe": {"z_offset": 0.0, "x_offset": 0.0, "y_offset": 0.0, "speed": 5.0},
        "stepper_z": {"position_min": 0.0, "position_max": 180.0, "endstop_pin": "x"},
        "idle_timeout": {"timeout": 60.0},
    },
)


def test_what_ready_knows_of_the_configuration() -> None:
    findings = list(judge_configuration(PrinterFacts(SHORT_BELOW), KlipperFacts()))
    assert seen.of(findings, "room-below").grade is NOTE
    assert seen.of(findings, "probe-numbers").grade is NOTE
    assert seen.of(findings, "idle").grade is NOTE


HERE = seen.klipper()
BROKEN = replace(seen.config(), configuration=parse_text("no section\n", "/p.cfg"))
CONFIGURATION = [
    (seen.printer(), KlipperFacts(), "probe", NOTE, "No probe"),
    (
        seen.printer(save_conflict="z_offset of [probe]: it is included"),
        KlipperFacts(),
        "save-conflict",
        NOTE,
        "[probe]",
    ),
    (
        seen.printer(edited=("[probe] was added",)),
        KlipperFacts(),
        "edited",
        NOTE,
        "[probe] was added",
    ),
    (
        seen.printer(unreadable="Permission denied"),
        KlipperFacts(),
        "printer-cfg",
        NOTE,
        "Permission denied",
    ),
    (NOT_REACHED, seen.klipper(config_unreadable="closed"), "printer-cfg", NOTE, "cannot read printer.cfg"),
    (
        seen.printer(broken="/p.cfg:2: x"),
        HERE,
        "printer-cfg",
        NOTE,
        "as it is now: /p.cfg:2: x.",
    ),
    (
        NOT_REACHED,
        seen.klipper(config=BROKEN),
        "printer-cfg",
        NOTE,
        "as it is now: /p.cfg:1",
    ),
    (
        seen.printer(files=ConfigText("/p.cfg", {"/p.cfg": "", "/q.cfg": ""}, {})),
        KlipperFacts(),
        "printer-cfg",
        OK,
        "/p.cfg can be read. Included files: 1.",
    ),
    (NOT_REACHED, HERE, "printer-cfg", OK, "printer.cfg can be read"),
    (
        NOT_REACHED,
        seen.klipper(folder=seen.folder(z_calibration="none"), config=seen.config("z_calibration")),
        "z-calibration-missing",
        PROBLEM,
        "[z_calibration]",
    ),
]


@pytest.mark.parametrize(("printer", "klipper", "key", "grade", "words"), CONFIGURATION)
def test_configuration(
    printer: PrinterFacts,
    klipper: KlipperFacts,
    key: str,
    grade: Grade,
    words: str,
) -> None:
    found = seen.of(judge_configuration(printer, klipper), key)
    assert found.grade is grade
    assert words in found.what


def test_kalicos_own_z_calibration_needs_no_link() -> None:
    own = seen.folder(z_calibration="none", has_own=frozenset(("z_calibration",)))
    here = seen.klipper(folder=own, config=seen.config("z_calibration"))
    findings = judge_configuration(NOT_REACHED, here)
    assert all(finding.grade is OK for finding in findings)
