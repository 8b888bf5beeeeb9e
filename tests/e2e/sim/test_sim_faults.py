"""What goes wrong with printers, done to a simulated one: klippy notices as it does with a real one, and recovers."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.e2e.simulated import KlippyClient, KlippyError, PrinterSim, Starter, eventually, wait_for_state
from zcal_tui.sim.host.control_client import ControlError


@pytest.fixture(scope="module")
def printer(module_printer_sim: Starter) -> Iterator[PrinterSim]:
    """A printer with a dockable probe, shared: each test leaves it ready."""
    yield module_printer_sim("voron", speed=20)


@pytest.fixture
def klippy(printer: PrinterSim) -> Iterator[KlippyClient]:
    """A connection to its klippy, brought back to ready if need be."""
    client = wait_for_state(printer, "ready")
    yield client
    client.close()


def recover(printer: PrinterSim) -> None:
    """FIRMWARE_RESTART, twice where the connection was lost: the first cannot reset the controller any more."""
    for _ in range(2):
        client = printer.connect()
        client.send("FIRMWARE_RESTART")
        client.drain()
        client.close()
        client = wait_for_state(printer, "ready", "error")
        state = client.state()
        client.close()
        if state == "ready":
            return
    raise AssertionError("klippy did not recover")


def test_a_probe_that_falls_off_is_noticed(printer: PrinterSim, klippy: KlippyClient) -> None:
    klippy.gcode("G28\nATTACH_PROBE")
    assert printer.report()["probe"]["state"] == "attached"
    printer.control.request("detach_probe")
    klippy.gcode("QUERY_PROBE")
    assert klippy.status("probe")["last_query"]
    with pytest.raises(KlippyError, match=r"(?i)triggered prior to"):
        klippy.gcode("PROBE")
    printer.control.request("dock_probe")
    klippy.gcode("ATTACH_PROBE\nDETACH_PROBE")
    assert printer.report()["probe"]["state"] == "docked"


def test_the_truth_can_be_read_and_changed_while_it_runs(printer: PrinterSim, klippy: KlippyClient) -> None:
    old = printer.control.request("truth", path="probe.z_offset")["value"]
    before = printer.report()["probe"]["effective_z_offset"]
    try:
        assert printer.control.request("set", path="probe.z_offset", value=old + 0.1) == {
            "value": pytest.approx(old + 0.1)
        }
        assert printer.report()["probe"]["effective_z_offset"] == pytest.approx(before + 0.1)
        everything = printer.control.request("truth")["truth"]
        assert everything["probe"]["z_offset"] == pytest.approx(old + 0.1)
    finally:
        printer.control.request("set", path="probe.z_offset", value=old)


@pytest.mark.parametrize(
    ("command", "arguments", "reason"),
    [
        ("set", {"path": "probe.nois", "value": 1}, "noise"),
        ("set", {"path": "probe.noise", "value": "loud"}, "number"),
        ("crash", {"reason": "Bad mood"}, "Timer too close"),
        ("dance", {}, "report"),
        ("set", {}, "path"),
        ("speed", {"value": 0}, "0.01"),
    ],
)
def test_a_wrong_command_is_explained(
    printer: PrinterSim, command: str, arguments: dict[str, object], reason: str
) -> None:
    with pytest.raises(ControlError, match=reason):
        printer.control.request(command, **arguments)


def test_paper_feels_free_above_and_stuck_below(printer: PrinterSim, klippy: KlippyClient) -> None:
    klippy.gcode("G28\nG90\nG1 X125 Y130 Z5 F3000")
    assert printer.control.request("feel")["feel"] == "free"
    drop = printer.report()["gap"] - 0.02
    klippy.gcode(f"G91\nG1 Z{-drop:.4f} F300\nG90")
    assert printer.control.request("feel")["feel"] == "stuck"
    klippy.gcode("G1 Z10 F600")


def test_a_frozen_controller_is_a_lost_connection(printer: PrinterSim, klippy: KlippyClient) -> None:
    printer.control.request("freeze")
    wait_for_state(printer, "shutdown").close()
    assert "Lost communication with MCU" in printer.log
    printer.control.request("unfreeze")
    recover(printer)


def test_a_pulled_cable_is_a_lost_connection(printer: PrinterSim, klippy: KlippyClient) -> None:
    printer.control.request("unplug")
    wait_for_state(printer, "shutdown").close()
    assert not printer.report()["plugged"]
    printer.control.request("plug")
    recover(printer)


def test_a_firmware_shutdown_reaches_klippy_with_its_reason(
    printer: PrinterSim, klippy: KlippyClient
) -> None:
    printer.control.request("crash", reason="Timer too close")
    stopped = wait_for_state(printer, "shutdown")
    assert "Timer too close" in stopped.call("info")["state_message"]
    stopped.close()
    recover(printer)


@pytest.mark.core
def test_a_killed_klippy_is_reported_and_starts_again(printer: PrinterSim, klippy: KlippyClient) -> None:
    before = printer.control.request("time")["time"]
    printer.control.request("kill_klippy")
    assert "Klippy has ended" in printer.next_event()["text"]
    with pytest.raises(ControlError, match="not running"):
        printer.control.request("kill_klippy")
    # Time goes on without it.
    eventually(lambda: printer.control.request("time")["time"] > before + 5)
    printer.control.request("start_klippy")
    again = wait_for_state(printer, "ready")
    again.gcode("G28")
    again.close()


def test_the_command_line_talks_to_it(printer: PrinterSim, klippy: KlippyClient) -> None:
    def send(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "zcal_tui.sim", "--control", printer.ready["control"], *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert json.loads(send("truth", "probe.kind").stdout) == {"value": "dockable"}
    old = json.loads(send("truth", "probe.noise").stdout)["value"]
    assert json.loads(send("set", "probe.noise", "0.5").stdout) == {"value": 0.5}
    assert json.loads(send("set", "probe.noise", str(old)).stdout) == {"value": old}
    assert "gap" in json.loads(send("report").stdout)["report"]
    assert json.loads(send().stdout)["klippy"] == printer.klippy
    wrong = send("set", "probe.kind", "magic")
    assert wrong.returncode == 3
    assert "probe.kind" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    assert send("report", "now").returncode == 2


def test_time_keeps_the_speed_that_is_set(printer: PrinterSim, klippy: KlippyClient) -> None:
    printer.control.request("speed", value=5)
    try:
        start, started = printer.control.request("time")["time"], time.monotonic()
        klippy.gcode("G4 P10000")
        passed = printer.control.request("time")["time"] - start
        assert passed >= 10
        assert passed / (time.monotonic() - started) < 5.5
    finally:
        printer.control.request("speed", value=20)
