"""`zcal-tui doctor` as a user runs it: on a simulated printer, and where nothing can be reached."""

import http.server
import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import program
from tests.e2e.simulated import PrinterSim, Starter, eventually

SLOWEST = 20.0
"""Seconds for the whole examination, on a machine that others use too."""


@dataclass
class DoctorReport:
    """What the doctor reported."""

    code: int
    printed: dict[str, Any]

    def finding(self, key: str) -> dict[str, Any]:
        """The finding of that key."""
        return next(found for found in self.printed["findings"] if found["key"] == key)

    @property
    def problems(self) -> list[str]:
        """The keys of the problems."""
        return [found["key"] for found in self.printed["findings"] if found["grade"] == "problem"]


def ask(home: Path, *arguments: str, **environment: str) -> DoctorReport:
    """Run `zcal-tui doctor --json` in a home of its own."""
    began = time.monotonic()
    done = subprocess.run(
        program.command("doctor", "--json", *arguments),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={
            **program.environment(home / "data"),
            "HOME": str(home),
            "TERM": "xterm-256color",
            **environment,
        },
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert time.monotonic() - began < SLOWEST
    return DoctorReport(done.returncode, json.loads(done.stdout))


@pytest.fixture(scope="module")
def printer(module_printer_sim: Starter) -> PrinterSim:
    """A printer with Moonraker."""
    return module_printer_sim("voron", moonraker=True)


@pytest.fixture
def locked() -> Iterator[str]:
    """The URL of a server that lets nobody in."""

    class Locked(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Locked)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_printer_that_is_well_is_left_alone(printer: PrinterSim, tmp_path: Path) -> None:
    with_moonraker = printer.moonraker
    assert with_moonraker is not None
    before = printer.report()
    for address, answer in ((printer.klippy, "klippy"), (with_moonraker, "moonraker")):
        report = ask(tmp_path, "--printer", address)
        assert (report.code, report.problems) == (0, [])
        assert [asked["answer"] for asked in report.printed["tried"]] == [answer]
        assert report.finding("extra")["grade"] == "ok"
        assert report.finding("state")["what"] == "Klipper is ready."
        assert str(printer.config) in report.finding("printer-cfg")["what"]
    assert printer.report()["toolhead"] == before["toolhead"]
    assert list(tmp_path.iterdir()) == []


def test_a_configuration_that_was_edited_is_reported(printer: PrinterSim, tmp_path: Path) -> None:
    text = printer.config.read_text()
    printer.config.write_text(text + "\n[edited_just_now]\n")
    try:
        report = ask(tmp_path, "--printer", printer.klippy)
    finally:
        printer.config.write_text(text)
    assert report.code == 0
    assert "[edited_just_now] was added" in report.finding("edited")["what"]


def test_nothing_can_be_reached(tmp_path: Path) -> None:
    report = ask(tmp_path)
    assert report.code == 1
    assert report.finding("no-answer")["what"].startswith(str(tmp_path))
    assert report.printed["tried"][0]["origin"] == "default address"
    assert any("none reached" in line for line in report.printed["paste"])
    assert not any(str(tmp_path) in line for line in report.printed["paste"])


def test_a_socket_that_nobody_listens_on(tmp_path: Path) -> None:
    comms = tmp_path / "printer_data" / "comms"
    comms.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(comms / "klippy.sock"))
    report = ask(tmp_path)
    assert report.code == 1
    dead = next(found for found in report.printed["findings"] if "klippy.sock" in found["what"])
    assert dead["grade"] == "problem"
    assert dead["commands"] == ["sudo systemctl restart klipper"]


def test_a_server_that_wants_a_login(locked: str, tmp_path: Path) -> None:
    report = ask(tmp_path, "--printer", locked, ZCAL_API_KEY="not-this-one")
    assert report.code == 1
    assert "the login was rejected" in report.finding("login")["what"]
    assert "not-this-one" not in json.dumps(report.printed)


def test_a_printer_that_was_stopped(printer: PrinterSim, tmp_path: Path) -> None:
    """The last one, since it leaves the printer so."""
    client = printer.connect()
    client.call("emergency_stop")
    eventually(lambda: client.state() == "shutdown")
    client.close()
    report = ask(tmp_path, "--printer", printer.klippy)
    assert report.code == 1
    assert report.problems == ["state"]
    assert "Klipper reports:" in report.finding("state")["what"]
    assert "log" not in [found["key"] for found in report.printed["findings"]]  # which reports the same
