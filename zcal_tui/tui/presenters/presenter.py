"""What a presenter makes of a record: figures, a live number, a gauge, rows and plots. Pure; no widgets."""

import math
from typing import Protocol

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Estimate, Record
from zcal_tui.tui.presenters.plots import Plot, um_text

UNKNOWN = "…"
"""Shown where a number is not known yet."""

um = um_text


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of numbers: what it is, its value, and what to make of it. `tone`: good, warn, bad or empty."""

    label: str
    value: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    """The number shown large, what it is, and up to two short lines about its interval."""

    digits: str
    unit: str
    label: str = ""
    interval: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The number with its unit, for a line of text."""
        return f"{self.digits} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Gauge:
    """A number on a scale from 0 with a limit. All in the same unit; `value` is None while unknown. `name` is what it
    measures."""

    value: float | None
    limit: float
    unit: str
    low: float | None = None
    high: float | None = None
    name: str = ""


Row = tuple[str, str, str, str]
"""A sample in the table: number, what it is where they differ, value, difference."""


class Presenter(Protocol):
    """What a screen asks about a check's record."""

    @property
    def about(self) -> str:
        """What the running check's screen shows, for its help page."""

    def live(self, record: Record) -> Live:
        """The number shown large."""

    def gauge(self, record: Record) -> Gauge | None:
        """The number against its limit, if the check has one."""

    def figures(self, record: Record, *, final: bool = False) -> tuple[Figure, ...]:
        """The running estimates, a line each; with their intervals in the `final` result."""

    def plots(self, record: Record) -> tuple[Plot, ...]:
        """What can be drawn, the most telling first; nothing while there is nothing to draw."""

    def rows(self, record: Record) -> tuple[Row, ...]:
        """The samples as rows, oldest first."""

    def setup(self, record: Record) -> str:
        """The conditions of the measurement, in a line."""


def finite(value: float | None) -> bool:
    """Whether a number is there and means something."""
    return value is not None and math.isfinite(value)


def um_interval(estimate: Estimate | None) -> str:
    """An interval of lengths in mm as text in µm."""
    if estimate is None:
        return "unknown"
    low, high = estimate.low, estimate.high
    if low is not None and high is not None:
        return f"{um(low)} … {um(high)} µm"
    if high is not None:
        return f"at most {um(high)} µm"
    if low is not None:
        return f"at least {um(low)} µm"
    return "unknown"


def half_interval(estimate: Estimate) -> str:
    """± half the interval, or its one side; empty where there is none."""
    if estimate.low is not None and estimate.high is not None:
        return f"± {um((estimate.high - estimate.low) / 2)} µm"
    return um_interval(estimate) if estimate.low is not None or estimate.high is not None else ""
