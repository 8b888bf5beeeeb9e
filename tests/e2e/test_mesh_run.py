"""A new z_offset with the bed mesh made again: both saved with one restart, or neither left pending."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import lease, program
from tests.e2e.cutting import CuttingProxy
from tests.e2e.finding import session
from tests.e2e.guidedrun import carry_out
from tests.e2e.simulated import KlippyClient, PrinterSim, Starter, eventually, wait_for_state

SECTION = "bed_mesh default"
TRUE = 2.4
"""mm: the probe's z_offset, 0.3 more than configured."""


def with_mesh(printer_sim: Starter) -> PrinterSim:
    """A printer whose mesh was saved with the configured z_offset, which is wrong."""
    printer = printer_sim("bedslinger", speed=40.0)
    printer.control.request("set", path="probe.noise", value=0.001)
    client = wait_for_state(printer, "ready")
    client.gcode("G28\nBED_MESH_CALIBRATE PROFILE=default")
    client.call("gcode/script", script="SAVE_CONFIG")
    client.close()
    client = wait_for_state(printer, "ready")
    client.gcode("BED_MESH_PROFILE LOAD=default")
    client.close()
    printer.control.request("set", path="probe.z_offset", value=TRUE)
    return printer


def options(printer: PrinterSim, *more: str) -> list[str]:
    control = str(printer.ready["control"])
    return ["z-offset", "--printer", printer.klippy, "--autopilot", "--control", control, *more]


def heights(client: KlippyClient) -> list[float]:
    return [value for row in client.status("bed_mesh")["profiles"]["default"]["points"] for value in row]


def pending(printer: PrinterSim) -> Any:
    client = wait_for_state(printer, "ready")
    found = client.status("configfile")["save_config_pending_items"]
    client.close()
    return found


def test_both_are_saved_with_one_restart(printer_sim: Starter, tmp_path: Path) -> None:
    printer = with_mesh(printer_sim)
    done = program.run(tmp_path, *options(printer, "--save", "always"))
    record = done.record
    assert record["outcome"] == "finished", record["problem"]
    assert not any("also writes these" in event.get("text", "") for event in done.events)
    states = {(c["section"], c["option"]): c["state"] for c in record["changes"]}
    assert states[("bltouch", "z_offset")] == "saved", record
    assert states[(SECTION, "points")] == "saved", record
    assert "rms" in next(c["effect"] for c in record["changes"] if c["option"] == "points")
    assert not any("no longer valid" in text for text in record["advice"])
    client = wait_for_state(printer, "ready")
    saved = heights(client)
    assert client.status("configfile")["settings"]["bltouch"]["z_offset"] != 2.1
    client.gcode("G28\nBED_MESH_CALIBRATE PROFILE=default")
    again = heights(client)
    client.close()
    assert again == pytest.approx(saved, abs=0.02)  # it is right with the new z_offset
    client = wait_for_state(printer, "ready")
    client.call("gcode/restart")  # the one made last is staged
    client.close()
    undone(printer, tmp_path, saved)


def undone(printer: PrinterSim, folder: Path, mesh: list[float]) -> None:
    """Undo the save that wrote both, and see what becomes of either."""
    printed = subprocess.run(
        program.command("undo", "--json", "--printer", printer.klippy, "--save", "always"),
        capture_output=True,
        text=True,
        env=program.environment(folder),
        timeout=120,
    )
    assert printed.returncode == 0, printed.stderr
    *events, record = [json.loads(line) for line in printed.stdout.splitlines()]
    assert [(c["option"], c["new"], c["state"]) for c in record["changes"]] == [
        ("z_offset", "2.100", "saved")
    ]
    told = [event["text"] for event in events if event["event"] == "notice"]
    assert (
        sum("The bed mesh default, which was saved with these values, is not put back" in t for t in told)
        == 1
    )
    assert not any("points is not put back" in text for text in told), told
    client = wait_for_state(printer, "ready")
    assert heights(client) == mesh
    client.close()
    assert pending(printer) == {}


def test_a_mesh_that_is_not_saved_is_discarded(printer_sim: Starter, tmp_path: Path) -> None:
    printer = with_mesh(printer_sim)
    client = wait_for_state(printer, "ready")
    before = heights(client)
    client.close()
    with session(printer.klippy, tmp_path) as opened:
        done = carry_out(opened, printer, "z-offset", {"mesh-again": True, "save": False})
    assert {"mesh-again", "save"} <= set(done.keys)
    assert {change.state for change in done.record.changes} <= {"proposed", "declined"}
    assert pending(printer) == {}
    client = wait_for_state(printer, "ready")
    assert heights(client) == before
    client.close()


def test_where_nothing_is_saved_nothing_is_made_or_stays_pending(
    printer_sim: Starter, tmp_path: Path
) -> None:
    printer = with_mesh(printer_sim)
    record = program.run(tmp_path, *options(printer, "--save", "never")).record
    assert {c["state"] for c in record["changes"]} <= {"proposed", "declined"}
    assert SECTION not in {c["section"] for c in record["changes"]}, "it would only be discarded"
    assert pending(printer) == {}


@pytest.mark.parametrize("how", ["cancel", "kill"])
def test_while_it_probes(how: str, printer_sim: Starter, tmp_path: Path) -> None:
    printer = with_mesh(printer_sim)
    running = program.start(tmp_path, *options(printer, "--save", "always"))
    running.until(lambda event: event["event"] == "stage" and event["key"] == "mesh")
    if how == "cancel":
        running.signal(signal.SIGINT)
        ended = running.end()
        assert ended.record["outcome"] == "cancelled"
        assert pending(printer) == {}
        return
    begun = printer.report()["toolhead"]
    eventually(lambda: printer.report()["toolhead"] != begun)  # Klipper has the command
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait(10)
    for stream in (running.process.stdout, running.process.stderr):
        assert stream is not None
        stream.close()
    # What Klipper stages by itself then stays pending, and the next run says so
    eventually(lambda: SECTION in pending(printer))
    client = wait_for_state(printer, "ready")
    lease.run_out(client, running.process.pid)
    eventually(lambda: client.status("zcal")["lease"] is None)
    client.close()
    told = program.run(tmp_path, *options(printer, "--save", "never"))
    said = [event["text"] for event in told.events if event["event"] == "notice"]
    assert any("bed_mesh default" in text and "Pending in Klipper" in text for text in said)
    assert printer.report()["events"] == []


@pytest.mark.parametrize("way", ["cut", "cut for a moment", "shutdown", "RESTART", "FIRMWARE_RESTART"])
def test_what_breaks_it_off_leaves_no_mesh_pending_unnoticed(
    way: str, printer_sim: Starter, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    printer = with_mesh(printer_sim)
    client = wait_for_state(printer, "ready")
    before = heights(client)
    proxy = CuttingProxy(tmp_path_factory.mktemp("p") / "s", printer.klippy)
    control = str(printer.ready["control"])
    running = program.start(
        tmp_path,
        *("z-offset", "--printer", str(proxy.path), "--autopilot", "--control", control),
        *("--save", "always"),
    )
    running.until(lambda event: event["event"] == "stage" and event["key"] == "mesh")
    probed = printer.report()["toolhead"]
    eventually(lambda: printer.report()["toolhead"] != probed)  # it is on its way
    match way:
        case "cut":
            proxy.close()
        case "cut for a moment":
            proxy.cut_off()
            proxy.let_in()
        case "shutdown":
            printer.control.request("crash", reason="Timer too close")
        case _:
            client.send(way)
    ended = running.end()
    told = "\n".join(event["text"] for event in ended.events if event["event"] == "notice")
    expected = [(6, "error" if way == "shutdown" else "lost")]
    # Klipper runs it after the mesh, at the earliest before this program has read the mesh
    if "RESTART" in way:
        expected.append((0, "finished"))
    assert (ended.code, ended.record["outcome"]) in expected, told
    # What was measured before is not lost with it, and named
    states = {(c["section"], c["option"]): c["state"] for c in ended.record["changes"]}
    assert states.pop(("bltouch", "z_offset")) == "proposed"
    assert "To set it by hand, edit: [bltouch] z_offset: 2." in told
    assert "Must home axis first" not in told
    client.close()
    if way == "shutdown":  # halted within a probing move, some Klippers still wait for its trigger
        assert set(states.values()) <= {"declined"}
        assert ended.record["problem"]["remedy"]
        return
    client = wait_for_state(printer, "ready")
    if way == "cut":
        lease.run_out(client, running.process.pid)
    eventually(lambda: client.status("zcal")["lease"] is None, timeout=60.0)
    client.gcode("M400")
    if way == "cut":
        # This program cannot see what becomes of it, and says so
        assert states == {(SECTION, "points"): "staged"}
        assert "points may be pending in Klipper: the printer does not answer." in told
    else:
        assert set(states.values()) <= {"declined"}
        assert pending(printer) == {}
        assert heights(client) == before
    assert client.status("configfile")["settings"]["bltouch"]["z_offset"] == 2.1
    client.close()
    assert printer.report()["events"] == []
