"""The check `first-layer` on every simulated machine, through the command line, as a user runs it."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import lease, program
from tests.e2e.noise import with_little_noise
from tests.e2e.simulated import PrinterSim, Starter, eventually, wait_for_state
from zcal_tui.stats.verdicts.z_zero import MOST_TESTS

PAPER = 0.1


def options(printer: PrinterSim, *arguments: str) -> list[str]:
    person = ["--autopilot", "--control", str(printer.ready["control"])]
    return ["first-layer", "--printer", printer.klippy, "--save", "never", *arguments, *person]


def assert_left_well(printer: PrinterSim) -> None:
    client = wait_for_state(printer, "ready")
    assert client.status("toolhead")["position"][2] >= 9.0
    assert client.status("gcode_move")["homing_origin"][2] == pytest.approx(0.0, abs=1e-6)
    assert client.status("manual_probe")["is_active"] is False
    assert client.status("zcal")["lease"] is None
    assert client.status("configfile")["save_config_pending"] is False
    client.close()
    assert printer.report()["events"] == []


def contact(printer: PrinterSim) -> float:
    """Toolhead Z, as Klipper counts, at which the nozzle touches the bed where it stands; reached from above."""
    client = wait_for_state(printer, "ready")
    client.gcode("G90\nG1 Z15 F600\nG1 Z10\nM400")
    at = client.status("toolhead")["position"]
    client.close()
    report = printer.report()
    return float(at[2] - report["toolhead"][2] + report["contact_z"])


def truth_of(printer: PrinterSim, offset: float, zero: float) -> float:
    """The adjustment that an unerring person finds."""
    bias = printer.control.request("truth", path="person.bias")["value"]
    return contact(printer) + PAPER + float(bias) - offset - zero


@pytest.mark.parametrize("profile", ["voron", "bedslinger", "corexy", "delta"])
def test_the_adjustment_is_what_the_machine_is_off_by(
    profile: str, printer_sim: Starter, tmp_path: Path
) -> None:
    printer = with_little_noise(printer_sim(profile))
    ended = program.run(tmp_path, *options(printer))
    record = ended.record
    assert record["outcome"] == "finished", record["problem"]
    assert_left_well(printer)
    offset, zero = 0.0, 0.0
    if profile == "voron":
        client = printer.connect()
        offset, zero = client.status("z_calibration")["last_z_offset"], PAPER
        client.close()
    found = record["estimates"]["adjustment"]
    truth = truth_of(printer, offset, zero)
    assert found["low"] <= truth <= found["high"], (found, truth)
    assert found["value"] == pytest.approx(truth, abs=0.025)
    within = found["low"] >= -0.025 and found["high"] <= 0.025
    outside = found["low"] > 0.025 or found["high"] < -0.025
    assert record["verdict"]["level"] == ("pass" if within else "warn" if outside else "unknown")
    tests = sum(sample["kind"] == "paper" for sample in record["samples"])
    assert tests >= 2 and (tests == MOST_TESTS or within or outside), "one more is offered while undecided"
    for change in record["changes"]:
        assert float(change["new"]) == pytest.approx(float(change["old"]) - found["value"], abs=0.001)
        assert ("farther from" if found["value"] > 0 else "closer to") in change["effect"]
    known = not found["low"] <= 0.0 <= found["high"]
    assert len(record["changes"]) == (0 if not known else 3 if profile == "delta" else 1)


def test_the_mesh_that_a_print_has_is_in_it(printer_sim: Starter, tmp_path: Path) -> None:
    printer = with_little_noise(printer_sim("corexy"))
    printer.control.request("set", path="bed.tilt_x", value=0.1)
    client = printer.connect()
    client.gcode("G28\nBED_MESH_CALIBRATE PROBE_COUNT=3,3 SAMPLES=1")
    client.close()
    ended = program.run(tmp_path, *options(printer, "--x", "230", "--y", "150"))
    assert ended.record["outcome"] == "finished", ended.record["problem"]
    client = printer.connect()
    assert client.status("bed_mesh")["profile_name"] == "default"
    client.gcode("G90\nG1 Z15 F600\nG1 Z1\nM400")
    mesh = client.status("toolhead")["position"][2] - client.status("gcode_move")["gcode_position"][2]
    client.close()
    assert abs(mesh) > 0.05
    found = ended.record["estimates"]["adjustment"]
    truth = truth_of(printer, mesh, 0.0)
    assert found["low"] <= truth <= found["high"], (found, truth)


def test_a_wrong_switch_offset_shows_in_the_first_layer(printer_sim: Starter, tmp_path: Path) -> None:
    printer = with_little_noise(printer_sim("voron"))
    printer.control.request("set", path="probe.switch_offset", value=0.32)
    ended = program.run(tmp_path, *options(printer))
    assert ended.record["verdict"]["level"] == "warn"
    assert "too close to the bed" in ended.record["verdict"]["summary"]
    (change,) = ended.record["changes"]
    assert change["option"] == "switch_offset"
    assert float(change["new"]) == pytest.approx(0.32, abs=0.03)
    assert "farther from" in change["effect"]
    assert_left_well(printer)


def test_a_z_offset_that_is_a_layer_off_fails(printer_sim: Starter, tmp_path: Path) -> None:
    printer = with_little_noise(printer_sim("corexy"))
    printer.control.request("set", path="probe.z_offset", value=1.1)
    ended = program.run(tmp_path, *options(printer))
    assert ended.code == 1
    assert "too close to the bed" in ended.record["verdict"]["summary"]
    (change,) = ended.record["changes"]
    assert (change["section"], change["option"]) == ("probe", "z_offset")
    assert float(change["new"]) == pytest.approx(1.1 - PAPER, abs=0.05)
    assert any("Likely causes" in text for text in ended.record["advice"])
    assert_left_well(printer)


def test_a_hot_nozzle_is_refused(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    client = printer.connect()
    client.gcode("SET_HEATER_TEMPERATURE HEATER=extruder TARGET=200")
    client.close()
    ended = program.run(tmp_path, *options(printer))
    assert ended.code == 3
    assert "--hot" in ended.record["problem"]["remedy"]
    assert printer.report()["motors_hold"] is False


def asked(key: str) -> Any:
    return lambda event: event["event"] == "question" and event["key"] == key


def test_sigint_between_the_steps_lifts(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    running = program.start(tmp_path, *options(printer))
    for _ in range(3):
        running.until(asked("first-layer-step"))
    running.signal(signal.SIGINT)
    ended = running.end()
    assert ended.code == 5
    assert_left_well(printer)


def test_klippy_halts_while_the_paper_is_felt(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    running = program.start(tmp_path, *options(printer))
    running.until(asked("paper"))
    client = printer.connect()
    client.call("emergency_stop")
    client.close()
    ended = running.end()
    assert ended.code == 6
    assert ended.record["outcome"] == "error"


def test_kill_9_while_the_paper_is_felt_is_cleaned_up_behind(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("voron")
    running = program.start(tmp_path, *options(printer, "--tests", "5"))
    running.until(asked("paper"))
    running.until(asked("paper"))
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait(10)
    for stream in (running.process.stdout, running.process.stderr):
        assert stream is not None
        stream.close()
    client = printer.connect()
    low = client.status("toolhead")["position"][2]
    assert low < 3.0
    assert client.status("zcal")["lease"] is not None
    lease.run_out(client, running.process.pid)
    eventually(lambda: client.status("zcal")["lease"] is None)
    eventually(lambda: client.status("manual_probe")["is_active"] is False)
    eventually(lambda: client.status("gcode_move")["homing_origin"][2] == 0.0)
    client.close()
    assert_left_well(printer)
