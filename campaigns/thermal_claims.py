"""How often `temperature` is right where parts of the machine follow the heaters within minutes or within hours."""

from collections.abc import Callable

import numpy as np

from campaigns.heated_machine import COLD, HOT, HeatedMachine, SimulatedHeat, heated_run
from campaigns.simulated_claim import Claim, Tried
from zcal_tui.model import limits
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.thermal import ThermalBias, thermal_bias
from zcal_tui.stats.verdicts.temperature import judge_thermal

SLOWNESS = 0.1
"""Share of the campaign's runs: each takes some tenths of a second."""
COVERED = 0.93
MINUTE = 60.0
LEAST, MOST = 0.010, 0.050
"""mm that the frame moves in the end."""

Draw = Callable[[np.random.Generator], HeatedMachine]


def _frame(lag: float) -> Draw:
    """A frame of this lag (s), a probe that is quicker, and a nozzle."""

    def draw(rng: np.random.Generator) -> HeatedMachine:
        moved = float(rng.choice([-1.0, 1.0]) * rng.uniform(LEAST, MOST))
        return HeatedMachine(
            {lag: moved / (HOT - COLD), 200.0: float(rng.normal(0.0, 3e-4))},
            {float(rng.uniform(120.0, 600.0)): float(rng.normal(0.0, 7e-5))},
        )

    return draw


def _near_the_limit(rng: np.random.Generator) -> HeatedMachine:
    """A frame that leads to within 20 % of the limit, as slow as any."""
    moved = limits.TEMPERATURE_SHIFT.value * float(rng.choice([-1.0, 1.0]) * rng.uniform(1.0, 1.2))
    return HeatedMachine({float(rng.uniform(120.0, 7200.0)): moved / (HOT - COLD)}, {})


def _still(_rng: np.random.Generator) -> HeatedMachine:
    return HeatedMachine({}, {})


def _slow_frame(_rng: np.random.Generator) -> HeatedMachine:
    return HeatedMachine({3600.0: 0.040 / (HOT - COLD)}, {})


def _half(interval: Interval) -> float | None:
    return None if interval.low is None or interval.high is None else 0.5 * (interval.high - interval.low)


def _covered(
    draw: Draw,
    soak: float,
    estimate: Callable[[ThermalBias], Interval | None],
    true: Callable[[SimulatedHeat], float],
) -> Callable[[np.random.Generator], Tried]:
    def one(rng: np.random.Generator) -> Tried:
        run = heated_run(draw(rng), rng, soak=soak)
        result = _analysed(run)
        interval = estimate(result)
        if interval is None:
            return Tried(False, undecided=True)  # what is not estimated covers nothing
        width = None if interval is result.per_degree_nozzle else _half(interval)
        return Tried(interval.covers(true(run)), False, None, width)

    return one


def _passed(draw: Draw, soak: float, *, wrongly: bool) -> Callable[[np.random.Generator], Tried]:
    """Counts a pass; `wrongly`, only one where the height leads beyond the limit."""

    def one(rng: np.random.Generator) -> Tried:
        run = heated_run(draw(rng), rng, soak=soak)
        level = judge_thermal(_analysed(run)).level
        beyond = abs(run.settled) > limits.TEMPERATURE_SHIFT.value
        return Tried(level == "pass" and (beyond or not wrongly), level == "unknown")

    return one


def _analysed(run: SimulatedHeat) -> ThermalBias:
    return thermal_bias(run.samples, settled=limits.NORMAL_RANGE.value, step=0.0025)


def _claims() -> list[Claim]:
    claims = []
    name = "temperature"
    for minutes in (2, 10, 30, 60, 120):
        draw, condition = _frame(minutes * MINUTE), f"frame of {minutes} min, 20 min a phase"
        parts: list[
            tuple[str, Callable[[ThermalBias], Interval | None], Callable[[SimulatedHeat], float]]
        ] = [
            ("shift covered", lambda result: result.shift, lambda run: run.shift),
            ("remaining covered", lambda result: result.remaining, lambda run: run.remaining),
            (
                "per_degree_nozzle covered",
                lambda result: result.per_degree_nozzle,
                lambda run: run.per_nozzle,
            ),
        ]
        claims += [
            Claim(
                name,
                condition,
                counted,
                COVERED,
                _covered(draw, 20 * MINUTE, estimate, true),
                least=True,
                share_of_runs=SLOWNESS,
            )
            for counted, estimate, true in parts
        ]
    claims += [
        Claim(name, condition, counted, nominal, simulate, least=least, share_of_runs=SLOWNESS)
        for condition, counted, nominal, simulate, least in (
            (
                "40 µm, 60 min, 20 min a phase",
                "pass",
                0.01,
                _passed(_slow_frame, 20 * MINUTE, wrongly=True),
                False,
            ),
            (
                "40 µm, 60 min, 8 min a phase",
                "pass",
                0.01,
                _passed(_slow_frame, 8 * MINUTE, wrongly=True),
                False,
            ),
            (
                "1 to 1.2 times the limit, 2 min to 2 h",
                "pass",
                0.05,
                _passed(_near_the_limit, 20 * MINUTE, wrongly=True),
                False,
            ),
            ("nothing moves, 20 min a phase", "pass", 0.9, _passed(_still, 20 * MINUTE, wrongly=False), True),
        )
    ]
    return claims


CLAIMS: tuple[Claim, ...] = tuple(_claims())
