"""How often the history names a step or a line where there is none, and finds a slip."""

from collections.abc import Callable

import numpy as np

from campaigns.simulated_claim import Claim, Tried
from zcal_tui.model.record import Estimate, Record
from zcal_tui.results.trend import NORMAL_95, TrendPoint, slope, step

OWN = 0.004
"""mm: the standard error that each run claims for itself."""
SLIP = 0.020
FALSE, FOUND = 0.05, 0.50
COUNTS = (4, 6, 8, 12)
MULTIPLES = (1.0, 1.25, 1.5, 2.0, 3.0)


def _runs(values: np.ndarray) -> list[TrendPoint]:
    half = NORMAL_95 * OWN
    return [
        TrendPoint(
            Record(str(day), "z-offset", {}, f"2026-01-{day:02d}T12:00:00+00:00"),
            Estimate("z_offset", float(value), float(value) - half, float(value) + half),
        )
        for day, value in enumerate(values, 1)
    ]


def _tried(count: int, scatter: float, slip: float) -> Callable[[np.random.Generator], Tried]:
    def one(rng: np.random.Generator) -> Tried:
        values = rng.normal(0.0, scatter, count)
        values[int(rng.integers(1, count)) :] += slip
        found = _runs(values)
        stepped, line = step(found), slope(found)
        assert stepped is not None and line is not None
        half = (stepped.high - stepped.low) / 2
        return Tried(stepped.significant or line.significant, None, float(count), half)

    return one


CLAIMS: tuple[Claim, ...] = (
    *(
        Claim(
            "history",
            f"nothing changes, {count} runs that scatter {multiple:g} times as their intervals say",
            "a step or a line is named",
            # Line and step together have 5 %; that they share it is by simulation
            FALSE,
            _tried(count, multiple * OWN, 0.0),
            cost_unit="runs",
        )
        for count in COUNTS
        for multiple in MULTIPLES
    ),
    *(
        Claim(
            "history",
            f"a slip of 20 µm in six runs that scatter by {1000 * scatter:.0f} µm",
            "a step or a line is named",
            FOUND if scatter <= OWN else None,
            _tried(6, scatter, SLIP),
            least=True,
            cost_unit="runs",
        )
        for scatter in (0.002, OWN, 0.005, 0.006, 0.008)
    ),
)
