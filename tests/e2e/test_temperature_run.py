"""The check `temperature` on simulated machines, through the command line, as a user runs it."""

import re
import shutil
import signal
from pathlib import Path

import pytest

from tests.e2e import lease, program
from tests.e2e.simulated import PrinterSim, Starter, eventually, wait_for_state
from tests.extra.rig import write_config

PROFILES = Path(__file__).parents[2] / "zcal_tui" / "sim" / "profiles"
QUICK = {
    "probe.thermal_lag": 20.0,
    "bed.growth_lag": 15.0,
    "frame.growth": 0.0,
    "heater_bed.capacity": 200.0,
}
"""A machine that is warm through within minutes."""
SHORT = ("--baseline", "1", "--soak", "2.5", "--back", "3", "--every", "15", "--touches", "3")


def options(printer: PrinterSim, *arguments: str) -> list[str]:
    consent = ["--bed", "60", "--nozzle", "200"]  # temperatures on the command line
    return ["temperature", "--printer", printer.klippy, *consent, *arguments]


def quick(printer_sim: Starter, **more: float) -> PrinterSim:
    printer = printer_sim("corexy", speed=40.0)
    for path, value in {**QUICK, **{name.replace("__", "."): value for name, value in more.items()}}.items():
        printer.control.request("set", path=path, value=value)
    return printer


def targets(printer: PrinterSim) -> list[float]:
    client = wait_for_state(printer, "ready")
    found = [client.status(name)["target"] for name in ("heater_bed", "extruder")]
    assert client.status("toolhead")["position"][2] >= 9.0
    assert client.status("zcal")["lease"] is None
    client.close()
    return found


def test_a_probe_that_minds_the_heat_is_found_with_its_causes(printer_sim: Starter, tmp_path: Path) -> None:
    printer = quick(printer_sim, probe__thermal_bed=0.0015, probe__thermal_nozzle=0.0003)
    ended = program.run(tmp_path, *options(printer, *SHORT))
    record = ended.record
    assert record["outcome"] == "finished", record["problem"]
    assert record["verdict"]["level"] == "warn", record["verdict"]
    found = record["estimates"]
    # The bed's own growth, 0.7 µm/°C, adds to the probe's
    assert found["per_degree_bed"]["value"] == pytest.approx(0.0022, rel=0.15)
    assert found["per_degree_nozzle"]["value"] == pytest.approx(0.0003, rel=0.2)
    assert found["shift"]["value"] == pytest.approx(0.0022 * 36 + 0.0003 * 176, rel=0.1)
    for name, truth in (
        ("per_degree_bed", 0.0022),
        ("shift", 0.0022 * 36 + 0.0003 * 176),
        ("remaining", 0.0),
    ):
        assert found[name]["low"] < truth < found[name]["high"], name
    phases = [sample["place"] for sample in record["samples"]]
    assert list(dict.fromkeys(phases)) == ["baseline", "bed", "nozzle", "back"]
    hot = [sample for sample in record["samples"] if sample["place"] == "nozzle"]
    assert max(sample["hotend"] for sample in hot) == pytest.approx(200.0, abs=3.0)
    assert max(sample["bed"] for sample in hot) == pytest.approx(60.0, abs=2.0)
    assert any("µm per °C of the bed" in text for text in record["advice"])
    said = [event["text"] for event in ended.events if event["event"] == "notice"]
    assert "in all" in said[0]
    assert any("oozes" in text for text in said)
    stages = [event["text"] for event in ended.events if event["event"] == "stage"]
    assert any(text.startswith("Bed and nozzle: bed 60 → 60 °C, nozzle") for text in stages)
    assert all(
        event["seconds_left"] >= 0.0
        for event in ended.events
        if event["event"] == "progress" and event["seconds_left"] is not None
    )
    assert targets(printer) == [0.0, 0.0]


def test_a_docked_probe_that_does_not_mind_passes(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("voron", speed=40.0)
    for growth in (
        "probe.thermal_bed",
        "probe.thermal_nozzle",
        "bed.growth",
        "bed.bowl_growth",
        "frame.growth",
    ):
        printer.control.request("set", path=growth, value=0.0)
    for path, value in (
        ("probe.drift_per_touch", 0.0),
        ("probe.noise", 0.001),
        ("heater_bed.capacity", 200.0),
    ):
        printer.control.request("set", path=path, value=value)
    length = ("--baseline", "2", "--soak", "15", "--back", "0", "--every", "15", "--touches", "3")
    ended = program.run(tmp_path, *options(printer, "--heat", "bed", *length))
    record = ended.record
    assert record["verdict"]["level"] == "pass", (record["verdict"], record["estimates"])
    assert ended.code == 0
    assert record["estimates"]["shift"]["value"] == pytest.approx(0.0, abs=0.01)
    assert "per_degree_nozzle" not in record["estimates"]
    assert printer.report()["probe"]["state"] == "docked"
    stages = [event["key"] for event in ended.events if event["event"] == "stage"]
    assert stages.count("attach") == stages.count("detach") == 1
    assert targets(printer) == [0.0, 0.0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancel_in_the_warm_up_leaves_the_heaters_as_they_were(
    number: signal.Signals, printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim("corexy", speed=20.0)
    client = printer.connect()
    client.gcode("SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=28")
    running = program.start(tmp_path, *options(printer, "--baseline", "0.5"))
    running.until(lambda event: event["event"] == "stage" and event["key"] == "bed")
    assert client.status("heater_bed")["target"] == 60.0
    client.close()
    running.signal(number)
    ended = running.end()
    assert ended.code == 5
    assert ended.record["outcome"] == "cancelled"
    assert targets(printer) == [28.0, 0.0]


def test_klippy_halts_while_it_heats(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy", speed=20.0)
    running = program.start(tmp_path, *options(printer, "--baseline", "0.5"))
    running.until(lambda event: event["event"] == "sample" and event["place"] == "bed")
    printer.control.request("crash", reason="Timer too close")
    ended = running.end()
    assert ended.code == 6
    assert ended.record["outcome"] == "error"
    assert "micro-controller" in ended.record["problem"]["what"].lower()
    assert {sample["place"] for sample in ended.record["samples"]} == {"baseline", "bed"}


def test_a_heater_that_does_not_heat_ends_it_with_the_reason(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy", speed=40.0)
    printer.control.request("set", path="heater_bed.power", value=0.0)
    ended = program.run(tmp_path, *options(printer, "--baseline", "0.5"))
    assert ended.code == 6
    told = ended.record["problem"]
    assert re.search("heater_bed|bed", told["what"] + told["raw"])
    assert re.search("not heating|does not get warmer", told["what"] + told["raw"])


def test_a_heater_that_somebody_turns_off_ends_it(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy", speed=20.0)
    running = program.start(tmp_path, *options(printer, "--baseline", "0.5"))
    running.until(lambda event: event["event"] == "sample" and event["place"] == "bed")
    client = printer.connect()
    client.gcode("TURN_OFF_HEATERS")
    client.close()
    ended = running.end()
    assert ended.code == 6
    assert "target is 0 °C and not the 60 °C" in ended.record["problem"]["what"]
    assert targets(printer) == [0.0, 0.0]


def test_motors_that_somebody_switches_off_end_it(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy", speed=20.0)
    running = program.start(tmp_path, *options(printer, "--baseline", "1"))
    running.until_samples(3)
    client = printer.connect()
    client.gcode("M84")
    client.close()
    ended = running.end()
    assert ended.code == 6
    assert ended.record["outcome"] == "error"
    assert "motors" in ended.record["problem"]["what"] or "home" in ended.record["problem"]["what"].lower()


def test_a_homing_in_the_middle_ends_it(printer_sim: Starter, tmp_path: Path) -> None:
    """Klipper docs, Probe_Calibrate, Temperature Bias: "without homing". All axes stay homed meanwhile."""
    printer = printer_sim("corexy", speed=20.0)
    running = program.start(tmp_path, *options(printer, "--baseline", "1"))
    running.until_samples(3)
    client = printer.connect()
    client.gcode("G28")
    client.close()
    ended = running.end()
    assert ended.code == 6
    assert "moved during the check" in ended.record["problem"]["what"]
    assert len(ended.record["samples"]) >= 3


def test_without_the_extra_nothing_moves_and_nothing_heats(printer_sim: Starter, tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    shutil.copytree(PROFILES / "corexy", folder)
    config = folder / "printer.cfg"
    config.write_text(config.read_text().replace("[zcal]", ""))
    printer = printer_sim(str(folder))
    ended = program.run(tmp_path / "data", *options(printer))
    assert ended.code == 3
    assert "[zcal] module" in ended.record["problem"]["what"]
    assert "zcal-tui install" in ended.record["problem"]["remedy"]
    client = wait_for_state(printer, "ready")
    assert client.status("toolhead")["homed_axes"] == ""
    assert client.status("heater_bed")["target"] == 0.0
    client.close()


def test_a_target_beyond_the_heaters_limit_is_refused(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    ended = program.run(tmp_path, *options(printer, "--bed", "118"))
    assert ended.code == 3
    assert "at most 110 °C" in ended.record["problem"]["remedy"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_z_offset_that_is_ended_while_hot_leaves_the_heaters_off(
    number: signal.Signals, printer_sim: Starter, tmp_path: Path
) -> None:
    printer = quick(printer_sim)
    person = ("--autopilot", "--control", str(printer.ready["control"]))
    hot = ("--bed", "60", "--nozzle", "200", "--soak", "20")
    running = program.start(tmp_path, "z-offset", "--printer", printer.klippy, *person, *hot)
    running.until(lambda event: event["event"] == "stage" and "→ 200" in event.get("text", ""))
    running.signal(number)
    if number is signal.SIGKILL:
        running.process.wait(10)
        for stream in (running.process.stdout, running.process.stderr):
            assert stream is not None
            stream.close()
        client = printer.connect()
        lease.run_out(client, running.process.pid)
        eventually(lambda: client.status("zcal")["lease"] is None)
        client.close()
    else:
        assert running.end().code == 5
    client = printer.connect()
    eventually(lambda: [client.status(name)["target"] for name in ("heater_bed", "extruder")] == [0.0, 0.0])
    client.close()


def test_a_z_offset_at_print_temperature_is_the_true_one(printer_sim: Starter, tmp_path: Path) -> None:
    printer = quick(printer_sim)
    person = ("--autopilot", "--control", str(printer.ready["control"]))
    hot = ("--bed", "60", "--nozzle", "200", "--soak", "3")
    running = program.start(tmp_path, "z-offset", "--printer", printer.klippy, *person, *hot)
    running.until(lambda event: event["event"] == "stage" and event["key"] == "paper")
    truth = printer.report()["probe"]["effective_z_offset"]
    record = running.end().record
    assert record["outcome"] == "finished", record["problem"]
    found = record["estimates"]
    assert found["nozzle_temperature"]["value"] == pytest.approx(200.0, abs=3.0)
    # From the hot nozzle's contact, where the paper is not in it
    assert found["z_offset"]["value"] == pytest.approx(truth, abs=0.03)
    assert "Measured at print temperature: bed 60 °C" in " ".join(record["verdict"]["reasons"])
    assert targets(printer) == [0.0, 0.0]


FRAME = """
[z_thermal_adjust]
sensor_type: Generic 3950
sensor_pin: PF7
min_temp: 0
max_temp: 100
"""
GROWTH = 0.004
"""mm/°C by which the warm frame lifts the toolhead."""


def test_the_frames_coefficient_has_the_sign_that_keeps_the_nozzle_where_it_is(
    printer_sim: Starter, tmp_path: Path
) -> None:
    folder = write_config(tmp_path / "config", PROFILES / "corexy", more=FRAME)
    printer = printer_sim(str(folder), speed=40.0)
    truth = {
        **QUICK,
        "frame.growth": GROWTH,
        "frame.chamber_gain": 0.5,
        "frame.chamber_lag": 900.0,
        "bed.growth": 0.0,
        "bed.bowl_growth": 0.0,
        "nozzle.growth": 0.0,
    }
    for path, value in truth.items():
        printer.control.request("set", path=path, value=value)
    slow = ("--baseline", "2", "--soak", "15", "--back", "10", "--every", "20", "--touches", "3")
    words = ["temperature", "--printer", printer.klippy, "--bed", "60", "--nozzle", "50", *slow]
    record = program.run(tmp_path, *words).record
    assert record["outcome"] == "finished", record["problem"]
    found = record["estimates"]["per_degree_frame"]
    assert found["low"] < -GROWTH < found["high"]
    assert found["value"] == pytest.approx(-GROWTH, abs=0.001)
    (change,) = (change for change in record["changes"] if change["option"] == "temp_coeff")
    assert change["section"] == "z_thermal_adjust"
    assert change["state"] == "proposed"
    assert not change.get("saves", False)
    coefficient = float(change["new"])
    assert coefficient == pytest.approx(GROWTH, abs=0.001)
    printer.control.request("set", path="frame.chamber_lag", value=90.0)
    moved = {sign: gap_after_heat(printer, sign * coefficient) for sign in (1.0, 0.0, -1.0)}
    assert abs(moved[1.0]) < abs(moved[0.0]) / 2 < abs(moved[-1.0]) / 3, moved


def gap_after_heat(printer: PrinterSim, coefficient: float) -> float:
    """By how much the gap between nozzle and bed changes while the frame warms up, Klipper correcting for it."""
    client = wait_for_state(printer, "ready")
    client.gcode("TURN_OFF_HEATERS")
    eventually(lambda: client.status("z_thermal_adjust")["temperature"] < 27.0, 120.0)
    client.gcode(f"G28\nSET_Z_THERMAL_ADJUST TEMP_COEFF={coefficient:.6f}\nG90\nG1 X150 Y150 Z5 F3000\nM400")
    before = float(printer.report()["gap"])
    client.gcode("SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=60")
    eventually(lambda: client.status("z_thermal_adjust")["temperature"] > 40.0, 120.0)
    client.gcode("G1 X155 F3000\nG1 X150\nM400")
    after = float(printer.report()["gap"])
    client.gcode("TURN_OFF_HEATERS")
    client.close()
    return after - before
