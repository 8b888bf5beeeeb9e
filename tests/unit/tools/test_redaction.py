"""What is pasted identifies nobody."""

from pathlib import Path

import pytest

from zcal_tui.tools.redaction import redact

HOME = Path("/home/pi")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/pi/printer_data and /home/pip/x", "~/printer_data and /home/…/x"),
        ("http://voron.local:7125/printer1 answers", "http://HOST:7125/printer1 answers"),
        ("http://localhost:7125 and http://127.0.0.1:80 and http://[::1]:7125", None),
        ("http://me:secret@10.0.0.3:7125/x?token=abc", "http://HOST:7125/x"),
        ("zcal-tui on voron.local (77)", "zcal-tui on HOST (77)"),
        ("voron.localised is no host", None),
        ("at 192.168.1.20 and 127.0.0.1", "at ADDRESS and 127.0.0.1"),
        ("the key k3y is shown", "the key … is shown"),
        ("sudo systemctl restart klipper", None),
    ],
)
def test_what_is_pasted_gives_nothing_away(text: str, shown: str | None) -> None:
    assert redact(text, HOME, ("voron.local", "klipper", "localhost", ""), ("k3y", None, "")) == (
        shown or text
    )
