"""How numbers are written in reasons and advice."""

from __future__ import annotations

from zcal_tui.stats.intervals import Interval


def um(mm: float) -> str:
    """A length in µm: whole from 10 µm on, else with one decimal."""
    size = mm * 1000.0
    return f"{size:.0f} µm" if abs(size) >= 9.95 else f"{size:.1f} µm"


def between(interval: Interval) -> str:
    """An interval's ends in µm, for the middle of a sentence."""
    if interval.low is None:
        return f"at most {um(interval.high)}" if interval.high is not None else "unbounded"
    if interval.high is None:
        return f"at least {um(interval.low)}"
    return f"between {um(interval.low)} and {um(interval.high)}"
