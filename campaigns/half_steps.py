"""Where half a step counts: a trigger is seen at the next step down, half a step late on average.

In process, with the program's own estimators. Each machine has its own place against the steps; the probe, the endstop
and the motor share it. Errors are in steps.
"""

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from campaigns.options import CampaignOptions
from campaigns.report import CampaignReport, Criterion
from zcal_tui.checks.auto_z.analysis import Repeats
from zcal_tui.checks.paper import PaperHeight
from zcal_tui.checks.z_offset.analysis import probe_estimates
from zcal_tui.printer.z_calibration import AutomaticOffset, Height

NAME = "half-steps"
RUNS = 1500
STEP, NOISE = 0.0025, 0.0035
TRIGGER, ENDSTOP, SWITCH, SWITCH_OFFSET = 1.734, 0.52, 6.45, 0.5
"""mm: heights of the nozzle above the bed at the probe's trigger, at the endstop's by the nozzle and by the body of the
probe's switch; and what that body is above the switch's own trigger."""
TOUCHES, PAPERS = 5, 2
MOST = 0.1
"""Steps that a mean error may differ from 0."""


class HalfStepMachine:
    """A printer whose Z moves in steps; heights are of the nozzle above the bed, mm."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._place = float(rng.random()) * STEP
        self.frame = 0.0
        """What Klipper's Z is above the true height."""

    def seen(self, height: float) -> float:
        """The height at which a trigger is noticed on the way down."""
        return self._on_step(height + NOISE * float(self._rng.standard_normal()), math.floor)

    def home(self, height: float, position: float) -> None:
        """Home by a trigger at this height, where Klipper then counts `position`."""
        self.frame = position - self.seen(height)

    def read(self, height: float) -> float:
        """Klipper's Z at a trigger."""
        return self.seen(height) + self.frame

    def paper(self) -> float:
        """Klipper's Z at contact: a position it was told to go to, which no trigger decides."""
        return self._on_step(0.0, round) + self.frame

    def _on_step(self, height: float, rounded: Callable[[float], int]) -> float:
        return rounded((height - self._place) / STEP) * STEP + self._place


@dataclass(frozen=True, slots=True)
class HalfStepCase:
    """A quantity, whether the program corrects it by half a step, and one machine's error (mm)."""

    quantity: str
    corrected: bool
    claimed: bool
    """Whether the program does it this way."""
    error: Callable[[np.random.Generator], float]


def run(options: CampaignOptions) -> CampaignReport:
    """Simulate every case; met where each that the program uses has no mean error."""
    runs = RUNS if options.runs is None else options.runs
    rows, off = [], []
    for number, case in enumerate(CASES):
        rng = np.random.default_rng([options.seed, number])
        errors = [case.error(rng) / STEP for _ in range(runs)]
        mean, error = statistics.fmean(errors), 2.0 * statistics.stdev(errors) / math.sqrt(runs)
        rows.append(
            (
                case.quantity,
                "yes" if case.corrected else "no",
                "yes" if case.claimed else "no",
                f"{mean:+.2f} ± {error:.2f} steps",
            )
        )
        if case.claimed and abs(mean) > MOST + error:
            off.append(case.quantity)
    return CampaignReport(
        NAME,
        f"{runs} machines a row, step {1000 * STEP:g} µm, noise {1000 * NOISE:g} µm; seed {options.seed}.",
        ("quantity", "corrected by half a step", "so in the program", "mean error"),
        rows,
        (
            Criterion(
                f"no quantity is off by more than {MOST:g} steps on average"
                + (f" ({'; '.join(off)})" if off else ""),
                not off,
            ),
        ),
    )


def _measured(machine: HalfStepMachine, *, homes: bool) -> float:
    """z_offset as the program finds it."""
    heights = [machine.read(TRIGGER) for _ in range(TOUCHES)]
    papers = [PaperHeight(machine.paper(), 0.0) for _ in range(PAPERS)]
    value = probe_estimates(heights, papers, STEP, homes=homes)["z_offset"].value
    assert value is not None
    return value


def _first_layer_by_probe(corrected: bool) -> Callable[[np.random.Generator], float]:
    """How high the nozzle is at Z 0 once the measured z_offset is saved and Z homed again by the probe."""

    def error(rng: np.random.Generator) -> float:
        machine = HalfStepMachine(rng)
        machine.home(TRIGGER, 1.0)
        machine.home(TRIGGER, _measured(machine, homes=not corrected))
        return -machine.frame

    return error


def _distance_by_endstop(corrected: bool) -> Callable[[np.random.Generator], float]:
    """z_offset less the true distance, where an endstop homes Z."""

    def error(rng: np.random.Generator) -> float:
        machine = HalfStepMachine(rng)
        machine.home(ENDSTOP, ENDSTOP)
        return _measured(machine, homes=not corrected) - TRIGGER

    return error


def _position_endstop(rng: np.random.Generator) -> float:
    """How high the nozzle is at Z 0 once position_endstop was corrected by a paper test and Z homed again."""
    machine = HalfStepMachine(rng)
    machine.home(ENDSTOP, ENDSTOP)
    found = ENDSTOP - machine.paper()
    machine.home(ENDSTOP, found)
    return -machine.frame


def _z_zero(rng: np.random.Generator) -> float:
    """`first-layer`: what it finds of an error of Z 0, less that error, in the same homing."""
    machine = HalfStepMachine(rng)
    machine.home(TRIGGER, TRIGGER + 0.03)
    return machine.paper() - machine.frame


def _automatic(corrected: bool) -> Callable[[np.random.Generator], float]:
    """The automatic offset less the true contact of the nozzle, as Klipper counts it."""

    def error(rng: np.random.Generator) -> float:
        machine = HalfStepMachine(rng)
        machine.home(ENDSTOP, ENDSTOP)
        repeats = Repeats(STEP)
        for _ in range(3):
            nozzle, switch, bed = (_height(machine, at) for at in (ENDSTOP, SWITCH, TRIGGER))
            used = SWITCH - ENDSTOP - TRIGGER
            offset = bed.value - (switch.value - nozzle.value - used)
            repeats.found.append(AutomaticOffset(offset, used, nozzle, switch, bed))
        mean, contact = repeats.mean("offset"), repeats.contact()
        assert mean is not None and contact is not None
        return (contact.value if corrected else mean.mean.value) - machine.frame

    return error


def _height(machine: HalfStepMachine, at: float) -> Height:
    samples = tuple(machine.read(at) for _ in range(3))
    return Height(statistics.fmean(samples), samples)


CASES: tuple[HalfStepCase, ...] = (
    *(
        HalfStepCase(quantity, corrected, corrected is used, make(corrected))
        for quantity, make, used in (
            ("z-offset, the probe homes Z: the nozzle at Z 0", _first_layer_by_probe, False),
            ("z-offset, an endstop homes Z: z_offset", _distance_by_endstop, True),
            ("auto-z: the nozzle's contact", _automatic, True),
        )
        for corrected in (False, True)
    ),
    HalfStepCase("z-offset --what endstop: the nozzle at Z 0", False, True, _position_endstop),
    HalfStepCase("first-layer: the error of Z 0", False, True, _z_zero),
)
