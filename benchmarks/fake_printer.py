"""The status of the fake klippy's printer, and its changes while it probes."""

import math
from typing import Any

OBJECTS: dict[str, dict[str, Any]] = {
    "webhooks": {"state": "ready", "state_message": "Printer is ready"},
    "gcode": {"commands": {name: {} for name in ("G28", "PROBE", "PROBE_ACCURACY", "QUERY_PROBE", "M400")}},
    "configfile": {
        "settings": {
            "printer": {"kinematics": "corexy", "max_velocity": 300.0, "max_z_velocity": 15.0},
            "probe": {"x_offset": 0.0, "y_offset": 25.0, "z_offset": 1.245, "speed": 5.0, "samples": 1},
            "stepper_z": {
                "rotation_distance": 8.0,
                "microsteps": 16,
                "endstop_pin": "probe:z_virtual_endstop",
            },
        },
        "config": {"probe": {"z_offset": "1.245"}},
        "save_config_pending": False,
        "save_config_pending_items": {},
    },
    "toolhead": {
        "homed_axes": "xyz",
        "position": [125.0, 125.0, 10.0, 0.0],
        "axis_minimum": [0.0, 0.0, -2.0, 0.0],
        "axis_maximum": [250.0, 250.0, 230.0, 0.0],
        "estimated_print_time": 0.0,
    },
    "gcode_move": {
        "gcode_position": [125.0, 125.0, 10.0, 0.0],
        "homing_origin": [0.0, 0.0, 0.0, 0.0],
        "speed": 1500.0,
    },
    "probe": {"name": "probe", "last_query": False, "last_z_result": 0.0},
    "manual_probe": {
        "is_active": False,
        "z_position": None,
        "z_position_lower": None,
        "z_position_upper": None,
    },
    "extruder": {"temperature": 150.0, "target": 150.0, "power": 0.4},
    "heater_bed": {"temperature": 60.0, "target": 60.0, "power": 0.3},
    "temperature_sensor chamber": {"temperature": 31.0},
    "idle_timeout": {"state": "Printing"},
    "print_stats": {"state": "standby"},
}
"""Status of a small printer, {object: {field: value}}."""


def changes(number: int) -> dict[str, dict[str, Any]]:
    """The number-th status message of a printer that probes up and down with both heaters on: klippy
    sends what has changed, which is the position, the temperatures, the power and its clock."""
    z = round(6.0 + 4.0 * math.sin(number * 0.7), 3)
    position = [125.0, 125.0, z, 0.0]
    wobble = math.sin(number * 0.05)
    return {
        "toolhead": {"position": position, "estimated_print_time": round(number * 0.25, 3)},
        "gcode_move": {"gcode_position": position},
        "extruder": {"temperature": round(150.0 + 0.3 * wobble, 2), "power": round(0.4 - 0.1 * wobble, 3)},
        "heater_bed": {"temperature": round(60.0 - 0.2 * wobble, 2), "power": round(0.3 + 0.1 * wobble, 3)},
        "temperature_sensor chamber": {"temperature": round(31.0 + 0.1 * wobble, 2)},
    }


def console_line(number: int) -> str:
    """The number-th console line: samples, and every eighth one unknown to the program."""
    if number % 8 == 0:
        return f"// a macro has come to its line {number}"
    return f"// probe at 125.000,125.000 is z={1.245 + 0.002 * math.sin(number):.6f}"


SECTIONS, OPTIONS, COMMANDS = 60, 14, 220
"""The size of an ordinary printer's configuration with its macros (about 90 kB as JSON), and its G-code commands."""


def large_objects() -> dict[str, dict[str, Any]]:
    """The same printer with a configuration of ordinary size."""
    options = [f"option_{number}" for number in range(OPTIONS)]
    settings = {
        f"gcode_macro M{number}": dict.fromkeys(options, 1.5 * number) | {"gcode": f"M{number}\n" * 60}
        for number in range(SECTIONS)
    }
    config = {
        section: {name: str(value) for name, value in values.items()} for section, values in settings.items()
    }
    commands = {
        f"COMMAND_{number}": {"help": f"Does the {number}-th thing there is to do"}
        for number in range(COMMANDS)
    }
    moves: dict[str, dict[str, str]] = {
        name: {} for name in ("SAVE_GCODE_STATE", "RESTORE_GCODE_STATE", "G90", "G1")
    }
    known = OBJECTS["configfile"]
    return {
        **OBJECTS,
        "gcode": {"commands": {**OBJECTS["gcode"]["commands"], **commands, **moves}},
        "configfile": {
            **known,
            "settings": {**known["settings"], **settings},
            "config": {**known["config"], **config},
        },
    }


def probe_accuracy(samples: int, number: int) -> list[str]:
    """The console lines of PROBE_ACCURACY with so many samples; `number` chooses the heights."""
    heights = [1.245 + 0.0025 * ((number + 3 * index) % 4 - 1.5) for index in range(samples)]
    mean = sum(heights) / samples
    low, high = min(heights), max(heights)
    deviation = math.sqrt(sum((height - mean) ** 2 for height in heights) / samples)
    median = sorted(heights)[samples // 2]
    return [
        f"// PROBE_ACCURACY at X:125.000 Y:125.000 Z:10.000 (samples={samples} retract=2.000 speed=5.0 lift_speed=5.0)",
        *(f"// probe at 125.000,125.000 is z={height:.6f}" for height in heights),
        (
            f"// probe accuracy results: maximum {high:.6f}, minimum {low:.6f}, range {high - low:.6f}, "
            f"average {mean:.6f}, median {median:.6f}, standard deviation {deviation:.6f}"
        ),
    ]
