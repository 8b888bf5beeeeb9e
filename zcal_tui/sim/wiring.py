"""What a printer.cfg connects to the micro-controller: motors, switches, heaters, sensors, and every pin.

Klipper inverts pins on the host's side, so a `!` in the configuration turns the electrical level over; the
machine asks here which level an active switch has.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from zcal_tui.sim.wiring_config import Options, Sections, WiringError, parse_sections
from zcal_tui.sim.wiring_thermistor import Thermistor, find_thermistor
from zcal_tui.sim.wiring_types import EddyWire, FanWire, HeaterWire, Pin, ProbeWire, Stepper, Wiring, midpoint

__all__ = [
    "EddyWire",
    "FanWire",
    "HeaterWire",
    "Pin",
    "ProbeWire",
    "Stepper",
    "Thermistor",
    "Wiring",
    "WiringError",
    "load_wiring",
    "midpoint",
    "read_wiring",
]

KINEMATICS = ("cartesian", "corexy", "delta")
_TOWER_ANGLES = {"a": 210.0, "b": 330.0, "c": 90.0}
_NEEDS_HARDWARE = re.compile(
    r"^(tmc\d+|adxl345|lis2dw|lis3dh|mpu9250|icm20948|resonance_tester|neopixel|dotstar|pca95\d\d|display"
    r"|filament_switch_sensor|filament_motion_sensor|hall_filament_width_sensor|gcode_button|angle|sx1509"
    r"|mcp4\d\d\d|replicape|load_cell|load_cell_probe|canbus_query|smart_effector|hx71\d|ads1\d+|multi_pin"
    r"|dual_carriage|beacon|cartographer|scanner)$"
)
_HEATERS = re.compile(r"^(extruder\d*|heater_bed|heater_generic .+)$")
_FANS = re.compile(r"^(fan|heater_fan .+|controller_fan .+|fan_generic .+|temperature_fan .+)$")


def load_wiring(printer_cfg: Path) -> Wiring:
    """The wiring of a printer.cfg, [include]d files relative to it. Raises WiringError."""
    try:
        text = printer_cfg.read_text(encoding="utf-8")
    except OSError as error:
        raise WiringError(f"{printer_cfg}: cannot be read: {error.strerror}. Check the path.") from error
    except UnicodeDecodeError as error:
        raise WiringError(f"{printer_cfg}: is not UTF-8 text. Save it as UTF-8.") from error
    return read_wiring(text, printer_cfg.parent)


def read_wiring(printer_cfg_text: str, folder: Path | None = None) -> Wiring:
    """The wiring that the text of a printer.cfg describes; `folder` is where [include] paths start.

    Raises WiringError for what is not a Klipper configuration or cannot be simulated.
    """
    sections = parse_sections(printer_cfg_text, folder)
    _refuse_unsupported(sections)
    if "printer" not in sections:
        raise WiringError("printer.cfg: there is no section [printer]. Is this a Klipper configuration?")
    printer = Options("printer", sections["printer"])
    kinematics = printer.text("kinematics")
    if kinematics not in KINEMATICS:
        raise WiringError(
            f"printer.cfg: kinematics {kinematics} cannot be simulated. Use one of: {', '.join(KINEMATICS)}."
        )
    aliases = _aliases(sections)
    is_delta = kinematics == "delta"
    return Wiring(
        kinematics=kinematics,
        steppers=_steppers(sections, aliases, is_delta),
        heaters=_heaters(sections, aliases),
        fans=tuple(
            FanWire(name, _pin(options["pin"], aliases))
            for name, options in sections.items()
            if _FANS.match(name) and "pin" in options
        ),
        probe=_probe(sections, aliases),
        eddy=_eddy(sections),
        delta_radius=printer.number("delta_radius") if is_delta else 0.0,
        drive_places=_drive_places(sections),
        pins=_all_pins(sections, aliases),
        i2c_buses=tuple(
            sorted({options["i2c_bus"] for options in sections.values() if "i2c_bus" in options})
        ),
    )


def _refuse_unsupported(sections: Sections) -> None:
    for name, options in sections.items():
        kind = name.split()[0]
        if kind == "mcu" and name != "mcu":
            raise WiringError(
                f"printer.cfg: section [{name}] is a second micro-controller, but only one is simulated. "
                "Remove it and put its pins on [mcu]."
            )
        if _NEEDS_HARDWARE.match(kind):
            raise WiringError(
                f"printer.cfg: section [{name}] cannot be simulated: it needs hardware that the simulated "
                "micro-controller does not have. Remove it from the copy you simulate."
            )
        sensor = options.get("sensor_type")
        if sensor in ("temperature_mcu",):
            raise WiringError(
                f"printer.cfg: sensor_type {sensor} in section [{name}] cannot be simulated. Remove the section."
            )


def _aliases(sections: Sections) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, options in sections.items():
        if name.split()[0] != "board_pins":
            continue
        for option in ("aliases", *(key for key in options if key.startswith("aliases_"))):
            for entry in options.get(option, "").replace("\n", ",").split(","):
                alias, _, pin = entry.partition("=")
                if pin.strip() and not pin.strip().startswith("<"):
                    found[alias.strip()] = pin.strip()
    return found


def _pin(description: str, aliases: Mapping[str, str]) -> Pin:
    name = description.strip()
    pullup = {"^": 1, "~": -1}.get(name[:1], 0)
    name = name.lstrip("^~").strip()
    invert = name.startswith("!")
    name = name.lstrip("!").strip().removeprefix("mcu:").strip()
    if not name or re.search(r"[\s^~!:]", name):
        raise WiringError(f"printer.cfg: {description!r} is not a pin. Write [^~][!]NAME, for example ^!PB6.")
    return Pin(aliases.get(name, name), invert, pullup)


def _steppers(sections: Sections, aliases: Mapping[str, str], is_delta: bool) -> tuple[Stepper, ...]:
    axes = "abc" if is_delta else "xyz"
    found: list[Stepper] = []
    for axis in axes:
        main = f"stepper_{axis}"
        if main not in sections:
            raise WiringError(f"printer.cfg: there is no section [{main}]. Klipper needs it: add it.")
        found.append(
            _stepper(Options(main, sections[main]), axis, aliases, first=found[0] if found else None)
        )
        number = 1
        while f"{main}{number}" in sections:
            options = Options(f"{main}{number}", sections[f"{main}{number}"])
            found.append(_stepper(options, axis, aliases, sibling=found[-1]))
            number += 1
    for name, values in sections.items():
        if re.match(r"^(extruder\d*|extruder_stepper .+|manual_stepper .+)$", name) and "step_pin" in values:
            options = Options(name, values)
            found.append(
                Stepper(
                    section=name,
                    axis="e",
                    step_pin=_pin(options.text("step_pin"), aliases).name,
                    dir_pin=_pin(options.text("dir_pin"), aliases),
                    enable_pin=_optional_pin(options, "enable_pin", aliases),
                    step_distance=_step_distance(options),
                )
            )
    return tuple(found)


def _stepper(
    options: Options,
    axis: str,
    aliases: Mapping[str, str],
    first: Stepper | None = None,
    sibling: Stepper | None = None,
) -> Stepper:
    is_tower = axis in "abc"
    endstop = options.optional("endstop_pin")
    virtual = endstop if endstop is not None and "virtual_endstop" in endstop else None
    default_endstop = first.position_endstop if is_tower and first else None
    if sibling is not None:
        low, high, position = sibling.position_min, sibling.position_max, sibling.position_endstop
    else:
        position = 0.0 if virtual else options.number("position_endstop", default_endstop)
        low = 0.0 if is_tower else options.number("position_min", 0.0)
        high = position if is_tower else options.number("position_max")
    positive = options.optional("homing_positive_dir")
    homes_to_max = (
        positive.lower() in ("1", "true", "yes", "on") if positive else position > low + (high - low) / 2.0
    )
    return Stepper(
        section=options.section,
        axis=axis,
        step_pin=_pin(options.text("step_pin"), aliases).name,
        dir_pin=_pin(options.text("dir_pin"), aliases),
        enable_pin=_optional_pin(options, "enable_pin", aliases),
        step_distance=_step_distance(options),
        endstop_pin=None if endstop is None or virtual else _pin(endstop, aliases),
        virtual_endstop=virtual,
        position_endstop=position,
        position_min=low,
        position_max=high,
        homes_to_max=homes_to_max or is_tower,
        arm_length=options.number("arm_length", first.arm_length if first else None) if is_tower else 0.0,
        angle=options.number("angle", _TOWER_ANGLES[axis]) if is_tower else 0.0,
    )


def _optional_pin(options: Options, option: str, aliases: Mapping[str, str]) -> Pin | None:
    value = options.optional(option)
    return None if value is None else _pin(value, aliases)


def _step_distance(options: Options) -> float:
    gearing = 1.0
    for pair in (options.optional("gear_ratio") or "").split(","):
        if not pair.strip():
            continue
        driven, _, driving = pair.partition(":")
        try:
            gearing *= float(driven) / float(driving)
        except (ValueError, ZeroDivisionError):
            raise WiringError(
                f"printer.cfg: gear_ratio in section [{options.section}] must look like 80:16, not {pair.strip()!r}."
            ) from None
    steps = options.number("full_steps_per_rotation", 200.0) * options.number("microsteps") * gearing
    if steps <= 0.0:
        raise WiringError(
            f"printer.cfg: section [{options.section}] makes no steps. Check microsteps and gear_ratio."
        )
    return options.number("rotation_distance") / steps


def _heaters(sections: Sections, aliases: Mapping[str, str]) -> tuple[HeaterWire, ...]:
    found: list[HeaterWire] = []
    for name, values in sections.items():
        is_heater = bool(_HEATERS.match(name))
        if not is_heater and not ("sensor_type" in values and "sensor_pin" in values):
            continue
        options = Options(name, values)
        thermistor = find_thermistor(options, sections)
        found.append(
            HeaterWire(
                section=name,
                heater_pin=_pin(options.text("heater_pin"), aliases) if is_heater else None,
                sensor_pin=_pin(options.text("sensor_pin"), aliases).name,
                thermistor=thermistor,
            )
        )
    return tuple(found)


def _probe(sections: Sections, aliases: Mapping[str, str]) -> ProbeWire | None:
    for name, pin_option in (("bltouch", "sensor_pin"), ("probe", "pin"), ("dockable_probe", "pin")):
        if name in sections:
            options = Options(name, sections[name])
            return ProbeWire(
                section=name,
                pin=_pin(options.text(pin_option), aliases),
                control_pin=_pin(options.text("control_pin"), aliases) if name == "bltouch" else None,
                x_offset=options.number("x_offset", 0.0),
                y_offset=options.number("y_offset", 0.0),
                z_offset=options.number("z_offset"),
            )
    return None


def _drive_places(sections: Sections) -> tuple[tuple[float, float], ...]:
    for name in ("z_tilt", "z_tilt_ng"):
        if name in sections:
            return _points(Options(name, sections[name]), "z_positions")
    if "quad_gantry_level" in sections:
        corners = _points(Options("quad_gantry_level", sections["quad_gantry_level"]), "gantry_corners")
        if len(corners) == 2:
            (left, front), (right, rear) = corners
            return (left, front), (left, rear), (right, rear), (right, front)
    return ()


def _points(options: Options, option: str) -> tuple[tuple[float, float], ...]:
    found: list[tuple[float, float]] = []
    for line in options.text(option).split("\n"):
        if not line.strip():
            continue
        try:
            x, y = (float(part) for part in line.split(","))
        except ValueError:
            raise WiringError(
                f"printer.cfg: {option} in section [{options.section}] must hold points such as 10, 20, one a line."
            ) from None
        found.append((x, y))
    return tuple(found)


def _eddy(sections: Sections) -> EddyWire | None:
    for name, values in sections.items():
        if name.split()[0] in ("probe_eddy_current", "ldc1612"):
            return EddyWire(name, Options(name, values).text("i2c_bus"))
    return None


def _all_pins(sections: Sections, aliases: Mapping[str, str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name, options in sections.items():
        if name.split()[0] in ("board_pins", "duplicate_pin_override", "gcode_macro"):
            continue
        for option, value in options.items():
            if not re.search(r"(^|_)pins?$", option):
                continue
            for description in value.split(","):
                bare = description.strip().lstrip("^~!").strip()
                if bare and ("virtual_endstop" not in bare):
                    found[_pin(description, aliases).name] = None
    return tuple(found)
