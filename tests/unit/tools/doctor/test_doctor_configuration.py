"""What the doctor makes of printer.cfg."""

from dataclasses import replace

import pytest

from tests.unit.fakes import examined as seen
from zcal_tui.klipper_config.configuration import parse_text
from zcal_tui.klipper_config.files import ConfigText
from zcal_tui.printer.state import HeaterState, PrinterState
from zcal_tui.tools.doctor.configuration import ConfigurationFacts, judge_configuration
from zcal_tui.tools.doctor.finding import Grade
from zcal_tui.tools.doctor.klipper import KlipperFacts

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
    findings = list(judge_configuration(SHORT_BELOW, ConfigurationFacts(), KlipperFacts()))
    assert seen.of(findings, "room-below").grade is NOTE
    assert seen.of(findings, "probe-numbers").grade is NOTE
    assert seen.of(findings, "idle").grade is NOTE


READY = seen.printer().state
NOTHING = ConfigurationFacts()
HERE = seen.klipper()
BROKEN = replace(seen.config(), configuration=parse_text("no section\n", "/p.cfg"))
CONFIGURATION = [
    (READY, NOTHING, KlipperFacts(), "probe", NOTE, "No probe"),
    (
        READY,
        ConfigurationFacts(save_conflict="z_offset of [probe]: it is included"),
        KlipperFacts(),
        "save-conflict",
        NOTE,
        "[probe]",
    ),
    (
        READY,
        ConfigurationFacts(edited=("[probe] was added",)),
        KlipperFacts(),
        "edited",
        NOTE,
        "[probe] was added",
    ),
    (
        READY,
        ConfigurationFacts(unreadable="Permission denied"),
        KlipperFacts(),
        "printer-cfg",
        NOTE,
        "Permission denied",
    ),
    (None, NOTHING, seen.klipper(config_unreadable="closed"), "printer-cfg", NOTE, "cannot read printer.cfg"),
    (
        READY,
        ConfigurationFacts(broken="/p.cfg:2: x"),
        HERE,
        "printer-cfg",
        NOTE,
        "as it is now: /p.cfg:2: x.",
    ),
    (
        None,
        NOTHING,
        seen.klipper(config=BROKEN),
        "printer-cfg",
        NOTE,
        "as it is now: /p.cfg:1",
    ),
    (
        READY,
        ConfigurationFacts(ConfigText("/p.cfg", {"/p.cfg": "", "/q.cfg": ""}, {})),
        KlipperFacts(),
        "printer-cfg",
        OK,
        "/p.cfg can be read. Included files: 1.",
    ),
    (None, NOTHING, HERE, "printer-cfg", OK, "printer.cfg can be read"),
    (
        None,
        NOTHING,
        seen.klipper(folder=seen.folder(z_calibration="none"), config=seen.config("z_calibration")),
        "z-calibration-missing",
        PROBLEM,
        "[z_calibration]",
    ),
]


@pytest.mark.parametrize(("state", "facts", "klipper", "key", "grade", "words"), CONFIGURATION)
def test_configuration(
    state: PrinterState | None,
    facts: ConfigurationFacts,
    klipper: KlipperFacts,
    key: str,
    grade: Grade,
    words: str,
) -> None:
    found = seen.of(judge_configuration(state, facts, klipper), key)
    assert found.grade is grade
    assert words in found.what


def test_kalicos_own_z_calibration_needs_no_link() -> None:
    own = seen.folder(z_calibration="none", has_own=frozenset(("z_calibration",)))
    here = seen.klipper(folder=own, config=seen.config("z_calibration"))
    findings = judge_configuration(None, NOTHING, here)
    assert all(finding.grade is OK for finding in findings)
