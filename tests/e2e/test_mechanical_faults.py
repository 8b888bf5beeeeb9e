"""Faults that three samples show by their size: the check stops at once and says which, with the [zcal] module and
without it."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e import program
from tests.e2e.configured import profile_without
from tests.e2e.simulated import PrinterSim, Starter, wait_for_state

SHOW_IT = 3


def started(start: Starter, profile: str, folder: Path, *, with_zcal: bool) -> PrinterSim:
    return start(profile if with_zcal else str(profile_without(folder, profile, "zcal")), speed=40.0)


def all_drives(printer: PrinterSim, share: float) -> None:
    """Lose this share of the way up at each Z drive."""
    client = wait_for_state(printer, "ready")
    sections = client.status("configfile")["settings"]
    client.close()
    for name in sections:
        if name.startswith("stepper_z"):
            printer.control.request("set", path=f"drive.{name}.lost_up", value=share)


def measured(printer: PrinterSim, folder: Path, *arguments: str) -> tuple[dict[str, Any], list[float]]:
    """The record of Repeatability, and its heights."""
    ended = program.run(folder, "accuracy", "--printer", printer.klippy, *arguments)
    assert ended.code == 1, (ended.record["verdict"], ended.record["problem"])
    assert ended.record["verdict"]["level"] == "fail"
    return ended.record, [sample["trigger_z"] for sample in ended.record["samples"]]


def said(record: dict[str, Any]) -> str:
    verdict = record["verdict"]
    return " ".join((verdict["summary"], *verdict["reasons"], *record["advice"]))


@pytest.mark.parametrize("with_zcal", [True, False], ids=["zcal", "stock"])
@pytest.mark.parametrize("share", [0.04, 0.3])
def test_tenths_are_lost_steps_or_a_coupler(
    share: float, with_zcal: bool, printer_sim: Starter, tmp_path: Path
) -> None:
    printer = started(printer_sim, "voron", tmp_path, with_zcal=with_zcal)
    all_drives(printer, share)
    record, heights = measured(printer, tmp_path)
    assert len(heights) == SHOW_IT
    assert heights[1] - heights[0] > 0.05
    text = said(record)
    assert "Samples 1, 2, 3 move steadily by" in text
    assert "Z loses steps or a coupler slips" in text
    assert "couplers and grub screws" in text
    assert "first layer" in record["verdict"]["reasons"][-1]
    for never in ("warm", "gnore", "air"):
        assert never not in text
    report = printer.report()
    assert report["events"] == []
    assert report["probe"]["state"] == "docked"


@pytest.mark.parametrize("with_zcal", [True, False], ids=["zcal", "stock"])
@pytest.mark.parametrize("profile", ["delta", "corexy", "bedslinger"])
def test_the_retract_is_a_trigger_in_the_air(
    profile: str, with_zcal: bool, printer_sim: Starter, tmp_path: Path
) -> None:
    printer = started(printer_sim, profile, tmp_path, with_zcal=with_zcal)
    client = wait_for_state(printer, "ready")
    client.gcode("G28")
    client.close()
    printer.control.request("set", path="probe.triggers_in_air", value=0.02)
    record, heights = measured(printer, tmp_path)
    assert len(heights) == SHOW_IT
    text = said(record)
    assert "about one retract higher than the one before: the probe triggers in the air" in text
    assert "wiring" in text
    assert ("The probe homes Z" in text) is (profile != "delta")
    assert "first layer" in record["verdict"]["reasons"][-1]
    for never in ("drift", "warm", "gnore", "coupler"):
        assert never not in text
    assert printer.report()["events"] == []


@pytest.mark.parametrize("with_zcal", [True, False], ids=["zcal", "stock"])
def test_a_probe_without_a_fault_takes_its_samples(
    with_zcal: bool, printer_sim: Starter, tmp_path: Path
) -> None:
    printer = started(printer_sim, "voron", tmp_path, with_zcal=with_zcal)
    ended = program.run(tmp_path, "accuracy", "--printer", printer.klippy)
    assert ended.code == 0
    assert len(ended.record["samples"]) >= 5
    assert "loses steps" not in said(ended.record)
