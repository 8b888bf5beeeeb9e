"""What the doctor makes of printer.cfg."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.fakes import examined as seen
from zcal_tui.klipper_config.configuration import parse_text
from zcal_tui.klipper_config.files import ConfigText
from zcal_tui.printer.state import HeaterState, PrinterState
from zcal_tui.tools.doctor.configuration import judge_configuration
from zcal_tui.tools.doctor.finding import Grade
from zcal_tui.tools.doctor.klipper import KlipperFacts
from zcal_tui.tools.doctor.printer import NOT_REACHED, PrinterFacts
from zcal_tui.tools.klipper_folder import ConfigFile

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
        seen.printer(unsavable=("The block was edited.", "Klipper cannot read it.", "Delete the block.")),
        KlipperFacts(),
        "unsavable",
        NOTE,
        "The block was edited.",
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
        PROBLEM,
        "would not start: it cannot read printer.cfg: /p.cfg:1",
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
    here = seen.klipper(folder=own, config=seen.config("printer", "z_calibration"))
    findings = judge_configuration(NOT_REACHED, here)
    assert all(finding.grade is OK for finding in findings)


def _written(text: str) -> ConfigFile:
    return replace(seen.config(), configuration=parse_text(text, "/p.cfg"))


TOO_LOW = "[printer]\nkinematics: cartesian\n[stepper_z]\nendstop_pin: PA1\nposition_endstop: -0.1\nposition_max: 200\n"


def test_a_file_with_which_klipper_would_not_start_is_named_where_none_runs(tmp_path: Path) -> None:
    extras = tmp_path / "klippy" / "extras"
    extras.mkdir(parents=True)
    (extras / "probe.py").touch()
    (extras / "beacon").mkdir()
    (extras / "beacon" / "__init__.py").touch()
    sections = "[probe]\n[beacon model default]\n[stepper_x1]\n[mcu EBB]\n[gantry_jack]\n[zcal]\n"
    here = seen.klipper(folder=replace(seen.folder(), root=tmp_path), config=_written(TOO_LOW + sections))
    found = [finding.what for finding in judge_configuration(NOT_REACHED, here) if finding.key == "start"]
    assert len(found) == 2
    assert "[stepper_z] position_endstop" in found[0]
    assert "Set position_min in [stepper_z] to -0.600." in found[0]
    assert "no module for [gantry_jack]" in found[1]


def test_the_file_of_a_running_klipper_is_no_problem_before_it_restarts() -> None:
    here = seen.klipper(config=_written(TOO_LOW))
    assert "start" not in [finding.key for finding in judge_configuration(seen.printer(), here)]
