"""Temperature bias: how the trigger height moves while bed and nozzle warm up, and whether it comes back.

height = level + b · lag(T_bed) + c · lag(T_nozzle) + drift + noise, where lag is a first-order lag with one time
constant for both: the probe and its mount follow the heaters slowly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.verdicts import VerdictRule

Phase = Literal["baseline", "bed", "nozzle", "back"]

SHIFT_LIMIT = 0.025
"""mm. Klipper docs, Bed_Level: the accuracy to aim for. Probe_Calibrate, Temperature Bias, names no number."""

SOURCE = "Klipper docs, Probe_Calibrate, Temperature Bias; 25 µm is the accuracy goal of Bed_Level"

SETTLED = 0.005
"""mm. Settled is within one step or this: what Probe_Calibrate, Repeatability check, calls normal."""


@dataclass(frozen=True, slots=True)
class Touch:
    """A touch: time (s), trigger height (mm), temperatures (°C) of bed and nozzle at that moment, and the phase."""

    t: float
    height: float
    bed: float
    nozzle: float
    phase: Phase


@dataclass(frozen=True, slots=True)
class Temperatures:
    """The temperatures (°C) of bed and nozzle at times `t` (s), more often than the touches; may overlap with them."""

    t: Sequence[float]
    bed: Sequence[float]
    nozzle: Sequence[float]


@dataclass(frozen=True, slots=True)
class ThermalBias:
    """The result of `thermal_bias`; lengths in mm, times in s.

    `shift` is the settled height when hot (bed, and nozzle where it was heated) minus the baseline; `shift_from` says
    whether it is the mean of settled touches or where the fitted lag leads to. `per_degree_*` are mm per °C, None
    where the data do not tell them, and then `not_separable` says why. `lag` is the time constant, None where nothing
    moves enough to show one. `settle` is how long after the hot temperatures were reached the height came within one
    step or 5 µm of the settled height, None if it did not; `remaining` is how far it was from it at the end of the hot
    phase. `returned` is the height at the end of the "back" phase minus the baseline, less what the temperatures
    explain; None without that phase. `sigma` is the scatter about the fitted line. `curve` is that line: (t, height).
    """

    shift: Interval
    shift_from: Literal["touches", "model"]
    per_degree_bed: Interval | None
    per_degree_nozzle: Interval | None
    not_separable: tuple[str, ...]
    lag: Interval | None
    settle: float | None
    remaining: float
    returned: Interval | None
    sigma: float
    curve: tuple[tuple[float, float], ...]


def thermal_bias(
    touches: Sequence[Touch],
    history: Temperatures | None = None,
    *,
    step: float = 0.0,
    confidence: float = 0.95,
    seed: int = 0,
) -> ThermalBias:
    """What touches in the phases of a temperature run say. `step` (mm) is the Z step distance.

    Intervals come from a block bootstrap of the residuals, drawn with `seed`. ValueError without touches in the
    baseline (three at least) and in a hot phase (three at least), or on a number that is not finite.
    """
    raise NotImplementedError


def judge_thermal(result: ThermalBias, limit: float = SHIFT_LIMIT) -> VerdictRule:
    """The verdict: pass if the shift stays within `limit` (mm); warn if it exceeds it, for then the probe must always
    be used at the same temperature; fail if the height does not settle, or does not come back; unknown if the data do
    not decide."""
    raise NotImplementedError
