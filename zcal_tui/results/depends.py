"""What each check's result depends on: config values, and changes to the machine.

The machine's part follows Klipper docs, Probe_Calibrate: "a change … to the printer's motion system, hotend position,
or probe location" invalidates the z_offset; the rest is said of the check it is about.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from zcal_tui.results.context import config_of

MOTION = (
    "rotation_distance",
    "microsteps",
    "gear_ratio",
    "full_steps_per_rotation",
    "step_distance",
    "arm_length",
    "angle",
)
HOW_TO_TOUCH = (
    "pin",
    "speed",
    "lift_speed",
    "sample_retract_dist",
    "activate_gcode",
    "deactivate_gcode",
    "drop_first_result",
)
HOW_TO_SETTLE = ("samples", "samples_result")
PLACE = ("x_offset", "y_offset")

PROBE, STEPPERS = "<probe>", "<steppers>"
"""Stand for the probe's section and for every section of a stepper or rail that carries Z."""

ALL: tuple[str, ...] = ()
"""Every option of a section."""

DELTA = {"printer": ("delta_radius", "print_radius", "arm_length")}
TWIST = {"axis_twist_compensation": ALL}

OPTIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "probe-xy": {},
    "z-offset": {PROBE: (*HOW_TO_TOUCH, *HOW_TO_SETTLE, *PLACE), STEPPERS: MOTION, **DELTA, **TWIST},
    "accuracy": {PROBE: HOW_TO_TOUCH, STEPPERS: MOTION},
    "bias": {PROBE: (*HOW_TO_TOUCH, *PLACE), STEPPERS: MOTION, **DELTA, **TWIST},
    "temperature": {PROBE: HOW_TO_TOUCH, STEPPERS: MOTION, "z_thermal_adjust": ALL},
    "backlash": {PROBE: HOW_TO_TOUCH, STEPPERS: MOTION, "zcal": ("switch_hysteresis",)},
    "auto-z": {
        PROBE: (*HOW_TO_TOUCH, *PLACE),
        STEPPERS: (*MOTION, "position_endstop", "endstop_pin"),
        "z_calibration": ALL,
        "safe_z_home": ("home_xy_position",),
        "bed_mesh": ("zero_reference_position", "relative_reference_index"),
    },
    "first-layer": {
        PROBE: ("z_offset", *PLACE),
        STEPPERS: (*MOTION, "position_endstop"),
        "z_calibration": ("switch_offset",),
        **DELTA,
    },
}
"""By check and section, the options a result depends on. What a check itself finds is not among its own."""

NEEDS_NEW: Mapping[str, Mapping[str, str]] = {
    "nozzle": {
        "z-offset": "the nozzle's tip stands at another height against the probe",
        "first-layer": "the nozzle's tip stands at another height",
        "auto-z": "the nozzle's length is one of the three heights it is made of",
    },
    "hotend": {
        "probe-xy": "the nozzle stands at another place against the probe",
        "z-offset": "the nozzle stands at another height against the probe",
        "bias": "the nozzle may lean otherwise against the probe",
        "temperature": "another hotend grows otherwise with heat",
        "auto-z": "the nozzle's height is one of the three that it is made of",
        "first-layer": "the nozzle stands at another height",
    },
    "probe": {
        "probe-xy": "the probe sits at another place against the nozzle",
        "z-offset": "the probe triggers at another height against the nozzle",
        "accuracy": "another probe or mount repeats otherwise",
        "bias": "another mount may lean otherwise",
        "temperature": "another probe answers otherwise to heat",
        "backlash": "the measurement contains the probe's own differential travel",
        "auto-z": "its switch closes at another height below its body",
        "first-layer": "the height at which Z is zero may be another",
    },
    "bed": {
        "z-offset": "the bed's tilt or surface is another, and probe and nozzle stand at different places over it",
        "bias": "the bed's surface is part of what was compared from place to place",
        "temperature": "another bed grows otherwise with heat",
        "auto-z": "the bed's height is one of the three that it is made of",
        "first-layer": "the bed's height is another",
    },
    "motion": {
        "probe-xy": "the toolhead may move otherwise",
        "z-offset": "the height at which Z is zero, or how far a step moves, may be another",
        "accuracy": "how well Z comes back to a height depends on its drives",
        "bias": "how the toolhead leans depends on the axes that carry it",
        "temperature": "the frame's growth is part of what was measured",
        "backlash": "lost motion is a property of the drives",
        "auto-z": "all three heights are measured by the Z drives",
        "first-layer": "the height at which Z is zero may be another",
    },
}
"""By what a person changed, the checks to repeat and why. A check that is not named there holds."""


def values(context: Mapping[str, Any], check: str) -> dict[str, Any]:
    """The config values in a record's context that a check's result depends on, by `[section] option`."""
    config = config_of(context)
    if config is None:
        return {}
    found = {}
    for named, options in OPTIONS.get(check, {}).items():
        for section in _sections(named, context, config):
            own = config.get(section, {})
            wanted = options or tuple(own)
            found.update({f"[{section}] {option}": own[option] for option in wanted if option in own})
    return found


def probe_option(context: Mapping[str, Any], option: str) -> Any:
    """One option of the probe's section in a record's context; None where it has none."""
    config, section = config_of(context), context.get("probe_section")
    return (config or {}).get(str(section), {}).get(option)


def held(context: Mapping[str, Any], option: str) -> Any:
    """An option of the probe's section, else of the first stepper or rail that has it; None where none has."""
    if (value := probe_option(context, option)) is not None:
        return value
    config = config_of(context) or {}
    rails = (config[section] for section in _sections(STEPPERS, context, config))
    return next((rail[option] for rail in rails if option in rail), None)


def _sections(named: str, context: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[str]:
    if named == PROBE:
        yield str(context.get("probe_section"))
    elif named == STEPPERS:
        yield from (section for section in config if section.startswith(("stepper", "carriage ")))
    else:
        yield named
