"""The result of a decision rule, and how its sentences are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from zcal_tui.model import limits
from zcal_tui.model.units import length, micrometres
from zcal_tui.stats.intervals import Interval

Level = Literal["pass", "warn", "fail", "unknown"]

_SEVERITY: tuple[Level, ...] = ("pass", "unknown", "warn", "fail")


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to do: a `key` for programs, short sentences for people, and the config lines that do it, if any."""

    key: str
    text: str
    config: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VerdictRule:
    """A verdict. Every reason names its limit and where that comes from."""

    level: Level
    reasons: tuple[str, ...]
    advice: tuple[Advice, ...]


def worst(levels: Iterable[Level]) -> Level:
    """The most severe of the levels: not knowing is worse than a pass, a warning worse than not knowing."""
    return max(levels, key=_SEVERITY.index)


def share(p: float) -> str:
    """A share in words: never 0 % or 100 %, which would claim more than a sample can."""
    if p > 0.999:
        return "more than 99.9 %"
    if p < 0.001:
        return "less than 0.1 %"
    return f"{p * 100:.1f} %" if p > 0.99 or p < 0.01 else f"{p * 100:.0f} %"


def not_measured(what: str = "How far off Z 0 is") -> str:
    """With which a verdict ends that found no height."""
    return f"{what} was not measured, so nothing is known of a {limits.FIRST_LAYER.text} first layer."


def consequence(error: float, what: str = "An error of {}") -> str:
    """What an error of this size (mm) means for a print, with which a verdict ends. `what` says where the size comes
    from, {} in its place."""
    layer = limits.FIRST_LAYER
    size = abs(error)
    if size > layer.value:
        return f"{what.format(length(size))} is more than a whole {layer.text} first layer."
    part = f"{100.0 * size / layer.value:.0f} %"
    return f"{what.format(micrometres(size))} is {part} of a {layer.text} first layer."


def bounds(interval: Interval) -> str:
    """An interval's ends in µm, in brackets after its value: `(95 %: 1.8 µm to 3.9 µm)`."""
    level = f"{100 * interval.confidence:g} %"
    if interval.low is None:
        return (
            f"({level}: {'unbounded' if interval.high is None else f'at most {micrometres(interval.high)}'})"
        )
    if interval.high is None:
        return f"({level}: at least {micrometres(interval.low)})"
    return f"({level}: {micrometres(interval.low)} to {micrometres(interval.high)})"


def along(interval: Interval) -> Interval:
    """The interval in the direction of its value, which is then positive: 12 µm lower instead of −12 µm."""
    return interval if interval.value >= 0.0 else interval.negated()
