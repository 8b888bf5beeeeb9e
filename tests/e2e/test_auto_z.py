"""The check `auto-z` on the simulated machine, through the command line, as a user runs it: what is so is found, what
is wrong is named, and every way out leaves the offset and the probe as they were."""

import math
import os
import re
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import lease, program
from tests.e2e.klippers import KALICO
from tests.e2e.noise import with_little_noise
from tests.e2e.pace import slowly
from tests.e2e.simulated import PrinterSim, Starter, eventually, wait_for_state
from zcal_tui.headless.exit_codes import ExitCode

SWITCH_OFFSET = 0.52
"""As the truth of the profile has it; printer.cfg says 0.50."""
TRUE_Z_OFFSET = 6.472
"""The probe's, to contact, as the same truth has it."""
PAPER = 0.1
PROFILE = Path(program.__file__).parents[2] / "zcal_tui" / "sim" / "profiles" / "voron"


def run(printer: PrinterSim, folder: Path, *arguments: str, person: bool = True) -> program.Ended:
    return program.run(folder, *options(printer, *arguments, person=person))


def options(printer: PrinterSim, *arguments: str, person: bool) -> list[str]:
    control = ["--autopilot", "--control", str(printer.ready["control"])] if person else []
    return ["auto-z", "--printer", printer.klippy, "--save", "never", *arguments, *control]


def assert_as_before(printer: PrinterSim, offset: float = 0.0) -> None:
    """Nothing was left behind: lifted, probe docked, offset, lease, nothing pending, nothing crashed."""
    client = wait_for_state(printer, "ready")
    assert client.status("toolhead")["position"][2] >= 9.0
    assert client.status("gcode_move")["homing_origin"][2] == pytest.approx(offset, abs=1e-4)
    assert client.status("manual_probe")["is_active"] is False
    assert client.status("zcal")["lease"] is None
    assert client.status("configfile")["save_config_pending"] is False
    client.close()
    report = printer.report()
    assert report["probe"]["state"] == "docked"
    assert report["events"] == []


def value(record: dict[str, Any], name: str) -> float:
    return float(record["estimates"][name]["value"])


@pytest.mark.parametrize(
    ("zero", "switch_offset", "truth", "level"),
    [
        ("auto", 0.58, 0.58, "warn"),
        ("paper", SWITCH_OFFSET, SWITCH_OFFSET - PAPER, "warn"),
        ("auto", 0.72, 0.72, "fail"),
    ],
)
def test_tuning_finds_the_switch_offset_that_is_so(
    zero: str, switch_offset: float, truth: float, level: str, printer_sim: Starter, tmp_path: Path
) -> None:
    printer = with_little_noise(printer_sim("voron"))
    printer.control.request("set", path="probe.switch_offset", value=switch_offset)
    ended = run(printer, tmp_path, "--tune", "--zero", zero)
    record = ended.record
    assert record["verdict"]["level"] == level, record["verdict"]
    assert ended.code == (ExitCode.VERDICT_FAIL if level == "fail" else ExitCode.OK), ended.errors
    found = record["estimates"]["switch_offset"]
    assert found["low"] <= truth <= found["high"]
    assert found["high"] - found["low"] < 0.08
    assert found["value"] == pytest.approx(truth, abs=0.02)
    assert value(record, "switch") - value(record, "nozzle") == pytest.approx(
        6.472 - switch_offset, abs=0.004
    )
    (change,) = record["changes"]
    assert (change["section"], change["option"], change["old"]) == ("z_calibration", "switch_offset", "0.5")
    assert float(change["new"]) == pytest.approx(found["value"], abs=0.0006)
    assert ("closer to" if zero == "auto" else "farther from") in change["effect"]
    assert any("CALCULATE_SWITCH_OFFSET agrees" in text for text in record["advice"])
    assert any("PRINT_START does not call CALIBRATE_Z" in text for text in record["advice"])
    assert_as_before(printer)


def test_without_a_person_the_offset_is_put_back(printer_sim: Starter, tmp_path: Path) -> None:
    printer = with_little_noise(printer_sim("voron"))
    client = printer.connect()
    client.gcode("SET_GCODE_OFFSET Z=0.123")
    client.close()
    ended = run(printer, tmp_path, "--repeats", "2", person=False)
    assert ended.code == 0, ended.record["verdict"]
    assert ended.record["verdict"]["level"] == "pass"
    offset = ended.record["estimates"]["offset"]
    assert offset["high"] - offset["low"] < 0.03
    kinds = [sample["kind"] for sample in ended.samples]
    assert kinds.count("offset") == 2
    assert kinds.count("switch") == kinds.count("bed") == 6
    notices = [event["text"] for event in ended.events if event["event"] == "notice"]
    assert any("restored to 0.123" in text for text in notices), notices
    assert_as_before(printer, offset=0.123)


def test_a_person_may_keep_the_offset(printer_sim: Starter, tmp_path: Path) -> None:
    printer = with_little_noise(printer_sim("voron"))
    ended = run(printer, tmp_path, "--repeats", "2", "--endstop-touches", "0")
    assert ended.code == 0
    assert ended.record["verdict"]["level"] == "pass", ended.record["verdict"]
    last = [sample for sample in ended.samples if sample["kind"] == "offset"][-1]
    assert_as_before(printer, offset=last["trigger_z"])
    if not KALICO:  # whose own z_calibration does not publish it
        client = printer.connect()
        assert client.status("z_calibration")["applied"] == pytest.approx(last["trigger_z"], abs=1e-5)
        client.close()


def test_a_wrong_switch_offset_is_named(printer_sim: Starter, tmp_path: Path) -> None:
    printer = with_little_noise(printer_sim("voron"))
    printer.control.request("set", path="probe.switch_offset", value=0.32)
    ended = run(printer, tmp_path, "--tune", "--repeats", "2", "--endstop-touches", "0")
    assert ended.code == 1
    assert ended.record["verdict"]["level"] == "fail"
    assert "switch_offset 0.500 is wrong" in ended.record["verdict"]["summary"]
    assert "too close to the bed" in ended.record["verdict"]["summary"]
    assert value(ended.record, "switch_offset") == pytest.approx(0.32, abs=0.03)
    assert "farther from" in ended.record["changes"][0]["effect"]
    assert_as_before(printer)


def test_an_offset_outside_the_margins_names_what_moved(printer_sim: Starter, tmp_path: Path) -> None:
    printer = with_little_noise(printer_sim("voron"))
    good = run(printer, tmp_path, "--repeats", "1", "--endstop-touches", "0", person=False)
    assert good.code == 0
    printer.control.request("set", path="probe.switch_offset", value=1.9)
    ended = run(printer, tmp_path, "--endstop-touches", "0", person=False)
    assert ended.code == 1
    verdict = ended.record["verdict"]
    assert verdict["level"] == "fail"
    assert "outside offset_margins" in verdict["summary"]
    if not KALICO:  # whose own z_calibration tells the heights only where they are good
        assert "The switch body on the endstop changed the offset by" in " ".join(verdict["reasons"])
        assert value(ended.record, "offset") == pytest.approx(-0.09 + 1.38, abs=0.02)
    assert_as_before(printer)


def test_a_probe_wired_normally_open_is_found_before_anything_goes_down(
    printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim("voron")
    printer.control.request("set", path="probe.normally_open", value=True)
    ended = run(printer, tmp_path, "--endstop-touches", "0")
    assert ended.code == 1
    assert ended.record["verdict"]["level"] == "fail"
    assert "normally open" in ended.record["verdict"]["summary"]
    assert ended.samples == []
    assert_as_before(printer)


def test_a_probe_that_falls_off_is_named(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("voron")
    running = program.start(
        tmp_path, *options(printer, "--repeats", "2", "--endstop-touches", "0", person=False)
    )
    running.until(lambda event: event["event"] == "stage" and event["key"] == "calibrate")
    with slowly(printer):
        eventually(lambda: printer.report()["probe"]["state"] == "attached")
        printer.control.request("detach_probe")
    ended = running.end()
    assert ended.code == 1
    assert ended.record["verdict"]["level"] == "fail"
    assert "the probe was not attached" in ended.record["verdict"]["summary"]
    assert printer.report()["events"] == []
    client = printer.connect()
    assert client.status("gcode_move")["homing_origin"][2] == 0.0
    client.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_calibrate_z_stops_it(
    number: signal.Signals, printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim("voron", speed=8.0)
    running = program.start(
        tmp_path, *options(printer, "--repeats", "9", "--endstop-touches", "0", person=False)
    )
    running.until(lambda event: event["event"] == "sample" and event["kind"] == "offset")
    running.until(lambda event: event["event"] == "stage" and event["key"] == "calibrate")
    time.sleep(0.5)
    running.signal(number)
    ended = running.end()
    assert ended.code == 5
    assert ended.record["outcome"] == "cancelled"
    assert [sample["kind"] for sample in ended.samples].count("offset") == 1
    assert_as_before(printer)


def test_kill_9_in_calibrate_z_is_cleaned_up_behind(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("voron")
    running = program.start(
        tmp_path, *options(printer, "--repeats", "9", "--endstop-touches", "0", person=False)
    )
    running.until(lambda event: event["event"] == "sample" and event["kind"] == "offset")
    running.until(lambda event: event["event"] == "stage" and event["key"] == "calibrate")
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait(10)
    for stream in (running.process.stdout, running.process.stderr):
        assert stream is not None
        stream.close()
    client = printer.connect()
    lease.run_out(client, running.process.pid)
    eventually(lambda: client.status("zcal")["lease"] is None)
    eventually(lambda: client.status("gcode_move")["homing_origin"][2] == 0.0)
    client.gcode("M400")
    client.close()
    assert_as_before(printer)


def test_without_the_zcals_section_it_is_cancelled_and_put_back_all_the_same(
    printer_sim: Starter, tmp_path: Path
) -> None:
    profile = tmp_path / "voron"
    shutil.copytree(PROFILE, profile)
    config = profile / "printer.cfg"
    config.write_text(re.sub(r"^\[zcal\]$", "", config.read_text(), flags=re.MULTILINE))
    printer = printer_sim(str(profile))
    running = program.start(
        tmp_path / "data", *options(printer, "--repeats", "9", "--endstop-touches", "0", person=False)
    )
    running.until(lambda event: event["event"] == "sample" and event["kind"] == "offset")
    running.until(lambda event: event["event"] == "stage" and event["key"] == "calibrate")
    running.signal(signal.SIGINT)
    ended = running.end()
    assert ended.code == 5
    client = wait_for_state(printer, "ready")
    assert client.status("zcal") == {}
    assert client.status("gcode_move")["homing_origin"][2] == 0.0
    assert client.status("toolhead")["position"][2] >= 9.0
    client.close()
    assert printer.report()["probe"]["state"] == "docked"
    assert printer.report()["events"] == []


def test_klippy_halts_in_calibrate_z(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("voron")
    running = program.start(tmp_path, *options(printer, "--repeats", "9", person=False))
    running.until(lambda event: event["event"] == "sample" and event["kind"] == "offset")
    client = printer.connect()
    client.call("emergency_stop")
    client.close()
    ended = running.end()
    assert ended.code == 6
    assert ended.record["outcome"] == "error"
    assert "emergency stop" in (ended.record["problem"]["what"] + ended.record["problem"]["cause"]).lower()
    assert any(sample["kind"] == "offset" for sample in ended.record["samples"])


def test_it_says_what_a_printer_lacks(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    ended = run(printer, tmp_path, person=False)
    assert ended.code in (2, 3)
    told = ended.errors + str(ended.events)
    assert "z_virtual_endstop" in told


def probe_homes_z(tmp_path: Path) -> Path:
    """A voron that fetches the probe and homes Z with it; its switch for the nozzle is only for the calibration."""
    shutil.copytree(PROFILE, folder := tmp_path / "probe-homes-z")
    config = folder / "printer.cfg"
    text = config.read_text().replace(
        "endstop_pin: ^PG10\nposition_endstop: 0.500\n", "endstop_pin: probe:z_virtual_endstop\n"
    )
    text = text.replace("\nstart_gcode:", "\nendstop_pin: ^PG10\nstart_gcode:")
    text = re.sub(r"^\[safe_z_home\]\n(?:(?!\[).*\n)*", HOMING, text, flags=re.MULTILINE)
    config.write_text(text)
    truth = folder / "truth.toml"
    exact = re.sub(
        r"^(noise|outlier_rate|first_sample_shift) = .*$", r"\1 = 0", truth.read_text(), flags=re.MULTILINE
    )
    truth.write_text(exact)
    return folder


HOMING = """[homing_override]
axes: z
set_position_z: 0
gcode:
    G90
    G0 Z20 F900
    G28 X Y
    G0 X30 Y225 F9000
    G0 Y258 F4800
    G0 Y225 F4800
    G0 X125 Y105 F9000
    G28 Z
    G0 Z20 F900

"""


@pytest.mark.skipif(KALICO, reason="Kalico's own z_calibration knows no endstop_pin")
def test_a_switch_of_its_own_is_pressed_where_the_probe_homes_z(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim(probe_homes_z(tmp_path))
    ended = run(printer, tmp_path, "--repeats", "1", person=False)
    record = ended.record
    assert record["verdict"]["level"] in ("pass", "warn"), record["problem"]
    # Z 0 is where the probe's configured z_offset puts it. The probe's true one, and what the configured switch_offset
    # lacks, make the difference to contact.
    assert value(record, "offset") == pytest.approx(6.400 - TRUE_Z_OFFSET + SWITCH_OFFSET - 0.50, abs=0.006)
    assert_as_before(printer)


SITES = {
    "nozzle": "the nozzle on the endstop",
    "switch": "the switch body on the endstop",
    "bed": "the probe on the bed",
}
SWITCH_XY = (206.0, 232.25)
"""As printer.cfg of the profile has it."""


def over_the_switch(printer: PrinterSim) -> bool:
    x, y, _ = printer.report()["toolhead"]
    return math.dist((x, y), SWITCH_XY) < 2.0


@pytest.mark.parametrize("site", SITES)
def test_samples_that_differ_too_much_name_their_height(
    site: str, printer_sim: Starter, tmp_path: Path
) -> None:
    profile = tmp_path / "voron"
    shutil.copytree(PROFILE, profile)
    config = profile / "printer.cfg"
    # Three samples that scatter so agree by chance in one of two hundred calibrations
    config.write_text(config.read_text().replace("\nsamples: 3\n", "\nsamples: 5\n", 1))
    printer = printer_sim(str(profile))
    path, noise = ("probe.noise" if site == "bed" else "z_endstop.noise"), 0.3
    if site != "switch":
        printer.control.request("set", path=path, value=noise)
    running = program.start(
        tmp_path / "data", *options(printer, "--repeats", "1", "--endstop-touches", "0", person=False)
    )
    if site == "switch":
        running.until(lambda event: event["event"] == "stage" and event["key"] == "calibrate")
        with slowly(printer):
            eventually(lambda: over_the_switch(printer))
            printer.control.request("set", path=path, value=noise)
    ended = running.end()
    assert ended.code == 1, (ended.record["verdict"], ended.record["problem"])
    verdict = ended.record["verdict"]
    assert verdict["level"] == "fail"
    assert verdict["summary"] == f"Not usable: the samples of {SITES[site]} differ too much."
    reasons = " ".join(verdict["reasons"])
    for other, name in SITES.items():
        assert (name in reasons) is (other == site)
    assert ("The probe does not repeat" in reasons) is (site == "bed")
    first = ended.record["advice"][0]
    assert ("accuracy --what endstop" in first) is (site == "nozzle")
    assert ("sits in its mount" in first) is (site == "switch")
    printer.control.request("set", path=path, value=0.001)
    assert_as_before(printer)
