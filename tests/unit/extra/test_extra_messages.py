"""Messages of the Klipper modules that the program recognises: both sides have the same text."""

from pathlib import Path

import pytest

from zcal_tui.checks.lease import takeover
from zcal_tui.printer import zcal_sampler

FOLDER = Path(__file__).parents[3] / "klippy_extra"


@pytest.mark.parametrize(
    ("message", "file"),
    [
        (zcal_sampler._TRIGGERED, "zcal/preconditions.py"),
        (takeover._CLEANING_UP, "zcal/lease.py"),
        ("goes unnoticed", "z_calibration/attachment.py"),  # checks/auto_z/calibrate.py
    ],
)
def test_a_message_that_the_program_recognises_is_the_modules(message: str, file: str) -> None:
    assert message in (FOLDER / file).read_text()
