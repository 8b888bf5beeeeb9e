"""A real Moonraker in front of the simulated printer."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.simulated import PrinterSim, Starter, eventually
from zcal_tui.sim.host.control_client import ControlError


def get(url: str, **headers: str) -> Any:
    """The result of a GET. Raises HTTPError."""
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:
        return json.load(answer)["result"]


@pytest.fixture(scope="module")
def printer(module_printer_sim: Starter) -> Iterator[PrinterSim]:
    """A printer with Moonraker."""
    yield module_printer_sim("delta", moonraker=True)


def test_it_reaches_klippy(printer: PrinterSim) -> None:
    info = get(f"{printer.moonraker}/server/info")
    assert info["klippy_state"] == "ready"
    assert not info["failed_components"]
    assert get(f"{printer.moonraker}/printer/gcode/script?script=G28") == "ok"
    assert printer.report()["motors_hold"]


def test_it_serves_the_configuration(printer: PrinterSim) -> None:
    names = [file["path"] for file in get(f"{printer.moonraker}/server/files/list?root=config")]
    assert "printer.cfg" in names


def test_it_listens_on_this_machine_only(printer: PrinterSim) -> None:
    assert printer.moonraker is not None
    assert printer.moonraker.startswith("http://127.0.0.1:")


def test_a_killed_one_is_reported_and_starts_again(printer: PrinterSim) -> None:
    printer.control.request("kill_moonraker")
    assert "Moonraker has ended" in printer.next_event()["text"]
    with pytest.raises(OSError, match="refused"):
        get(f"{printer.moonraker}/server/info")
    printer.control.request("start_moonraker")

    def answers() -> bool:
        try:
            return bool(get(f"{printer.moonraker}/server/info")["klippy_connected"])
        except OSError:
            return False

    eventually(answers, timeout=30)


def test_with_login_it_wants_a_key(printer_sim: Starter) -> None:
    printer = printer_sim("delta", login=True)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        get(f"{printer.moonraker}/server/info")
    key = printer.ready["api_key"]
    assert get(f"{printer.moonraker}/server/info", **{"X-Api-Key": key})["klippy_connected"]


def test_without_one_it_cannot_be_started(printer_sim: Starter) -> None:
    printer = printer_sim("delta", speed=20)
    assert printer.moonraker is None
    with pytest.raises(ControlError, match="--moonraker"):
        printer.control.request("start_moonraker")
