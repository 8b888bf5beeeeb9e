"""Options without which klippy does not start, and what `--strip` assumes for those that calibrating would save.

A published configuration often lacks the SAVE_CONFIG block of its printer, or has its values commented out. One from
before 2021 has a step_distance instead of a rotation_distance.
Source: Klipper docs, Config_Reference.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zcal_tui.klipper_config.configuration import Configuration, Section, boolean
from zcal_tui.klipper_config.files import FileLocation
from zcal_tui.sim.sections import driven, kind_name

_HEATER = ("control", "min_temp", "max_temp")
_MANDATORY: Mapping[str, tuple[str, ...]] = {
    "printer": ("max_velocity", "max_accel"),
    "extruder": ("nozzle_diameter", "filament_diameter", *_HEATER),
    "heater_bed": _HEATER,
    "heater_generic": _HEATER,
}
_PID: Mapping[str, str] = {"pid_kp": "22", "pid_ki": "1", "pid_kd": "110"}
"""A usual set of values: the simulated heaters are far from exact."""
_KALICO: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("tmc2130", "tmc2208", "tmc2209"), ("sense_resistor", "0.110")),
    "tmc2240": ("rref", "12000"),
    "tmc5160": ("sense_resistor", "0.075"),
}
"""What Kalico demands of a driver, and Klipper's default. Source: Kalico docs, Config_Reference."""
_TRIGGER_HEIGHT = "2"
"""mm. About what a probe that deploys a pin has."""
_ENDSTOP = 0.5
"""mm. What Klipper's example configurations have for a Z endstop."""


@dataclass(frozen=True, slots=True)
class AssumedValue:
    """An option that the files leave out, and its value in the copy."""

    section: str
    option: str
    value: str
    place: FileLocation


def is_second_microsteps(configuration: Configuration, section: Section, option: str) -> bool:
    """Whether a driver has the microsteps that klippy takes from its motor's section, and from nowhere else then."""
    motor = configuration.sections.get(driven(section)) if section.kind.startswith("tmc") else None
    return option == "microsteps" and motor is not None and motor.get("microsteps") is not None


SECOND_MICROSTEPS = "Klipper takes it from the section of the motor, and refuses it here."


def missing_options(section: Section, *, kalico: bool) -> Iterator[str]:
    """The options that a section lacks. Those on which its wiring depends are refused where they are read."""
    if kalico and section.kind in _KALICO and section.get(_KALICO[section.kind][0]) is None:
        yield _KALICO[section.kind][0]
    kind = kind_name(section.name)
    if section.get("shared_heater") is not None:  # of another extruder
        return
    yield from (option for option in _MANDATORY.get(kind, ()) if section.get(option) is None)
    if "control" in _MANDATORY.get(kind, ()) and (section.get("control") or "").strip() == "pid":
        yield from (option for option in _PID if section.get(option) is None)


def assumed_values(configuration: Configuration, *, kalico: bool) -> Iterator[AssumedValue]:
    """A value for each option that calibrating would have saved and that is not there, or that only Kalico needs."""
    microsteps = {
        driven(section): section.get("microsteps") or ""
        for section in configuration.sections.values()
        if section.kind.startswith("tmc") and section.get("microsteps") is not None
    }
    for section in configuration.sections.values():
        values = [*_assumed(section, microsteps)]
        if kalico and section.kind in _KALICO:
            values.append(_KALICO[section.kind])
        for option, value in values:
            if section.get(option) is None:
                yield AssumedValue(section.name, option, value, section.place)


def _assumed(section: Section, microsteps: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    kind = kind_name(section.name)
    if section.name in ("probe", "bltouch"):
        yield "z_offset", _TRIGGER_HEIGHT
    elif kind in ("stepper", "extruder") and (distance := section.get("step_distance")) is not None:
        yield from _of_step_distance(section, distance, microsteps.get(section.name, "16"))
    if section.name == "stepper_z" and "virtual_endstop" not in (
        section.get("endstop_pin") or "virtual_endstop"
    ):
        yield "position_endstop", f"{_endstop(section):g}"
    elif "control" in _MANDATORY.get(kind, ()) and section.get("heater_pin") is not None:
        control = section.get("control")
        yield "control", "pid"
        if control is None or control.strip() == "pid":
            yield from _PID.items()


def _of_step_distance(section: Section, distance: str, microsteps: str) -> Iterator[tuple[str, str]]:
    """What took the place of step_distance in Klipper of 2021, for the same distance."""
    try:
        steps = float(microsteps) * float(section.get("full_steps_per_rotation") or 200.0)
        rotation = float(distance) * steps
    except ValueError:  # refused where it is read
        return
    yield "microsteps", microsteps
    yield "rotation_distance", f"{rotation:g}"


def _endstop(section: Section) -> float:
    try:
        low, high = float(section.get("position_min") or 0.0), float(section.get("position_max") or "")
    except ValueError:  # refused where it is read
        return _ENDSTOP
    upwards = boolean(section.get("homing_positive_dir") or "")
    return high if upwards else min(max(_ENDSTOP, low), high)
