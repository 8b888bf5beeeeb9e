"""The check `bias` on simulated machines, through the command line, as a user runs it."""

import json
import math
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import lease, program
from tests.e2e.noise import with_little_noise
from tests.e2e.simulated import PrinterSim, Starter, eventually, wait_for_state
from tests.extra.rig import PROFILES, write_config

SHORT = ("--touches", "3", "--rounds", "2", "--max-rounds", "2")


def options(printer: PrinterSim, *arguments: str) -> list[str]:
    person = ["--autopilot", "--control", str(printer.ready["control"])]
    return ["bias", "--printer", printer.klippy, *SHORT, *arguments, *person]


def places(estimates: dict[str, Any]) -> Iterator[tuple[float, float, dict[str, Any]]]:
    """Place and estimate of each z_offset of a record."""
    for name, estimate in estimates.items():
        general, _, place = name.partition("@")
        if general == "z_offset":
            x, y = (float(number) for number in place.split(","))
            yield x, y, estimate


def truth(printer: PrinterSim, x: float, y: float) -> float:
    """The z_offset that an unerring person finds at a bed point."""
    told = printer.control.request("truth")["truth"]
    probe, bed, person = told["probe"], told["bed"], told["person"]
    dx, dy = (x - bed["center_x"]) / 100.0, (y - bed["center_y"]) / 100.0
    bias = probe["bias_x"] * dx + probe["bias_y"] * dy
    bias += probe["bias_xx"] * dx * dx + probe["bias_yy"] * dy * dy + probe["bias_xy"] * dx * dy
    late = 5.0 * probe["trigger_delay"]
    return float(probe["z_offset"] + bias - late - person["paper"] - person["bias"])


def assert_left_well(printer: PrinterSim) -> None:
    client = wait_for_state(printer, "ready")
    assert client.status("manual_probe")["is_active"] is False
    assert client.status("zcal")["lease"] is None
    assert client.status("configfile")["save_config_pending"] is False
    client.close()
    report = printer.report()
    assert report["gap"] > 5.0
    assert report["events"] == []


def assert_true(printer: PrinterSim, record: dict[str, Any]) -> None:
    """The estimates are what is so."""
    found = list(places(record["estimates"]))
    true = [truth(printer, x, y) for x, y, _ in found]
    for (_, _, estimate), right in zip(found, true, strict=True):
        assert estimate["low"] <= right <= estimate["high"], (estimate, right)
        assert estimate["value"] == pytest.approx(right, abs=0.025)
    spread = record["estimates"]["spread"]
    assert spread["low"] <= max(true) - min(true) <= spread["high"]


def assert_second_test_begins_just_above(events: list[dict[str, Any]], record: dict[str, Any]) -> None:
    """Each place's test of the second round begins 0.3 mm above what the first gave, as far as the probe repeats."""
    first = {
        sample["place"]: sample["trigger_z"]
        for sample in record["samples"]
        if (sample["kind"], sample["round"]) == ("paper", 1)
    }
    begun = [event for event in events if event["event"] == "question" and event["kind"] == "paper"]
    starts = {
        event["place"]: event["height"] for event in begun if event["test"] == 2 and len(event["tried"]) == 1
    }
    assert starts.keys() == first.keys()
    for place, start in starts.items():
        assert -1e-6 <= start - (first[place] + 0.3) < 0.02


def test_a_biased_probe_fails_and_the_direction_is_named(printer_sim: Starter, tmp_path: Path) -> None:
    printer = with_little_noise(printer_sim("corexy", speed=40.0))
    printer.control.request("set", path="probe.bias_x", value=0.04)
    ended = program.run(tmp_path, *options(printer, "--points", "4"))
    record = ended.record
    assert ended.code == 1, ended.errors
    assert record["verdict"]["level"] == "fail"
    assert "right" in record["verdict"]["reasons"][0]
    assert any("towards the right" in text for text in record["advice"])
    assert any("axis_twist" in text for text in record["advice"])
    assert_true(printer, record)
    assert_left_well(printer)


TWIST = """
[axis_twist_compensation]
calibrate_start_x: 40
calibrate_end_x: 200
calibrate_y: 125
"""


def saved_twist(printer: PrinterSim, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """A run that saves what it proposes, and the run after the restart."""
    words = [*options(printer, "--points", "4"), "--save", "always"]
    first = program.run(folder, *words)
    assert first.record["verdict"]["level"] == "fail", first.errors
    changes = {change["option"]: change["state"] for change in first.record["changes"]}
    assert set(changes.values()) == {"saved"}, first.errors
    assert "z_compensations" in changes
    assert any("bias --rounds 2 --places" in text for text in first.record["advice"])
    return first.record, program.run(folder, *words).record


def test_a_saved_compensation_takes_the_bias_out_and_can_be_undone(
    printer_sim: Starter, tmp_path: Path
) -> None:
    folder = write_config(tmp_path / "config", PROFILES / "bedslinger", more=TWIST)
    printer = with_little_noise(printer_sim(str(folder), speed=40.0))
    printer.control.request("set", path="probe.bias_x", value=0.06)
    first, second = saved_twist(printer, tmp_path)
    before, after = (record["estimates"]["spread"]["value"] for record in (first, second))
    assert second["verdict"]["level"] != "fail", second["verdict"]
    assert after < before / 2
    assert not second["changes"]
    # The machine gets worse: what is saved is kept, and the rest is added to it
    printer.control.request("set", path="probe.bias_x", value=0.13)
    third, fourth = saved_twist(printer, tmp_path)
    assert "in addition" in " ".join(third["advice"])
    assert fourth["estimates"]["spread"]["value"] < third["estimates"]["spread"]["value"] / 2
    printed = subprocess.run(
        program.command("undo", "--headless", "--json", "--printer", printer.klippy, "--save", "always"),
        capture_output=True,
        text=True,
        env=program.environment(tmp_path),
        timeout=120,
    )
    assert printed.returncode == 0, printed.stderr
    undone = json.loads(printed.stdout.splitlines()[-1])
    assert {change["state"] for change in undone["changes"]} == {"saved"}
    client = wait_for_state(printer, "ready")
    now = client.status("configfile")["settings"]["axis_twist_compensation"]["z_compensations"]
    client.close()
    listed = next(c["new"] for c in first["changes"] if c["option"] == "z_compensations")
    assert now == pytest.approx([float(part) for part in listed.split(",")], abs=1e-6)
    assert_left_well(printer)


def test_a_series_along_x_gives_a_line_that_is_true(printer_sim: Starter, tmp_path: Path) -> None:
    folder = write_config(tmp_path / "config", PROFILES / "bedslinger", more=TWIST)
    printer = with_little_noise(printer_sim(str(folder), speed=40.0))
    bias = 0.06
    printer.control.request("set", path="probe.bias_x", value=bias)
    printer.control.request("set", path="probe.bias_xx", value=0.0)
    along = (60.0, 90.0, 120.0, 150.0, 180.0)
    places = ";".join(f"{x:g},110" for x in along)
    record = program.run(tmp_path, *options(printer, "--places", places)).record
    assert record["verdict"]["level"] == "fail", record["verdict"]
    assert any("grows by" in text and "towards the right" in text for text in record["advice"])
    changes = {change["option"]: change["new"] for change in record["changes"]}
    values = [float(part) for part in changes["z_compensations"].split(",")]
    # The list goes from end to end as staged with it, or else as configured
    left = float(changes.get("compensation_start_x", changes.get("calibrate_start_x", 40.0)))
    right = float(changes.get("compensation_end_x", changes.get("calibrate_end_x", 200.0)))
    # What is added is large where z_offset is small: at the left
    found = (values[0] - values[-1]) / (right - left)
    assert found == pytest.approx(bias / 100.0, rel=0.25)
    assert_left_well(printer)


def test_a_docked_probe_is_away_whenever_the_nozzle_goes_down(printer_sim: Starter, tmp_path: Path) -> None:
    printer = with_little_noise(printer_sim("voron", speed=40.0))
    ended = program.run(tmp_path, *options(printer, "--places", "40,50;210,200"))
    record = ended.record
    assert ended.code in (0, 7), ended.errors
    assert record["verdict"]["level"] in ("pass", "unknown")
    assert_true(printer, record)
    # A probe that is still on would be pressed 2.4 mm beyond its travel: the machine tells of that
    assert_left_well(printer)
    assert printer.report()["probe"]["state"] == "docked"
    stages = [event["key"] for event in ended.events if event["event"] == "stage"]
    one_round = ["attach", "touch", "touch", "detach", "paper", "paper"]
    assert stages == ["home", *one_round, *one_round]
    kinds = [(sample["kind"], sample["place"], sample["round"]) for sample in record["samples"]]
    assert kinds[6:8] == [("paper", "40,50", 1), ("paper", "210,200", 1)]
    assert kinds[14:16] == [("paper", "210,200", 2), ("paper", "40,50", 2)]
    assert [sample["n"] for sample in record["samples"]] == list(range(1, 17))
    assert_second_test_begins_just_above(ended.events, record)
    said = [event["text"] for event in ended.events if event["event"] == "notice"]
    assert "2 places" in said[0]
    assert "about" in said[0]
    progress = [event for event in ended.events if event["event"] == "progress"]
    assert progress[0]["seconds_left"] > progress[-1]["seconds_left"] == 0.0


def test_a_deltas_places_are_near_its_towers(printer_sim: Starter, tmp_path: Path) -> None:
    printer = with_little_noise(printer_sim("delta", speed=40.0))
    printer.control.request("set", path="probe.bias_a", value=0.15)
    ended = program.run(tmp_path, *options(printer, "--points", "3"))
    record = ended.record
    assert record["verdict"]["level"] == "fail", record["problem"]
    assert "highest near A" in record["verdict"]["reasons"][0]
    directions = [math.degrees(math.atan2(y, x)) % 360.0 for x, y, _ in places(record["estimates"])]
    assert directions == pytest.approx([210.0, 330.0, 90.0], abs=0.1)
    assert_left_well(printer)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_paper_test_ends_it_and_lifts(
    number: signal.Signals, printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim("corexy", speed=40.0)
    running = program.start(tmp_path, *options(printer, "--points", "2"))
    for _ in range(3):  # the nozzle is on its way down
        running.until(lambda event: event["event"] == "question" and event["kind"] == "paper")
    running.signal(number)
    ended = running.end()
    assert ended.code == 5, ended.errors
    assert ended.record["outcome"] == "cancelled"
    assert len(ended.record["samples"]) >= 6
    assert_left_well(printer)


def test_places_out_of_reach_are_refused_before_anything_moves(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    ended = program.run(tmp_path, *options(printer, "--places", "150,10;150,200"))
    assert ended.code == 3
    assert "cannot both reach the bed at 150,10" in ended.record["problem"]["what"]
    client = wait_for_state(printer, "ready")
    assert client.status("toolhead")["homed_axes"] == ""
    client.close()


def test_without_a_person_nothing_moves(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    ended = program.run(tmp_path, "bias", "--printer", printer.klippy)
    assert ended.code == 4
    assert ended.record["outcome"] == "refused"
    client = wait_for_state(printer, "ready")
    assert client.status("toolhead")["homed_axes"] == ""
    client.close()


def test_a_killed_run_is_continued_after_its_finished_round(printer_sim: Starter, tmp_path: Path) -> None:
    printer = with_little_noise(printer_sim("corexy", speed=40.0))
    running = program.start(tmp_path, *options(printer, "--points", "2"))
    running.until(lambda event: event["event"] == "sample" and event["round"] == 2)
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait(10)
    for stream in (running.process.stdout, running.process.stderr):
        assert stream is not None
        stream.close()
    client = printer.connect()
    lease.run_out(client, running.process.pid)
    eventually(lambda: client.status("zcal")["lease"] is None)
    client.close()
    first = [event for event in running.events if event["event"] == "sample" and event["round"] == 1]
    printed = subprocess.run(
        program.command("resume", "--headless", "--json", *options(printer)[1:3], *options(printer)[-3:]),
        capture_output=True,
        text=True,
        env=program.environment(tmp_path),
        timeout=120,
    )
    assert printed.returncode in (0, 7), printed.stderr
    record = json.loads(printed.stdout.splitlines()[-1])
    assert record["outcome"] == "finished"
    kept = [sample for sample in record["samples"] if sample["round"] == 1]
    assert [sample["trigger_z"] for sample in kept] == [sample["trigger_z"] for sample in first]
    assert len(record["samples"]) == 2 * len(first)
    assert "reusing 1 finished round(s)" in printed.stdout
    assert_true(printer, record)
    assert_left_well(printer)
