"""The screen is taken only where the printer is idle and nobody else works with it."""

from dataclasses import replace
from pathlib import Path

import pytest

from zcal_tui.printer.state import ManualProbeState, PrinterState
from zcal_tui.tools.kiosk.gate import CLOSED, main, reason_against

IDLE = PrinterState(connected=True, klippy="ready")


def test_an_idle_printer_is_free() -> None:
    assert reason_against(IDLE) is None


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (replace(IDLE, printing=True, print_state="printing"), "A print is running."),
        (replace(IDLE, paused=True, print_state="paused"), "A print is paused."),
        (replace(IDLE, paused=True), "paused (PAUSE)"),
        (replace(IDLE, manual_probe=ManualProbeState(is_active=True)), "A manual probe is open."),
        (
            replace(IDLE, zcal={"lease": {"holder": "zcal-tui on desk (12)"}}),
            "zcal-tui on desk (12) is working",
        ),
        (replace(IDLE, klippy="shutdown"), "not ready (shutdown)"),
        (PrinterState(), "not ready (disconnected)"),
    ],
)
def test_a_printer_in_use_is_not(state: PrinterState, reason: str) -> None:
    assert reason in (reason_against(state) or "")


def test_not_knowing_is_no(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environment = {"ZCAL_PRINTER": str(tmp_path / "none.sock"), "XDG_CONFIG_HOME": str(tmp_path)}
    assert main(environment, tmp_path) == CLOSED
    assert "zcal-tui is not started: The printer cannot be reached" in capsys.readouterr().err
