"""A whole calibration of one random printer by the program itself, and its records.

It has two passes on one running printer: all checks up to the automatic Z offset, then that and the first layer. The
second pass saves nothing, so its heights are still valid when the printer is asked where its bed is.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaigns.errors import CampaignError
from campaigns.near_limits import drawn_machine
from campaigns.printer import ROOT, CampaignPrinter, printer
from campaigns.random_truths import as_toml
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.model.record import READY_CHECK
from zcal_tui.sim.host.klippy_source import Source

SPEED = 40.0
LONGEST = 2400.0
"""Seconds of real time for one pass."""
LAST = ("auto-z", "first-layer")
"""The checks whose heights count from a homing that must not be lost before the end."""
TRUTH, RECORDS, CONTACT = "truth.toml", "records.jsonl", "contact.json"


@dataclass(frozen=True, slots=True)
class CalibrationTruth:
    """The records of all checks, in their order, and where the bed was at the end."""

    profile: str
    seed: int
    folder: Path
    records: tuple[dict[str, Any], ...]
    contact: float | None
    """Toolhead Z (mm) at which the nozzle touches the bed where the first layer was checked, in that homing; None where
    that was not done, or Z was homed again."""


def folder_of(base: Path, profile: str, seed: int) -> Path:
    """Where a run's files are."""
    return base / f"{profile}-{seed}"


def load(base: Path, profile: str, seed: int) -> CalibrationTruth | None:
    """A run that was kept; None where there is none, or it did not finish."""
    folder = folder_of(base, profile, seed)
    if not (folder / CONTACT).is_file():
        return None
    lines = (folder / RECORDS).read_text(encoding="utf-8").splitlines()
    contact = json.loads((folder / CONTACT).read_text(encoding="utf-8"))
    return CalibrationTruth(profile, seed, folder, tuple(json.loads(line) for line in lines), contact)


def calibrate(base: Path, profile: str, seed: int, source: Source, only: Sequence[str]) -> CalibrationTruth:
    """Draw a truth and calibrate its printer; `only` names the checks to do, none all of them.

    Leaves truth.toml, records.jsonl, contact.json and the messages of the program below `base`. Raises CampaignError.
    """
    folder = folder_of(base, profile, seed)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    truth = folder / TRUTH
    document = drawn_machine(profile, seed)
    truth.write_text(as_toml(document), encoding="utf-8")
    seed_of_draws = int(document["simulation"]["seed"])
    options = ("--truth", str(truth))
    with printer(profile, source=source, seed=seed_of_draws, speed=SPEED, options=options) as machine:
        records: list[dict[str, Any]] = []
        wanted = [name for name in CHECKS if not only or name in only or name == READY_CHECK]
        for number, checks in enumerate(passes(wanted)):
            records += _run(machine, folder, number, checks)
        machine.reconnect()
        contact = _contact(machine, records)
    (folder / RECORDS).write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    (folder / CONTACT).write_text(json.dumps(contact), encoding="utf-8")
    found = load(base, profile, seed)
    assert found is not None
    return found


def passes(wanted: Sequence[str]) -> list[list[str]]:
    """The checks of each pass."""
    first = [name for name in wanted if name not in LAST]
    last = [name for name in wanted if name in LAST]
    return [first, [READY_CHECK, *last]] if last else [first]


def clean_environment(folder: Path) -> dict[str, str]:
    """The environment in which the program keeps its data below `folder` and reads no configuration of the user's."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ZCAL_")}
    return environment | {"ZCAL_DATA": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "no-config")}


def _run(machine: CampaignPrinter, folder: Path, number: int, checks: Sequence[str]) -> list[dict[str, Any]]:
    """The records that `zcal-tui all --only …` leaves, the one over all of them last."""
    command = [sys.executable, "-m", "zcal_tui", "--headless", "--json", "--autopilot"]
    command += ["--printer", machine.klippy, "--control", machine.control]
    if number:
        command += ["--save", "never"]
    command += ["all", "--only", ",".join(checks)]
    events = folder / f"events-{number}.jsonl"
    messages = folder / f"messages-{number}.txt"
    with events.open("wb") as out, messages.open("wb") as err:
        try:
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=clean_environment(folder),
                cwd=ROOT,
                timeout=LONGEST,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CampaignError(f"The calibration did not end within {LONGEST:g} s: {folder}.") from None
    lines = (json.loads(line) for line in events.read_text(encoding="utf-8").splitlines())
    records = [event for event in lines if event["event"] == "record"]
    if not records or records[-1]["check"] != "all":
        tail = messages.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
        raise CampaignError(f"The calibration left no record: {' '.join(tail)} ({folder})")
    if records[-1]["outcome"] != "finished":
        problem = records[-1]["problem"] or {}
        raise CampaignError(
            f"The calibration was interrupted: {problem.get('what', '')} {problem.get('cause', '')} ({folder})"
        )
    return records


def _contact(machine: CampaignPrinter, records: Sequence[dict[str, Any]]) -> float | None:
    """Where the bed is in the printer's own Z, below the place of the first layer's last paper test."""
    felt = [
        sample
        for record in records
        if record["check"] == "first-layer"
        for sample in record["samples"]
        if sample["kind"] == "paper"
    ]
    if not felt or machine.status("toolhead")["homed_axes"] != "xyz":
        return None
    x, y = felt[-1]["x"], felt[-1]["y"]
    # The last move is downwards, so the height contains no lost motion
    machine.gcode(f"G91\nG1 Z8 F600\nG90\nG1 X{x:.3f} Y{y:.3f} F6000\nG91\nG1 Z-5 F600\nG90")
    gap = machine.report()["gap"]
    return None if gap is None else float(machine.status("toolhead")["position"][2]) - float(gap)
