"""The kiosk at a real klippy: it takes the screen of an idle printer, and leaves that of a printer in use alone."""

import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.simulated import PrinterSim, Starter, eventually


def gate(printer: PrinterSim, home: Path) -> tuple[int, str]:
    """What the first command of the menu's service ends with, and what it prints."""
    environment = {**os.environ, "ZCAL_PRINTER": printer.klippy, "XDG_CONFIG_HOME": str(home)}
    command = [sys.executable, "-m", "zcal_tui.tools.kiosk.gate"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr.strip()


def kiosk(printer: PrinterSim, home: Path) -> tuple[int, str]:
    """The same of the program itself, on a terminal."""
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "XDG_CONFIG_HOME": str(home),
        "ZCAL_DATA": str(home),
    }
    words = f"{sys.executable} -m zcal_tui --kiosk --printer {printer.klippy}"
    done = subprocess.run(
        ["script", "-qec", words, "/dev/null"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.strip()


def test_a_printer_in_use_keeps_its_screen(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("voron")
    client = printer.connect()
    eventually(lambda: client.state() == "ready")
    assert gate(printer, tmp_path) == (0, "")
    client.gcode("G28")
    client.gcode("MANUAL_PROBE")
    reason = "zcal-tui is not started: A manual probe is open. End it where it was started."
    assert gate(printer, tmp_path) == (1, reason)
    assert kiosk(printer, tmp_path) == (3, reason)
    client.gcode("ABORT")
    assert gate(printer, tmp_path) == (0, "")
    folder = Path(client.status("configfile")["settings"]["virtual_sdcard"]["path"])
    folder.mkdir(exist_ok=True)
    (folder / "waiting.gcode").write_text("G4 P200\n" * 20000)
    client.gcode("SDCARD_PRINT_FILE FILENAME=waiting.gcode")
    reason = "zcal-tui is not started: A print is running."
    assert gate(printer, tmp_path) == (1, reason)
    assert kiosk(printer, tmp_path) == (3, reason)
    printer.control.request("crash", reason="Command request")
    eventually(lambda: client.state() == "shutdown")
    assert gate(printer, tmp_path) == (1, "zcal-tui is not started: Klipper is not ready (shutdown).")
    assert printer.stop() == 0
    assert gate(printer, tmp_path)[0] == 1
