"""The coverage of a scan's 95 % interval for Z backlash, on a simulated eddy current sensor.

The interval allows for motors that are off by half a step under load, which simulated ones are not: the part that
comes from the scatter must have that coverage by itself.
"""

import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from campaigns import eddy
from campaigns.errors import CampaignError
from campaigns.options import CampaignOptions
from campaigns.printer import CampaignPrinter, printer
from campaigns.report import CampaignReport, Criterion
from klippy_extra.zcal.quantiles import two_sided_t
from zcal_tui.sim.host import klippy_source
from zcal_tui.sim.host.errors import SimulatorError

NAME = "scan-backlash"
RUNS = 200
TRUTHS = (0.0, 0.010, 0.025, 0.060, 0.150)
"""Backlash, in mm."""
LEAST_INSIDE = 0.91
"""Of all runs: three standard deviations below the result of 200 runs of a true 95 % interval."""
MOST_ALARMS = 0.05
"""Of the runs without backlash."""
TRUTH = "[drive.stepper_z]\nbacklash = 0.0\n[eddy]\nnoise = 150.0\n"


@dataclass(frozen=True, slots=True)
class ScanBacklashRun:
    """One estimate, in mm; `low` is 0 where no backlash was detected."""

    truth: float
    value: float
    low: float
    high: float
    scatter: float
    """Half of the 95 % interval from the scatter alone, without the motors' half step."""
    detected: bool

    @property
    def inside(self) -> bool:
        """Whether the reported interval covers the truth."""
        return self.low <= self.truth <= self.high

    @property
    def inside_scatter(self) -> bool:
        """Whether the part from the scatter alone covers it."""
        return abs(self.value - self.truth) <= self.scatter


def run(options: CampaignOptions) -> CampaignReport:
    """Measure and count. Raises CampaignError."""
    source = options.source()
    try:
        root = klippy_source.prepare(source, options.report).root
    except SimulatorError as error:
        raise CampaignError(str(error)) from error
    reason = eddy.why_not(root)
    if reason is not None:
        raise CampaignError(
            f"It needs a Klipper that scans with an eddy current sensor, and {reason}. "
            "Name a checkout of Klipper v0.13 or later: KLIPPER_DIR=… or --klipper DIR."
        )
    count = RUNS if options.runs is None else options.runs
    done: list[ScanBacklashRun] = []
    with tempfile.TemporaryDirectory() as folder:
        eddy.write_profile(Path(folder), root, truth=TRUTH, more="[zcal]")
        for number, truth in enumerate(TRUTHS):
            share = len(range(number, count, len(TRUTHS)))
            if not share:
                continue
            seed = options.seed + number
            with printer(folder, source=source, seed=seed) as machine:
                draws = random.Random(seed)
                machine.set_truth("drive.stepper_z.backlash", truth)
                for _ in range(share):
                    done.append(_estimate(machine, truth, draws))
                    options.progress(f"{NAME}: {len(done)} of {count}")
    return _report(done, options.seed)


def _estimate(machine: CampaignPrinter, truth: float, draws: random.Random) -> ScanBacklashRun:
    """Home again, so that the motors' steps are elsewhere each time, and measure at a random place."""
    x, y = draws.uniform(20.0, 180.0), draws.uniform(20.0, 180.0)
    machine.gcode(f"G28\nG90\nG1 Z{draws.uniform(5.0, 15.0):.4f} F600\nG1 X{x:.3f} Y{y:.3f} F6000")
    machine.gcode("ZCAL_ESTIMATE_BACKLASH METHOD=scan")
    result = machine.status("zcal")["result"]
    scatter = two_sided_t(result["degrees_of_freedom"]) * result["standard_error"]
    low = 0.0 if result["low"] is None else result["low"]
    return ScanBacklashRun(truth, result["value"], low, result["high"], scatter, result["detected"])


def _report(done: list[ScanBacklashRun], seed: int) -> CampaignReport:
    groups = {truth: [found for found in done if found.truth == truth] for truth in TRUTHS}
    inside = sum(found.inside for found in done)
    by_scatter = sum(found.inside_scatter for found in done)
    least = round(LEAST_INSIDE * len(done))
    still = groups[0.0]
    alarms = sum(found.detected for found in still)
    return CampaignReport(
        NAME,
        f"ZCAL_ESTIMATE_BACKLASH METHOD=scan, 10 pairs, at random places, homed each time; seed {seed}.",
        (
            "backlash",
            "runs",
            "inside",
            "inside by scatter alone",
            "detected",
            "mean error",
            "mean half width",
        ),
        [*(_row(f"{1000 * truth:g} µm", found) for truth, found in groups.items()), _row("all", done)],
        (
            Criterion(
                f"at least {least} of {len(done)} intervals cover the truth ({inside})", inside >= least
            ),
            Criterion(
                f"at least {least} cover it by their scatter alone ({by_scatter})", by_scatter >= least
            ),
            Criterion(
                f"at most {MOST_ALARMS:.0%} false alarms without backlash ({alarms} of {len(still)})",
                alarms <= MOST_ALARMS * len(still),
            ),
        ),
    )


def _row(label: str, found: list[ScanBacklashRun]) -> tuple[str, ...]:
    if not found:
        return (label, "0", *["–"] * 5)
    error = mean(one.value - one.truth for one in found)
    # The lower end is cut off where nothing was detected.
    width = mean(one.high - one.value for one in found)
    return (
        label,
        str(len(found)),
        str(sum(one.inside for one in found)),
        str(sum(one.inside_scatter for one in found)),
        str(sum(one.detected for one in found)),
        f"{1000 * error:+.2f} µm",
        f"{1000 * width:.2f} µm",
    )
