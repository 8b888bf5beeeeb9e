"""The check `accuracy` on every simulated machine, through the command line, as a user runs it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import klippers, program
from tests.e2e.simulated import Starter
from zcal_tui.profile_names import PROFILES
from zcal_tui.results.store import read_run

BY_PROBE = ("bedslinger", "cartographer", "corexy", "loadcell", "toolboard", "toolchanger")
"""Profiles whose probe homes Z."""


@pytest.mark.core
@pytest.mark.parametrize("profile", PROFILES)
def test_the_demo_measures_every_profile(profile: str, tmp_path: Path) -> None:
    if profile == "cartographer":
        klippers.skip_without_cartographer()
    if profile == "loadcell":
        klippers.skip_without_load_cell_probe()
    ended = program.run(tmp_path, "--demo", profile, "--sim-speed", "40", "accuracy", "--samples", "20")
    record = ended.record
    assert ended.code == 0, ended.errors
    assert record["outcome"] == "finished"
    assert record["verdict"]["level"] in ("pass", "warn")
    places = [sample["place"] for sample in record["samples"]]
    assert places.count("") == 20
    assert [sample["n"] for sample in ended.samples] == list(range(1, len(places) + 1))
    by_probe = profile in BY_PROBE
    assert (places.count("homing") >= 15) is by_probe
    assert ("homing_sigma" in record["estimates"]) is by_probe
    sigma = record["estimates"]["sigma"]
    assert 0.0 < sigma["value"] < 0.02
    assert sigma["high"] > sigma["value"]
    (path,) = tmp_path.rglob("*.jsonl")
    assert read_run(path).complete
    assert record["printer"]["name"] == profile


def test_plain_text_goes_to_people(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    done = subprocess.run(
        program.command("--headless", "accuracy", "--samples", "6", "--printer", printer.klippy),
        capture_output=True,
        text=True,
        env=program.environment(tmp_path),
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "Homing all axes" in done.stderr
    assert "standard deviation σ" in done.stdout
    assert "Klipper docs, Probe_Calibrate, Repeatability check" in done.stdout


def test_it_stops_by_itself_when_the_answer_is_clear(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    record = program.run(tmp_path, "accuracy", "--printer", printer.klippy).record
    assert record["verdict"]["level"] == "pass"
    assert 5 <= len(record["samples"]) < 50


def test_a_bad_probe_fails_with_the_reason_and_exit_code_1(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    printer.control.request("set", path="probe.noise", value=0.02)
    ended = program.run(tmp_path, "accuracy", "--printer", printer.klippy)
    assert ended.code == 1, ended.record["verdict"]
    assert ended.record["verdict"]["level"] == "fail"
    assert "25 µm" in ended.record["verdict"]["reasons"][0]
    assert ended.record["advice"]


def test_the_probe_is_fetched_and_put_back(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("voron")
    ended = program.run(tmp_path, "accuracy", "--samples", "4", "--printer", printer.klippy)
    assert ended.code in (0, 7)
    stages = [event["key"] for event in ended.events if event["event"] == "stage"]
    assert stages == ["home", "travel", "attach", "touch", "detach"]
    assert printer.report()["probe"]["state"] == "docked"


def test_a_probe_that_is_not_on_is_not_driven_into_the_bed(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("voron")
    ended = program.run(tmp_path, "accuracy", "--attach", "none", "--printer", printer.klippy)
    assert ended.code == 3
    assert "triggered" in ended.record["problem"]["what"]
    assert ended.record["samples"] == []
    assert printer.report()["events"] == []


def test_through_moonraker_it_is_the_same(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy", moonraker=True)
    assert printer.moonraker is not None
    ended = program.run(tmp_path, "accuracy", "--samples", "6", "--printer", printer.moonraker)
    assert ended.record["outcome"] == "finished"
    assert len([sample for sample in ended.samples if sample["place"] == ""]) == 6


def test_each_line_of_json_is_an_object_with_its_kind(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    ended = program.run(tmp_path, "accuracy", "--samples", "4", "--printer", printer.klippy)
    kinds = [event["event"] for event in ended.events]
    assert kinds[0] == "started"
    assert kinds[-1] == "record"
    assert {"stage", "progress", "sample", "estimate", "verdict"} <= set(kinds)
    kept: list[dict[str, Any]] = [
        json.loads(line) for line in next(iter(tmp_path.rglob("*.jsonl"))).read_text().splitlines()
    ]
    assert kept == [event for event in ended.events if event["event"] != "progress"]
