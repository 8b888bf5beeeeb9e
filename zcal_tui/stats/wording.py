"""How numbers are written in reasons and advice."""

from __future__ import annotations

from zcal_tui.stats.intervals import Interval


def um(mm: float) -> str:
    """A length in µm: whole from 10 µm on, else with one decimal; a real minus sign, and none before a zero."""
    size = mm * 1000.0
    digits = f"{abs(size):.0f}" if abs(size) >= 9.95 else f"{abs(size):.1f}"
    return f"{'−' if size < 0.0 and float(digits) else ''}{digits} µm"


def between(interval: Interval) -> str:
    """An interval's ends in µm, for the middle of a sentence."""
    if interval.low is None:
        return f"at most {um(interval.high)}" if interval.high is not None else "unbounded"
    if interval.high is None:
        return f"at least {um(interval.low)}"
    return f"between {um(interval.low)} and {um(interval.high)}"
