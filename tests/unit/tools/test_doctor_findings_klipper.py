"""What the doctor makes of the companion extra, of Klipper on this machine and of its configuration."""

from pathlib import Path

import pytest

from fakes import examined as seen
from zcal_tui.checks.ready.finding import fine, warn
from zcal_tui.klipper_config.files import ConfigText
from zcal_tui.printer.state import HeaterState, PrinterState
from zcal_tui.tools.doctor.finding import Grade, Group
from zcal_tui.tools.doctor.judge.configuration import judge_configuration
from zcal_tui.tools.doctor.judge.klipper import judge_klipper

OK, NOTE, PROBLEM = Grade.OK, Grade.NOTE, Grade.PROBLEM
READY = seen.printer(extra=fine("extra", "The companion extra is there."), extra_there=True)
SILENT_HERE = seen.here(folder=None, config=None, sections=frozenset(), log=None)


NOT_THERE = seen.printer(
    extra=warn("extra", "The companion extra is not installed.", "w", "Install it."), extra_there=False
)
WITHOUT = frozenset(("printer",))
EXTRA = [
    (NOT_THERE, SILENT_HERE, NOTE, "is not installed."),
    (NOT_THERE, seen.here(folder=seen.folder("foreign")), PROBLEM, "is not ours"),
    (NOT_THERE, seen.here(folder=seen.folder("none"), sections=WITHOUT), NOTE, "not installed in /home/pi"),
    (None, seen.here(folder=seen.folder("none")), PROBLEM, "is not linked into this Klipper"),
    (None, seen.here(folder=seen.folder("stale")), PROBLEM, "points into another installation"),
    (NOT_THERE, seen.here(sections=WITHOUT), NOTE, "printer.cfg has no [zcal]"),
    (NOT_THERE, seen.here(), PROBLEM, "the running Klipper does not know it"),
    (None, seen.here(), OK, "is linked into"),
    (None, SILENT_HERE, OK, "no Klipper in the usual folders"),
    (READY, seen.here(folder=seen.folder("stale")), OK, "is there"),
]


@pytest.mark.parametrize(("printer", "here", "grade", "words"), EXTRA)
def test_the_extra(printer: seen.PrinterFacts | None, here: seen.HereFacts, grade: Grade, words: str) -> None:
    found = seen.of(judge_klipper(printer, here, ()), "extra")
    assert found.grade is grade
    assert words in found.what


def test_the_extra_in_another_klipper_is_named() -> None:
    facts = seen.here(folder=seen.folder("none"), sections=WITHOUT, elsewhere=(Path("/home/pi/kalico"),))
    found = seen.of(judge_klipper(NOT_THERE, facts, ()), "extra")
    assert "/home/pi/kalico" in found.why
    assert found.commands == ("zcal-tui install --klipper /home/pi/klipper",)


HERE = [
    ({"extra_changed": seen.NOW}, "extra-old", NOTE, "newer than the running Klipper"),
    ({"folder": seen.folder(excluded=frozenset())}, "dirty", NOTE, "Git"),
    (
        {"twins": (Path("/x/z_calibration.py"), Path("/x/z_calibration"))},
        "z-calibration-twice",
        PROBLEM,
        "/x",
    ),
    ({"surplus": Path("/x")}, "z-calibration-override", PROBLEM, "Kalico has a z_calibration of its own"),
    ({"python": "python2.7"}, "klippy-python", PROBLEM, "python2.7"),
    ({"log_errors": (("Timer too close", 2),)}, "log", NOTE, "Timer too close (×2)"),
]


@pytest.mark.parametrize(("facts", "key", "grade", "words"), HERE)
def test_klipper_on_this_machine(facts: dict[str, object], key: str, grade: Grade, words: str) -> None:
    found = seen.of(judge_klipper(READY, seen.here(**facts), ()), key)
    assert found.grade is grade
    assert words in found.what


def test_a_section_of_ours_without_its_module_is_mended_by_the_link() -> None:
    state = seen.klippy_in("error", "Section 'z_calibration' is not a valid config section\n\nOnce the …")
    facts = seen.printer(state, info={"klipper_path": "/home/pi/klipper"})
    here = seen.here(log_errors=(("Section 'z_calibration' is not a valid config section", 2),))
    findings = judge_klipper(facts, here, ())
    found = seen.of(findings, "state")
    assert "[z_calibration]" in found.what
    assert found.commands[0] == "zcal-tui install --klipper /home/pi/klipper"
    assert "log" not in [finding.key for finding in findings]  # it is told already


def test_another_programs_lease_and_several_klippys() -> None:
    facts = seen.printer(other_program=True)
    findings = judge_klipper(facts, SILENT_HERE, (seen.process(), seen.process(pid=701)))
    assert seen.of(findings, "lease").grade is NOTE
    assert "2 klippys" in seen.of(findings, "several").what


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
    findings = judge_configuration(seen.printer(SHORT_BELOW), SILENT_HERE)
    assert seen.of(findings, "room-below").grade is NOTE
    assert seen.of(findings, "probe-numbers").grade is NOTE
    assert seen.of(findings, "idle").grade is NOTE


CONFIGURATION = [
    (seen.printer(), SILENT_HERE, "probe", NOTE, "no probe"),
    (
        seen.printer(save_conflict="z_offset of [probe]: it is included"),
        SILENT_HERE,
        "save-conflict",
        NOTE,
        "[probe]",
    ),
    (seen.printer(edited=("[probe] is new",)), SILENT_HERE, "edited", NOTE, "[probe] is new"),
    (seen.printer(config_problem="Permission denied"), SILENT_HERE, "printer-cfg", NOTE, "Permission denied"),
    (seen.printer(config=ConfigText("/p.cfg", {"/p.cfg": ""}, {})), SILENT_HERE, "printer-cfg", OK, "/p.cfg"),
    (None, seen.here(), "printer-cfg", OK, "printer.cfg can be read"),
    (
        None,
        seen.here(folder=seen.folder(z_calibration="none"), sections=frozenset(("z_calibration",))),
        "z-calibration-missing",
        PROBLEM,
        "[z_calibration]",
    ),
]


@pytest.mark.parametrize(("printer", "here", "key", "grade", "words"), CONFIGURATION)
def test_configuration(
    printer: seen.PrinterFacts | None, here: seen.HereFacts, key: str, grade: Grade, words: str
) -> None:
    found = seen.of(judge_configuration(printer, here), key)
    assert (found.group, found.grade) == (Group.CONFIGURATION, grade)
    assert words in found.what


def test_kalicos_own_z_calibration_needs_no_link() -> None:
    own = seen.folder(z_calibration="none", has_own=frozenset(("z_calibration",)))
    findings = judge_configuration(None, seen.here(folder=own, sections=frozenset(("z_calibration",))))
    assert all(finding.grade is OK for finding in findings)
