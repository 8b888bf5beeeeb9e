"""Errors in klippy's log."""

import pytest

from zcal_tui.printer.errors.explain import explain
from zcal_tui.printer.klippy_log import LogSubject, recent_errors

LOG = """\
Transition to shutdown state: of long ago
Start printer at Mon Nov 24 09:00:00 2025 (1000.0 5.0)
configparser.Error: Section 'zcal' is not a valid config section
Start printer at Mon Nov 24 09:10:00 2025 (2000.0 15.0)
Stats 20.0: gcodein=0
Lost communication with MCU 'mcu'
Stats 30.0: gcodein=0
Transition to shutdown state: Lost communication with MCU 'mcu'
Internal error on command:"PROBE"
Transition to shutdown state: Lost communication with MCU 'mcu'
"""


def test_errors_in_klippys_log() -> None:
    lately = recent_errors(LOG, now=2500.0)
    assert [(error.text, error.count) for error in lately] == [
        ("Lost communication with MCU 'mcu'", 3),
        ('Internal error on command:"PROBE"', 1),
        ("Section 'zcal' is not a valid config section", 1),
    ]
    assert (lately[0].first, lately[0].last) == (2005.0, 2015.0)
    assert (lately[2].first, lately[2].last) == (1000.0, 1000.0)


def test_of_old_starts_only_the_last_counts() -> None:
    assert len(recent_errors(LOG, now=1e9)) == 2
    assert recent_errors("", now=0.0) == ()


@pytest.mark.parametrize(
    ("line", "subject"),
    [
        ("Communication timeout during homing probe", LogSubject.LINK),
        ("Error during homing probe: Communication timeout during homing", LogSubject.LINK),
        ("Error during homing stepper_z: Communication timeout during homing", LogSubject.LINK),
        ("Got error -1 in can write: (105)No buffer space available", LogSubject.LINK),
        ("Got error -1 in write: (11)Resource temporarily unavailable", LogSubject.LINK),
        ("Got error -1 in can read: (100)Network is down", LogSubject.LINK),
        ("mcu 'x': Serial connection closed", LogSubject.LINK),
        ("mcu 'EBBCan': Timeout on connect", LogSubject.LINK),
        ("mcu 'mcu': Unable to connect", LogSubject.LINK),
        ("Timeout with MCU 'mcu' (eventtime=123.4)", LogSubject.LINK),
        ("No trigger on x after full movement", LogSubject.HOMING),
        ("Endstop stepper_y still triggered after retract", LogSubject.HOMING),
        ("Probe triggered prior to movement", LogSubject.HOMING),
        ("CALIBRATE_Z: probe samples exceed tolerance", LogSubject.HOMING),
        ("BLTouch failed to deploy", LogSubject.HOMING),
        ("Unable to read tmc uart 'stepper_z' register IFCNT", LogSubject.HOMING),
        ("Unable to obtain 'trsync_state' response", LogSubject.LINK),
        ("Error during homing stepper_y: Unable to obtain 'trsync_state' response", LogSubject.LINK),
        ("Error during homing probe: Timeout on wait for 'trsync_state' response", LogSubject.LINK),
        ("Failed to home probe: Timeout during homing", LogSubject.HOMING),
        (
            "Retries aborting: Probed points range is increasing. Possibly Z motor numbering is wrong",
            LogSubject.HOMING,
        ),
        ("Too many retries", LogSubject.HOMING),
        (
            "Aborting quad_gantry_level required adjustment 12.31 is greater than max_adjust 4.00",
            LogSubject.HOMING,
        ),
        ("Existing config autosave is corrupted. Can't complete SAVE_CONFIG", LogSubject.SAVING),
        ("Unable to write config file during SAVE_CONFIG", LogSubject.SAVING),
        ("SAVE_CONFIG section 'probe' option 'z_offset' conflicts with included value", LogSubject.SAVING),
        (
            "Internal error during connect: 'RawConfigParser' object has no attribute 'readfp'",
            LogSubject.HALT,
        ),
    ],
)
def test_what_an_error_is_about(line: str, subject: LogSubject) -> None:
    log = f"Start printer at Mon Nov 24 09:10:00 2025 (2000.0 15.0)\nStats 20.0: gcodein=0\n{line}\n{line}\n"
    (error,) = recent_errors(log, now=2500.0)
    assert (error.text, error.subject, error.count, error.last) == (line, subject, 2, 2005.0)
    assert explain(line).known


def test_what_has_to_be_fixed_first_comes_first() -> None:
    log = (
        "Start printer at Mon Nov 24 09:10:00 2025 (2000.0 15.0)\nTransition to shutdown state: Timer too close\n"
        "Got error -1 in can write: (105)No buffer space available\nNo trigger on probe after full movement\n"
    )
    assert [error.subject for error in recent_errors(log, now=2500.0)] == [0, 1, 2]
    assert recent_errors("probe at 1.0,2.0 is z=0.1\nG1 X0\nprobe: open\n", now=0.0) == ()


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (
            "b'Got error -1 in can write: (105)No buffer space available'",
            "Got error -1 in can write: (105)No buffer space available",
        ),
        (
            "b'Got error -1 in read: (5)Input/output error'",
            "Got error -1 in read: (5)Input/output error",
        ),
        (
            '{"code":"key22", "msg":"Probe triggered prior to movement", "values": []}',
            "Probe triggered prior to movement",
        ),
        ("!! BLTouch failed to deploy", "BLTouch failed to deploy"),
        (
            "klippy.configfile.error: Option 'z_offset' in section 'bltouch' must have minimum of 0.0",
            "Option 'z_offset' in section 'bltouch' must have minimum of 0.0",
        ),
    ],
)
def test_what_is_put_around_an_error_is_taken_off(line: str, text: str) -> None:
    log = f"Start printer at Mon Nov 24 09:10:00 2025 (2000.0 15.0)\n{line}\n{line}\n"
    (found,) = recent_errors(log, now=2500.0)
    assert (found.text, found.count) == (text, 2)
