"""The sweep of settings and the Z endstop, on simulated machines, through the command line."""

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import program
from tests.e2e.klippers import KALICO
from tests.e2e.pace import slowly
from tests.e2e.simulated import PrinterSim, Starter, wait_for_state


def staged(events: list[dict[str, Any]]) -> list[str]:
    return [event["text"].split(" ")[0] for event in events if event.get("key") == "touch"]


@pytest.mark.parametrize("profile", ["voron", "bedslinger", "corexy", "delta"])
def test_a_sweep_on_every_profile_finds_the_noise_that_is_so(
    profile: str, printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim(profile)
    printer.control.request("set", path="probe.outlier_rate", value=0.0)
    noise = float(printer.control.request("truth", path="probe.noise")["value"])
    ended = program.run(
        tmp_path, "accuracy", "--sweep", "--samples", "12", "--order-seed", "4", "--printer", printer.klippy
    )
    record = ended.record
    assert record["outcome"] == "finished", record["problem"]
    assert record["parameters"]["order_seed"] == 4
    names = {sample["place"] for sample in record["samples"]}
    assert {"configured", "configured_again", "probe_speed=2.5", "probe_speed=10", "start_height=10"} <= names
    for name in names:
        touches = [s for s in record["samples"] if s["place"] == name and s["recorded"]]
        assert len(touches) == 12, name
        sigma = record["estimates"][f"sigma@{name}"]
        assert (sigma["low"] or 0.0) < 2.0 * noise
        assert sigma["high"] > 0.5 * noise
    assert [sample["n"] for sample in ended.samples] == list(range(1, len(ended.samples) + 1))
    assert record["verdict"]["level"] in ("pass", "warn")


def test_a_speed_that_is_better_is_found_and_proposed(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    printer.control.request("set", path="probe.noise", value=0.012)
    running = program.start(tmp_path, "accuracy", "--sweep", "--printer", printer.klippy)
    running.until(lambda event: str(event.get("text", "")).startswith("probe_speed=2.5 "))
    printer.control.request("set", path="probe.noise", value=0.001)
    running.until(
        lambda event: event["event"] == "stage" and not event["text"].startswith("probe_speed=2.5 ")
    )
    printer.control.request("set", path="probe.noise", value=0.012)
    record = running.end().record
    assert record["verdict"]["level"] == "warn", record["verdict"]
    assert "a probing speed of 2.5 mm/s" in record["verdict"]["summary"]
    assert ("probe", "speed", "2.5") in {(c["section"], c["option"], c["new"]) for c in record["changes"]}
    assert any("New probe settings change z_offset" in text for text in record["advice"])
    assert not any(change["state"] == "staged" for change in record["changes"])


def test_start_heights_start_there(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    running = program.start(tmp_path, "accuracy", "--sweep", "--samples", "3", "--printer", printer.klippy)
    running.until(lambda event: str(event.get("text", "")).startswith("start_height=10 "))
    heights: list[float] = []
    client = wait_for_state(printer, "ready")
    with slowly(printer):
        running.until(lambda event: event["event"] == "sample" and event["place"] == "start_height=10")
        until = printer.control.request("time")["time"] + 5.0  # longer than a sample takes
        while printer.control.request("time")["time"] < until:
            heights.append(client.status("motion_report")["live_position"][2])
    client.close()
    ended = running.end()
    assert ended.record["outcome"] == "finished"
    trigger = ended.record["samples"][0]["trigger_z"]
    assert max(heights) > trigger + 4.0


def test_a_sweep_is_cancelled_within_a_touch(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    running = program.start(tmp_path, "accuracy", "--sweep", "--printer", printer.klippy)
    running.until_samples(25)
    with slowly(printer):
        running.signal(signal.SIGINT)
        ended = running.end()
    assert ended.code == 5
    assert 25 <= len(ended.record["samples"]) < 60
    client = wait_for_state(printer, "ready")
    assert client.status("toolhead")["position"][2] >= 5.0
    client.close()


@pytest.mark.parametrize("moonraker", [False, True], ids=["klippy", "moonraker"])
def test_the_endstop_is_touched_with_the_probe_in_its_dock(
    moonraker: bool, printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim("voron", moonraker=moonraker)
    client = wait_for_state(printer, "ready")
    client.gcode("G28\nATTACH_PROBE")
    address = printer.moonraker if moonraker else printer.klippy
    ended = program.run(
        tmp_path, "accuracy", "--what", "endstop", "--samples", "30", "--printer", str(address)
    )
    record = ended.record
    assert ended.code == 0, ended.errors
    assert len(record["samples"]) == 30
    assert {sample["kind"] for sample in record["samples"]} == {"nozzle"}
    truth = float(printer.control.request("truth", path="z_endstop.noise")["value"])
    sigma = record["estimates"]["sigma"]
    # The interval at 95 % with twice as far ends misses the true value in one of 10,000 runs
    assert sigma["low"] ** 2 / sigma["value"] <= truth <= sigma["high"] ** 2 / sigma["value"]
    assert record["estimates"]["pair_over_limit"]["value"] < 0.01
    assert "Bed_Level" in record["verdict"]["reasons"][0]
    client.gcode("QUERY_PROBE")
    assert printer.report()["probe"]["state"] == "attached", "as it was before"
    client.close()


def test_a_bad_endstop_fails(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("voron")
    printer.control.request("set", path="z_endstop.noise", value=0.06)
    ended = program.run(tmp_path, "accuracy", "--what", "endstop", "--printer", printer.klippy)
    assert ended.code == 1, ended.record["verdict"]
    assert "two homings differ" in ended.record["verdict"]["summary"]


@pytest.mark.skipif(KALICO, reason="Kalico's own z_calibration cannot be stopped within a command")
def test_the_endstops_touches_are_cancelled(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("voron")
    running = program.start(
        tmp_path, "accuracy", "--what", "endstop", "--samples", "200", "--printer", printer.klippy
    )
    running.until_samples(5)
    with slowly(printer):
        running.signal(signal.SIGINT)
        ended = running.end()
    assert ended.code == 5
    assert 5 <= len(ended.record["samples"]) < 30


@pytest.mark.core
@pytest.mark.skipif(not KALICO, reason="only Kalico has a z_calibration of its own")
def test_a_cancel_that_has_to_wait_says_so(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("voron")
    running = program.start(
        tmp_path, "accuracy", "--what", "endstop", "--samples", "30", "--printer", printer.klippy
    )
    running.until_samples(5)
    running.signal(signal.SIGINT)
    ended = running.end()
    assert ended.code == 5
    assert len(ended.record["samples"]) == 30
    notices = [event["text"] for event in ended.events if event["event"] == "notice"]
    assert any("cannot be stopped" in text for text in notices), notices


@pytest.mark.parametrize(
    ("profile", "words"),
    [("corexy", "the probe is the Z endstop"), ("delta", "endstops are at its towers")],
)
def test_without_an_endstop_to_touch_it_says_what_is_needed(profile: str, words: str, tmp_path: Path) -> None:
    ended = program.run(tmp_path, "--demo", profile, "--sim-speed", "20", "accuracy", "--what", "endstop")
    assert ended.code == 3
    assert words in ended.record["problem"]["cause"]
    assert "z_calibration" in ended.record["problem"]["remedy"]


@pytest.mark.parametrize("habit", [True, False], ids=["a habit", "a stray touch"])
def test_a_first_touch_apart_is_looked_at_again(printer_sim: Starter, tmp_path: Path, habit: bool) -> None:
    printer = printer_sim("voron", speed=20.0)
    for path, value in (("probe.first_sample_shift", 0.06), ("probe.outlier_rate", 0.0)):
        printer.control.request("set", path=path, value=value)
    started = program.start(tmp_path, "accuracy", "--printer", printer.klippy)
    started.until_samples(3)
    if not habit:
        printer.control.request("set", path="probe.first_sample_shift", value=0.0)
    ended = started.end()
    record = ended.record
    stages = [event["text"] for event in ended.events if event["event"] == "stage"]
    assert any("The first sample was off" in text for text in stages)
    assert [sample["round"] for sample in record["samples"]].count(2) == 4
    reasons = " ".join(record["verdict"]["reasons"])
    if habit:
        assert record["verdict"]["level"] == "fail", record["verdict"]
        assert "5 of 5 series began that way" in reasons
        shift = record["estimates"]["first_sample_shift"]
        # The interval at 95 % (t, 18 degrees of freedom), 2.5 times as wide, misses it in one of 18,000 runs
        assert abs(shift["value"] - 0.06) < 2.5 * (shift["high"] - shift["low"]) / 2
        assert shift["low"] < shift["value"] < shift["high"] < 0.07
    else:
        assert record["verdict"]["level"] == "warn", record["verdict"]
        assert "1 of 5 series began with an outlier" in reasons


def in_the_pause(printer: PrinterSim, tmp_path: Path) -> program.Program:
    """A run that waits before its second series."""
    for path, value in (("probe.first_sample_shift", 0.06), ("probe.outlier_rate", 0.0)):
        printer.control.request("set", path=path, value=value)
    started = program.start(tmp_path, "accuracy", "--printer", printer.klippy)
    started.until(lambda event: event.get("key") == "again")
    return started


def assert_left_safe(printer: PrinterSim) -> None:
    client = wait_for_state(printer, "ready")
    assert client.status("toolhead")["position"][2] >= 9.0
    assert client.status("zcal")["lease"] is None
    client.close()


def test_a_cancel_in_the_pause_before_a_second_series(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("voron", speed=4.0)
    started = in_the_pause(printer, tmp_path)
    started.signal(signal.SIGINT)
    ended = started.end()
    assert (ended.code, ended.record["outcome"]) == (5, "cancelled")
    assert len(ended.record["samples"]) == 5, "it starts again at once"
    assert all(sample["round"] == 1 for sample in ended.record["samples"])
    assert_left_safe(printer)


def test_a_print_that_begins_in_the_pause_is_left_alone(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("voron", speed=4.0)
    started = in_the_pause(printer, tmp_path)
    client = wait_for_state(printer, "ready")
    client.gcode("PAUSE")
    client.close()
    ended = started.end()
    assert ended.record["outcome"] == "error", ended.record
    assert "print" in ended.record["problem"]["what"].lower()
    assert all(sample["round"] == 1 for sample in ended.record["samples"])
    assert_left_safe(printer)
