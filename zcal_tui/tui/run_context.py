"""The conditions of a stored run, and what has changed on the machine since, as lines of text."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from zcal_tui.checks.base import Declaration
from zcal_tui.checks.parameters import specs
from zcal_tui.model.record import Record
from zcal_tui.model.units import duration
from zcal_tui.results.changes import Changed
from zcal_tui.results.text import moment

Fact = tuple[str, str]
"""Label and text."""

HEATERS = (("extruder", "nozzle"), ("heater_bed", "bed"))
LEVELLED = (("quad_gantry_level_applied", "gantry"), ("z_tilt_applied", "Z tilt"))


def conditions(record: Record, declared: Declaration | None) -> tuple[Fact, ...]:
    """The state of the printer, and the settings of the check."""
    context = record.context
    lines = [
        ("when", _when(record)),
        ("printer", _printer(record)),
        ("settings", _settings(record, declared)),
        ("heaters", _heat(context)),
        ("mesh", _mesh(context)),
        ("state", _state(context)),
        ("probe", _probe(context)),
        ("resumed", f"from run {context['continues']}" if context.get("continues") else ""),
        ("run", record.id),
    ]
    return tuple((label, text) for label, text in lines if text)


def since(record: Record, why: str | None, changes: Sequence[Changed]) -> tuple[str, ...]:
    """Why the result is stale, and what was changed on the machine since."""
    found = [f"Stale: {why}."] if why else []
    for change in changes:
        if change.at > record.started:
            note = f": {change.note}" if change.note else ""
            found.append(f"{moment(change.at)}: the {change.what} was changed{note}.")
    return tuple(found)


def _when(record: Record) -> str:
    text = moment(record.started)
    try:
        took = datetime.fromisoformat(record.finished or "") - datetime.fromisoformat(record.started)
    except (ValueError, TypeError):  # a moment with a time zone and one without
        return text
    return f"{text}, took {duration(took.total_seconds())}"


def _printer(record: Record) -> str:
    names = ("name", "app", "software_version")
    parts = [str(record.printer[name]).strip("?") for name in names if record.printer.get(name)]
    program, module = record.context.get("program"), record.context.get("extra")
    parts += [f"zcal-tui {program}"] if program else []
    parts += [f"[zcal] {module}"] if module else []
    return " · ".join(parts)


def _settings(record: Record, declared: Declaration | None) -> str:
    usual = {spec.name: spec.default for spec in specs(declared.parameters)} if declared is not None else {}
    other = {name: value for name, value in record.parameters.items() if value != usual.get(name)}
    text = ", ".join(f"{name.replace('_', ' ')} {_value(value)}" for name, value in other.items())
    return text or "defaults"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _heat(context: Mapping[str, Any]) -> str:
    now, wanted = _mapping(context.get("temperatures")), _mapping(context.get("targets"))
    parts = []
    for key, word in HEATERS:
        if isinstance(heat := now.get(key), int | float):
            target = wanted.get(key)
            to = f" → {target:.0f}" if isinstance(target, int | float) and target > 0 else ""
            parts.append(f"{word} {heat:.0f}{to} °C")
    return ", ".join(parts)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mesh(context: Mapping[str, Any]) -> str:
    if "bed_mesh" not in context:
        return ""
    return str(context["bed_mesh"] or "none")


def _state(context: Mapping[str, Any]) -> str:
    axes = context.get("homed_axes")
    parts = [f"homed {axes}" if axes else "not homed"] if isinstance(axes, str) else []
    for key, word in LEVELLED:
        if isinstance(level := context.get(key), bool):
            parts.append(f"{word} {'levelled' if level else 'not levelled'}")
    offset = context.get("gcode_offset")
    if isinstance(offset, list | tuple) and any(offset):
        parts.append(f"G-code offset {', '.join(map(_value, offset))}")
    return ", ".join(parts)


def _probe(context: Mapping[str, Any]) -> str:
    section = context.get("probe_section")
    if not section:
        return ""
    options = _mapping(_mapping(context.get("config")).get(section))
    named = ("x_offset", "y_offset", "z_offset", "speed", "samples")
    text = ", ".join(f"{name} {_value(options[name])}" for name in named if name in options)
    return f"[{section}] {text}".strip()


def facts(lines: Sequence[Fact]) -> Iterator[tuple[str, str]]:
    """The facts with their labels aligned."""
    width = max((len(label) for label, _ in lines), default=0) + 2
    yield from ((f"{label:<{width}}", text) for label, text in lines)
