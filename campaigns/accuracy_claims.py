"""How many samples `accuracy` takes, how often it is wrong, and what it does where the first sample is off."""

from collections.abc import Callable
from typing import Literal

import numpy as np

from campaigns.simulated_claim import Claim, Tried
from zcal_tui.checks.accuracy import AccuracyParameters
from zcal_tui.checks.accuracy.analysis import AccuracyReport
from zcal_tui.model.events import VerdictReached
from zcal_tui.model.record import Level, Sample
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.stats.verdicts.stopping import MOST_RESTARTED, START_SAMPLES, StoppingPlan

STEP = 0.0025
PROBE = ProbeConfig(section="probe", kind="probe")
SHARE_OF_RUNS = 0.25
WRONG = 0.01
UNDECIDED = 0.10

Series = Callable[[bool], float]
"""The next height (mm); True where a series begins."""
Machine = Callable[[np.random.Generator], Series]
"""Draws a machine."""
Counted = Callable[[Level, int], bool]
"""Whether a verdict after so many samples is counted."""


def independent(draw: Callable[[np.random.Generator], float]) -> Machine:
    """Samples that are independent of each other."""
    return lambda rng: lambda _first: draw(rng)


def autocorrelated(sigma: float, correlation: float) -> Machine:
    """Samples of which each follows the one before."""

    def drawn(rng: np.random.Generator) -> Series:
        last = float(rng.normal(0.0, sigma))

        def height(_first: bool) -> float:
            nonlocal last
            last = correlation * last + float(rng.normal(0.0, sigma * (1.0 - correlation**2) ** 0.5))
            return last

        return height

    return drawn


def drifting(sigma: float, each: float) -> Machine:
    """Samples that drift by `each` mm."""

    def drawn(rng: np.random.Generator) -> Series:
        at = 0.0

        def height(_first: bool) -> float:
            nonlocal at
            at += each
            return at + float(rng.normal(0.0, sigma))

        return height

    return drawn


def first_off(sigma: float, size: float, when: Literal["once", "always"]) -> Machine:
    """The first sample of the first series, or of every one, is off."""

    def drawn(rng: np.random.Generator) -> Series:
        begun = False

        def height(first: bool) -> float:
            nonlocal begun
            off = first and (when == "always" or not begun)
            begun = True
            return (size if off else 0.0) + float(rng.normal(0.0, sigma))

        return height

    return drawn


def rarely_off(sigma: float, rate: float, size: float) -> Machine:
    """Samples of which a share is off by `size` (mm), up or down: the simulated printers' rare outliers."""

    def draw(rng: np.random.Generator) -> float:
        off = size * float(rng.choice((-1.0, 1.0))) * float(rng.random() < rate)
        return float(rng.normal(0.0, sigma)) + off

    return independent(draw)


def simulate(machine: Machine, rng: np.random.Generator) -> tuple[Level, int]:
    """The verdict, and how many samples it took."""
    offset, series = rng.random(), machine(rng)
    report = AccuracyReport(AccuracyParameters(), PROBE, STEP)

    def sample(first: bool) -> Sample:
        height = float(np.floor(series(first) / STEP + offset)) * STEP
        return Sample(report.taken + 1, float(report.taken), 0.0, 0.0, height)

    def touch() -> None:
        while report.wanted() > 0:
            report.add(sample(report.taken == 0))

    touch()
    if report.first_sample_decides:
        for _ in range(StoppingPlan.starts_after(report.counted)):
            report.add_start([sample(n == 0) for n in range(START_SAMPLES)])
        touch()
    (verdict,) = (event.verdict for event in report.conclusion() if isinstance(event, VerdictReached))
    return verdict.level, report.taken


def _claim(
    condition: str, machine: Machine, counted: str, hit: Counted, nominal: float | None, least: bool = False
) -> Claim:
    def tried(rng: np.random.Generator) -> Tried:
        level, samples = simulate(machine, rng)
        return Tried(hit(level, samples), level is Level.UNKNOWN, float(samples))

    return Claim(
        "accuracy, as it runs",
        condition,
        counted,
        nominal,
        tried,
        least=least,
        cost_unit="samples",
        share_of_runs=SHARE_OF_RUNS,
    )


def _not_passed(level: Level, _samples: int) -> bool:
    return level is not Level.PASS


def _passed(level: Level, _samples: int) -> bool:
    return level is Level.PASS


def _failed(level: Level, _samples: int) -> bool:
    return level is Level.FAIL


def _unknown(level: Level, _samples: int) -> bool:
    return level is Level.UNKNOWN


def _long(_level: Level, samples: int) -> bool:
    return samples > MOST_RESTARTED


CLAIMS: tuple[Claim, ...] = (
    *(
        _claim(condition, machine, "anything but pass", _not_passed, WRONG)
        for condition, machine in (
            ("normal, σ 1 µm", independent(lambda rng: float(rng.normal(0.0, 0.001)))),
            ("normal, σ 3 µm", independent(lambda rng: float(rng.normal(0.0, 0.003)))),
        )
    ),
    *(
        _claim(condition, machine, "fail", _failed, WRONG)
        for condition, machine in (
            ("t3, scale 1.5 µm", independent(lambda rng: 0.0015 * float(rng.standard_t(3)))),
            ("Laplace, σ 3 µm", independent(lambda rng: float(rng.laplace(0.0, 0.003 / 2**0.5)))),
            ("AR 0.3, σ 3 µm", autocorrelated(0.003, 0.3)),
            ("AR 0.6, σ 3 µm", autocorrelated(0.003, 0.6)),
            ("drift of 0.5 µm a sample, σ 2 µm", drifting(0.002, 0.0005)),
            ("σ 5.85 µm: fit, at the border", independent(lambda rng: float(rng.normal(0.0, 0.00585)))),
        )
    ),
    *(
        _claim(f"σ {1000 * sigma:g} µm, {100 * rate:g} % outliers of ± {1000 * size:.0f} µm", machine, *count)
        for sigma, rate, size in ((0.0022, 0.005, 0.030), (0.0035, 0.01, 0.040))
        for machine in (rarely_off(sigma, rate, size),)
        for count in (("fail", _failed, WRONG), ("anything but pass", _not_passed, None))
    ),
    _claim(
        "σ 2 µm, 5 % outliers of 50 µm",
        independent(lambda rng: float(rng.normal(0.0, 0.002)) + 0.05 * float(rng.random() < 0.05)),
        "fail",
        _failed,
        None,
    ),
    *(
        _claim(condition, independent(draw), "pass", _passed, nominal)
        for condition, draw, nominal in (
            ("σ 8.7 µm: unfit, at the border", lambda rng: float(rng.normal(0.0, 0.0087)), 2 * WRONG),
            ("σ 10 µm", lambda rng: float(rng.normal(0.0, 0.010)), WRONG),
        )
    ),
    *(
        _claim(f"first sample off by {1000 * size:.0f} µm {when}, σ {1000 * sigma:.0f} µm", machine, *count)
        for size in (0.030, 0.050, 0.200)
        for sigma in (0.001, 0.003)
        for when in ("once", "always")
        for machine in (first_off(sigma, size, "once" if when == "once" else "always"),)
        for count in (
            ("unknown", _unknown, UNDECIDED),
            (f"more than {MOST_RESTARTED} samples", _long, WRONG),
            # One that recurs spoils each point of a mesh; a single one is no probe that is unfit
            ("pass", _passed, WRONG) if when == "always" else ("fail", _failed, WRONG),
        )
    ),
)
