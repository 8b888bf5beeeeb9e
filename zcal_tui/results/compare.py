"""Comparison of two runs: how their estimates differ, whether significantly, and what else was different."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from zcal_tui.model.check_info import title_and_name
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Estimate, Record
from zcal_tui.results import versions
from zcal_tui.results.context import config_of, frame_of
from zcal_tui.results.depends import values
from zcal_tui.results.homing_state import restarted_between
from zcal_tui.results.trend import FRAME_DEPENDENT
from zcal_tui.results.variant import titled, variant

TEMPERATURE_DIFFERENCE = 2.0
"""°C. Smaller differences of temperature are not listed."""


@dataclass(frozen=True, slots=True)
class Difference:
    """B − A of one estimate, with a 95 % interval as far as both runs' intervals allow. `note`: why there is none."""

    name: str
    unit: str
    first: Estimate | None
    second: Estimate | None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""

    @property
    def significant(self) -> bool | None:
        """Whether it is statistically significant; None if the intervals do not decide."""
        if self.low is not None and self.low > 0.0:
            return True
        if self.high is not None and self.high < 0.0:
            return True
        return None if self.low is None or self.high is None else False


@dataclass(frozen=True, slots=True)
class ContextDifference:
    """A setting or condition that was different."""

    what: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Two runs and all their differences."""

    first: Record
    second: Record
    differences: tuple[Difference, ...]
    context_differences: tuple[ContextDifference, ...]
    notes: tuple[str, ...]


def compare(first: Record, second: Record) -> RunComparison:
    """Compare two runs of one check, which may be of different printers."""
    names = list(dict.fromkeys([*first.estimates, *second.estimates]))
    return RunComparison(
        first,
        second,
        tuple(_difference(name, first, second) for name in names),
        tuple(_context_differences(first, second)),
        tuple(_notes(first, second)),
    )


def _difference(name: str, first: Record, second: Record) -> Difference:
    a, b = first.estimates.get(name), second.estimates.get(name)
    unit = (a or b or Estimate(name, None, None, None)).unit
    if a is None or b is None:
        return Difference(name, unit, a, b, note="only one run has it")
    if a.unit != b.unit:
        return Difference(name, unit, a, b, note="different units")
    if variant(first) != variant(second):
        return Difference(name, unit, a, b, note="different quantities")
    if a.value is None or b.value is None:
        return Difference(name, unit, a, b, note="no value in one run")
    if (
        name in FRAME_DEPENDENT
        and versions.crossed(first.printer, second.printer)
        and _twisted(first, second)
    ):
        return Difference(name, unit, a, b, note="only one includes the axis twist")
    low, high = difference_interval(a, b)
    return Difference(name, unit, a, b, b.value - a.value, low, high)


def difference_interval(a: Estimate, b: Estimate) -> tuple[float | None, float | None]:
    """Bounds of b − a from both intervals, which may be asymmetric, for independent runs.

    The variance estimates are recovered from the intervals (Zou and Donner, Statistics in Medicine 27, 2008, 1693).
    Errors that both runs share (the step distance, the operator's feel) are counted as if they were independent.
    """
    if a.value is None or b.value is None:
        return None, None
    value = b.value - a.value
    low = high = None
    if b.low is not None and a.high is not None:
        low = value - math.hypot(b.value - b.low, a.high - a.value)
    if b.high is not None and a.low is not None:
        high = value + math.hypot(b.high - b.value, a.value - a.low)
    return low, high


def _twisted(*records: Record) -> bool:
    return any("axis_twist_compensation" in (config_of(record.context) or {}) for record in records)


def _notes(first: Record, second: Record) -> Iterator[str]:
    if variant(first) != variant(second):
        a, b = (titled(title_and_name(record.check), record) for record in (first, second))
        yield f"A is {a}. B is {b}. They cannot be compared."
    if versions.crossed(first.printer, second.printer):
        yield (
            "Klipper v0.13.0-476 changed how it reports probed heights: as bed contact instead of toolhead Z. "
            "Both runs store toolhead Z, so their heights can be compared."
        )
    if versions.faulty(first.printer) or versions.faulty(second.printer):
        yield "One run was made on a Klipper build that ignores the axis twist (v0.13.0-476 to -534)."
    if first.printer.get("name") != second.printer.get("name"):
        yield "The runs are of different printers."
    if restarted_between(frame_of(first.context), frame_of(second.context)):
        yield "Klipper was restarted between the runs. Z was homed again, so heights include the scatter of homing."


def _context_differences(first: Record, second: Record) -> Iterator[ContextDifference]:
    for what, key in (("Klipper", "software_version"), ("host software", "app"), ("printer", "name")):
        yield from _unequal(what, first.printer.get(key), second.printer.get(key))
    yield from _unequal("zcal-tui", first.context.get("program"), second.context.get("program"))
    for name in sorted({*_heat(first), *_heat(second)}):
        yield from _temperatures(name, first, second)
    for what, key in (
        ("bed mesh", "bed_mesh"),
        ("G-code offset", "gcode_offset"),
        ("Z tilt adjusted", "z_tilt_applied"),
        ("gantry levelled", "quad_gantry_level_applied"),
    ):
        if key in first.context and key in second.context:
            yield from _unequal(what, first.context[key], second.context[key])
    for name in sorted({*first.parameters, *second.parameters}):
        yield from _unequal(
            f"--{name.replace('_', '-')}", first.parameters.get(name), second.parameters.get(name)
        )
    yield from _configured(first, second)


def _configured(first: Record, second: Record) -> Iterator[ContextDifference]:
    """Config values that differ, those that the check depends on first."""
    one, other = config_of(first.context), config_of(second.context)
    if one is None or other is None:
        return
    then, now = _flat(one), _flat(other)
    relevant = {*values(first.context, first.check), *values(second.context, second.check)}
    differing = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    for name in sorted(differing, key=lambda name: (name not in relevant, name)):
        yield from _unequal(name, then.get(name), now.get(name))


def _flat(config: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        f"[{section}] {option}": value
        for section, options in config.items()
        for option, value in options.items()
    }


def _temperatures(name: str, first: Record, second: Record) -> Iterator[ContextDifference]:
    a, b = _heat(first).get(name), _heat(second).get(name)
    if isinstance(a, int | float) and isinstance(b, int | float) and abs(a - b) >= TEMPERATURE_DIFFERENCE:
        yield ContextDifference(name, f"{a:.0f} °C", f"{b:.0f} °C")


def _heat(record: Record) -> Mapping[str, Any]:
    found = record.context.get("temperatures")
    return found if isinstance(found, Mapping) else {}


def _unequal(what: str, one: Any, other: Any) -> Iterator[ContextDifference]:
    if one != other:
        yield ContextDifference(what, _shown(one), _shown(other))


def _shown(value: Any) -> str:
    match value:
        case None:
            return "—"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case list() | tuple():
            return ", ".join(_shown(item) for item in value)
        case _:
            return str(value)
