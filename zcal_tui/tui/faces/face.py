"""What a face turns a record into: figures, a live number, a gauge, points. Pure; no widgets."""

import math
from dataclasses import dataclass
from typing import Protocol

from zcal_tui.model.record import Estimate, Record
from zcal_tui.model.units import UM_PER_MM, length, percent

UNKNOWN = "…"
"""Stands where a number is not known yet."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of numbers: what it is, its value, and what to make of it. `tone`: good, warn, bad or empty."""

    label: str
    value: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    """The number shown large, and up to two short lines about its interval."""

    digits: str
    unit: str
    interval: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gauge:
    """A number on a scale from 0 with a limit. All in the same unit; `value` is None while unknown."""

    value: float | None
    limit: float
    unit: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A dot of the plot: x, y, and whether it stands out (`odd`) or was left out of the result."""

    x: float
    y: float
    odd: bool = False
    left_out: bool = False


class Face(Protocol):
    """What a screen asks about a check's record."""

    plot_title: str
    live_title: str
    about: str
    """What the running check's screen shows, for its help page."""

    def live(self, record: Record) -> Live:
        """The number shown large."""

    def gauge(self, record: Record) -> Gauge | None:
        """The number against its limit, if the check has one."""

    def figures(self, record: Record, *, final: bool = False) -> tuple[Figure, ...]:
        """The running estimates, a line each; with their intervals in the `final` result."""

    def points(self, record: Record) -> tuple[Point, ...]:
        """The samples as dots."""

    def rows(self, record: Record) -> tuple[tuple[str, str, str], ...]:
        """The samples as rows: number, value, difference; oldest first."""

    def setup(self, record: Record) -> str:
        """Under which circumstances was measured, in a line."""


def finite(value: float | None) -> bool:
    """Whether a number is there and means something."""
    return value is not None and math.isfinite(value)


def um(mm: float, *, sign: bool = False) -> str:
    """A length in mm as a bare µm number: one decimal below 10, none above; a true minus sign."""
    value = mm * UM_PER_MM
    text = f"{value:+.1f}" if sign else f"{value:.1f}"
    if abs(value) >= 9.95:
        text = f"{value:+.0f}" if sign else f"{value:.0f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", "−")


def um_interval(estimate: Estimate | None) -> str:
    """An interval of lengths in mm as text in µm."""
    if estimate is None:
        return "not known yet"
    low, high = estimate.low, estimate.high
    if low is not None and high is not None:
        return f"{um(low)} … {um(high)} µm"
    if high is not None:
        return f"at most {um(high)} µm"
    if low is not None:
        return f"at least {um(low)} µm"
    return "not known yet"


def plain_value(estimate: Estimate) -> str:
    """An estimate's value in its own unit."""
    if estimate.value is None or not math.isfinite(estimate.value):
        return UNKNOWN
    if estimate.unit == "mm":
        return length(estimate.value)
    if estimate.unit == "":
        return percent(estimate.value)
    return f"{estimate.value:g} {estimate.unit}"


class PlainFace:
    """For a check without a face of its own: its estimates by name."""

    plot_title = "Samples, µm from their mean"
    live_title = "Samples"
    about = "The large number and the lines under it are what is known so far; every sample is in the table."

    def live(self, record: Record) -> Live:
        """How many samples there are."""
        return Live(str(len(record.samples)), "")

    def gauge(self, record: Record) -> Gauge | None:
        """None: no limit is known."""
        return None

    def figures(self, record: Record, *, final: bool = False) -> tuple[Figure, ...]:
        """Every estimate, by name."""
        return tuple(Figure(n.replace("_", " "), plain_value(e)) for n, e in record.estimates.items())

    def points(self, record: Record) -> tuple[Point, ...]:
        """Trigger heights in µm from their mean."""
        samples = [s for s in record.samples if s.recorded]
        if not samples:
            return ()
        mean = math.fsum(s.trigger_z for s in samples) / len(samples)
        return tuple(
            Point(s.n, (s.trigger_z - mean) * UM_PER_MM, left_out=not s.recorded) for s in record.samples
        )

    def rows(self, record: Record) -> tuple[tuple[str, str, str], ...]:
        """Number, trigger height in mm, µm from the mean."""
        differences = {point.x: point.y for point in self.points(record)}
        return tuple(
            (
                str(s.n),
                f"{s.trigger_z:.4f}",
                um(differences[s.n] / UM_PER_MM, sign=True) if s.n in differences else "",
            )
            for s in record.samples
        )

    def setup(self, record: Record) -> str:
        """How many samples."""
        return f"{len(record.samples)} samples"
