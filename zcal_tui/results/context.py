"""The printer's state when a run began, as far as it affects heights: a record's `context`.

Staleness is judged by it later, so it contains every config value that a check's result may depend on.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from zcal_tui import __version__
from zcal_tui.model.codec import plain
from zcal_tui.printer.config_view import probe_config, z_rail, z_steppers
from zcal_tui.printer.state import PrinterState
from zcal_tui.results.homing_state import HomingState

SECTIONS = (
    "printer",
    "safe_z_home",
    "bed_mesh",
    "z_tilt",
    "z_tilt_ng",
    "quad_gantry_level",
    "bed_tilt",
    "bed_screws",
    "screws_tilt_adjust",
    "axis_twist_compensation",
    "z_thermal_adjust",
    "z_calibration",
    "zcal",
    "delta_calibrate",
    "idle_timeout",
)
"""Sections stored besides the probe's, its models' and the Z steppers'."""

LONG_TEXT = 200
"""Characters above which a value (a macro's G-code) is stored as a digest: only whether it changed matters."""


def context_facts(state: PrinterState, frame: HomingState | None = None) -> dict[str, Any]:
    """The context of a run that begins now, as JSON knows it."""
    probe = probe_config(state)
    config = config_facts(state)
    facts = {
        "program": __version__,
        "software_version": state.software_version,
        "homed_axes": state.homed_axes,
        "position": state.position,
        "gcode_offset": state.homing_origin,
        "bed_mesh": state.bed_mesh.profile_name if state.bed_mesh.active else None,
        "temperatures": {name: heater.temperature for name, heater in state.heaters.items()},
        "targets": {name: heater.target for name, heater in state.heaters.items()},
        "sensors": state.sensors,
        "quad_gantry_level_applied": state.quad_gantry_level_applied,
        "z_tilt_applied": state.z_tilt_applied,
        "frame": None if frame is None else asdict(frame),
        "probe_section": None if probe is None else probe.section,
        "pending": state.save_config.items,
        "extra": state.zcal.get("version") if state.zcal else None,
        "config": config,
        "config_hash": config_hash(config),
    }
    # As JSON knows it, so that the record in memory and the one on disk are the same
    return {name: plain(value) for name, value in facts.items()}


def config_of(context: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]] | None:
    """The config values in a record's context; None if it has none, as in a file that somebody edited."""
    config = context.get("config")
    if not isinstance(config, Mapping):
        return None
    return {name: options for name, options in config.items() if isinstance(options, Mapping)}


def frame_of(context: Mapping[str, Any]) -> Mapping[str, Any]:
    """The homing state in a record's context; empty if it has none."""
    frame = context.get("frame")
    return frame if isinstance(frame, Mapping) else {}


def config_facts(state: PrinterState) -> dict[str, dict[str, Any]]:
    """The config values that heights depend on, by section and option, as klippy parsed them."""
    return {
        name: {option: stored_value(value) for option, value in sorted(state.settings[name].items())}
        for name in sorted(set(_sections(state)))
        if name in state.settings
    }


def config_hash(config: Mapping[str, Any]) -> str:
    """A short digest of config values: equal if all of them are."""
    return _digest(json.dumps(plain(config), sort_keys=True))


def _digest(text: str) -> str:
    import hashlib  # loads OpenSSL, which the first frame does not wait for

    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _sections(state: PrinterState) -> Iterator[str]:
    yield from SECTIONS
    if (probe := probe_config(state)) is not None:
        yield probe.section
        yield from (name for name in state.settings if name.startswith(f"{probe.section} "))
    if (rail := z_rail(state)) is not None:
        yield rail.section
    for stepper in z_steppers(state):
        yield stepper.section


def stored_value(value: Any) -> Any:
    """A config value as a context stores it: long texts as their digest."""
    if isinstance(value, str) and len(value) > LONG_TEXT:
        return f"sha256:{_digest(value)}"
    return plain(value)
