"""Errors in klippy's log."""

from zcal_tui.printer.klippy_log import recent_errors

LOG = """\
Transition to shutdown state: of long ago
Start printer at Mon Nov 24 09:00:00 2025 (1000.0 5.0)
configparser.Error: Section 'zcal' is not a valid config section
Start printer at Mon Nov 24 09:10:00 2025 (2000.0 15.0)
Stats 20.0: gcodein=0
Lost communication with MCU 'mcu'
Transition to shutdown state: Lost communication with MCU 'mcu'
Internal error on command:"PROBE"
Transition to shutdown state: Lost communication with MCU 'mcu'
"""


def test_errors_in_klippys_log() -> None:
    lately = recent_errors(LOG, now=2500.0)
    assert [text for text, _ in lately] == [
        "Section 'zcal' is not a valid config section",
        'Internal error on command:"PROBE"',
        "Lost communication with MCU 'mcu'",
    ]
    assert dict(lately)["Lost communication with MCU 'mcu'"] == 3
    assert "of long ago" not in dict(lately)


def test_of_old_starts_only_the_last_counts() -> None:
    assert len(recent_errors(LOG, now=1e9)) == 2
    assert recent_errors("", now=0.0) == ()
