"""From the raw status objects to `PrinterState`: one small reader an object, tolerant of absence and odd types."""

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, cast

from zcal_tui.printer.state import (
    BedMeshState,
    HeaterState,
    KlippyStateName,
    ManualProbeState,
    PrinterState,
    ProbeState,
    SaveConfigPending,
)
from zcal_tui.printer.values import flag, mapping, number, text, triple

Raw = Mapping[str, Mapping[str, Any]]
"""Everything known of each object: {object: {field: value}}."""

KLIPPY_STATES = ("disconnected", "startup", "ready", "error", "shutdown")

FIELDS: Mapping[str, tuple[str, ...]] = {
    "webhooks": ("state", "state_message"),
    "toolhead": (
        "homed_axes",
        "position",
        "axis_minimum",
        "axis_maximum",
        "estimated_print_time",
        "extruder",
    ),
    "motion_report": ("live_position",),
    "gcode_move": ("position", "gcode_position", "homing_origin"),
    "probe": ("name", "last_query", "active_tool_probe"),
    "manual_probe": ("is_active", "z_position", "z_position_lower", "z_position_upper"),
    "bed_mesh": ("profile_name", "mesh_min", "mesh_max"),
    "print_stats": ("state",),
    "virtual_sdcard": ("is_active",),
    "pause_resume": ("is_paused",),
    "configfile": ("save_config_pending", "save_config_pending_items"),
    "quad_gantry_level": ("applied",),
    "z_tilt": ("applied",),
    "z_tilt_ng": ("applied",),
    "gcode": ("commands",),
    "cartographer": ("scan",),
    "beacon": ("model",),
}
"""What is subscribed of each fixed object. The toolhead's estimated print time changes with every update: it is
what makes klippy's clock tick here, also on an idle printer."""

WHOLE_OBJECTS = ("z_calibration", "zcal")
SENSOR_PREFIXES = (
    "temperature_sensor ",
    "temperature_probe ",
    "temperature_fan ",
    "tmc2240 ",
    "bme280 ",
    "htu21d ",
    "lm75 ",
    "aht10 ",
    "z_thermal_adjust",
)
HEATER_PREFIXES = ("heater_bed", "heater_generic ", "extruder")


def is_heater(name: str) -> bool:
    """Whether an object of that name is a heater (extruder, extruder1, heater_bed, heater_generic x)."""
    if name.startswith("extruder"):
        return name.removeprefix("extruder").isdigit() or name == "extruder"
    return name.startswith(HEATER_PREFIXES)


def is_sensor(name: str) -> bool:
    """Whether an object of that name may report a temperature without heating."""
    return name.startswith(SENSOR_PREFIXES)


def subscription(objects: frozenset[str]) -> dict[str, list[str] | None]:
    """What to subscribe on a printer that has these objects."""
    wanted: dict[str, list[str] | None] = {
        name: list(fields) for name, fields in FIELDS.items() if name in objects
    }
    wanted |= {name: None for name in WHOLE_OBJECTS if name in objects}
    for name in objects:
        if is_heater(name):
            wanted[name] = ["temperature", "target"]
        elif is_sensor(name):
            wanted[name] = ["temperature"]
    return wanted


def digest(state: PrinterState, raw: Raw, changed: Mapping[str, Any], eventtime: float) -> PrinterState:
    """`state` with the objects named in `changed` read again from `raw`."""
    values: dict[str, Any] = {"eventtime": max(eventtime, state.eventtime)}
    for name in changed:
        reader = _READERS.get(name)
        if reader is not None:
            values |= reader(raw.get(name, {}))
    if any(is_heater(name) for name in changed):
        values["heaters"] = _heaters(raw)
    if any(is_sensor(name) for name in changed):
        values["sensors"] = _sensors(raw)
    if not changed.keys().isdisjoint(("print_stats", "virtual_sdcard", "pause_resume")):
        values |= _job(raw)
    if not changed.keys().isdisjoint(("z_tilt", "z_tilt_ng")):
        applied = [flag(raw.get(name, {}).get("applied")) for name in ("z_tilt", "z_tilt_ng")]
        values["z_tilt_applied"] = next((value for value in applied if value is not None), None)
    return dataclasses.replace(state, **values)


def klippy_state(value: object) -> KlippyStateName | None:
    """One of Klipper's states, else None."""
    return cast("KlippyStateName", value) if value in KLIPPY_STATES else None


def _webhooks(fields: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if (state := klippy_state(fields.get("state"))) is not None:
        values["klippy"] = state
    if (message := text(fields.get("state_message"))) is not None:
        values["message"] = message.strip()
    return values


def _toolhead(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "homed_axes": (text(fields.get("homed_axes")) or "").lower(),
        "position": triple(fields.get("position")),
        "axis_minimum": triple(fields.get("axis_minimum")),
        "axis_maximum": triple(fields.get("axis_maximum")),
        "print_time": number(fields.get("estimated_print_time")),
        "extruder": text(fields.get("extruder")) or "",
    }


def _gcode_move(fields: Mapping[str, Any]) -> dict[str, Any]:
    commanded, seen = triple(fields.get("position")), triple(fields.get("gcode_position"))
    zero = None
    if commanded is not None and seen is not None:
        x, y, z = (round(there - here, 6) for there, here in zip(commanded, seen, strict=True))
        zero = x, y, z
    return {
        "gcode_position": seen,
        "gcode_zero": zero,
        "homing_origin": triple(fields.get("homing_origin")) or (0.0, 0.0, 0.0),
    }


def _probe(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "probe": ProbeState(
            name=text(fields.get("name")) or "probe",
            last_query=flag(fields.get("last_query")),
            tool=text(fields.get("active_tool_probe")) or "",
        )
    }


def _manual_probe(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "manual_probe": ManualProbeState(
            is_active=bool(flag(fields.get("is_active"))),
            z_position=number(fields.get("z_position")),
            lower=number(fields.get("z_position_lower")),
            upper=number(fields.get("z_position_upper")),
        )
    }


def _bed_mesh(fields: Mapping[str, Any]) -> dict[str, Any]:
    bounds = [fields.get("mesh_min"), fields.get("mesh_max")]
    spanned = any(number(value) for bound in bounds if isinstance(bound, list | tuple) for value in bound)
    name = text(fields.get("profile_name")) or ""
    return {"bed_mesh": BedMeshState(name, active=spanned or bool(name))}


def _configfile(fields: Mapping[str, Any]) -> dict[str, Any]:
    items = {
        section: MappingProxyType({option: str(value) for option, value in mapping(options).items()})
        for section, options in mapping(fields.get("save_config_pending_items")).items()
    }
    pending = bool(flag(fields.get("save_config_pending"))) or bool(items)
    return {"save_config": SaveConfigPending(pending, MappingProxyType(items))}


def _gcode(fields: Mapping[str, Any]) -> dict[str, Any]:
    commands = fields.get("commands")
    return {"commands": frozenset(commands) if isinstance(commands, Mapping) else None}


_READERS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "motion_report": lambda fields: {"live_position": triple(fields.get("live_position"))},
    "webhooks": _webhooks,
    "toolhead": _toolhead,
    "gcode_move": _gcode_move,
    "probe": _probe,
    "manual_probe": _manual_probe,
    "bed_mesh": _bed_mesh,
    "configfile": _configfile,
    "gcode": _gcode,
    "quad_gantry_level": lambda fields: {"quad_gantry_level_applied": flag(fields.get("applied"))},
    "z_calibration": lambda fields: {"z_calibration": MappingProxyType(dict(fields))},
    "zcal": lambda fields: {"zcal": MappingProxyType(dict(fields))},
    "cartographer": lambda fields: {"scan_model": _model(mapping(fields.get("scan")))},
    "beacon": lambda fields: {"scan_model": text(fields.get("model")) or ""},
}


def _model(scan: Mapping[str, Any]) -> str:
    """The name of the model in use. Source: cartographer3d-plugin 1.10.1, probe/scan_mode.py."""
    name = text(scan.get("current_model")) or ""
    return "" if name == "none" else name


def _heaters(raw: Raw) -> Mapping[str, HeaterState]:
    found = {}
    for name in sorted(filter(is_heater, raw)):
        temperature = number(raw[name].get("temperature"))
        if temperature is not None:
            target = number(raw[name].get("target")) or 0.0
            found[name] = HeaterState(temperature, target)
    return MappingProxyType(found)


def _sensors(raw: Raw) -> Mapping[str, float]:
    read = {name: number(raw[name].get("temperature")) for name in sorted(filter(is_sensor, raw))}
    return MappingProxyType({name: value for name, value in read.items() if value is not None})


def _job(raw: Raw) -> dict[str, Any]:
    job = text(raw.get("print_stats", {}).get("state")) or ""
    file_runs = bool(flag(raw.get("virtual_sdcard", {}).get("is_active")))
    paused = bool(flag(raw.get("pause_resume", {}).get("is_paused"))) or job == "paused"
    return {"print_state": job, "printing": job == "printing" or file_runs, "paused": paused}
