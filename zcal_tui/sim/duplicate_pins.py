"""Pins that two sections use: klippy does not start with them, unless [duplicate_pin_override] names the pin.

Like klippy's, the check compares pins as they are written: an alias of a pin is another pin. Only options of which
klippy takes the pin for itself are compared. Source: klippy/pins.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from zcal_tui.klipper_config.configuration import Configuration, Section
from zcal_tui.sim.refusals import Refusals
from zcal_tui.sim.sections import KINDS, kind_name
from zcal_tui.sim.wiring_types import MAIN

_MOTORS = ("stepper", "extruder", "manual_stepper", "extruder_stepper")
_HEATERS = ("extruder", "heater_bed", "heater_generic", "temperature_fan")
_SENSORS = (*_HEATERS, "temperature_sensor")
_EXCLUSIVE = {
    "step_pin": _MOTORS,
    "dir_pin": _MOTORS,
    "heater_pin": _HEATERS,
    "sensor_pin": (*_SENSORS, "bltouch"),
    "control_pin": ("bltouch",),
    "endstop_pin": ("stepper", "manual_stepper"),
    "pin": (
        *("probe", "fan", "heater_fan", "controller_fan", "fan_generic", "temperature_fan", "output_pin"),
        *("pwm_tool", "servo", "neopixel"),
    ),
    "pins": ("static_digital_output",),
    "switch_pin": ("filament_switch_sensor", "filament_motion_sensor"),
}
"""Options whose pins klippy shares with nobody, by the kinds of sections in which it does not."""
_ENABLE = "enable_pin"
"""Motors share it with each other, if all give it the same polarity."""
_LAST = ("stepper", "extruder")
"""Kinds that klippy loads after the others, so that an override anywhere is known by then."""


@dataclass(frozen=True, slots=True)
class PinUse:
    """One use of a pin: its chip and name as written, and how."""

    section: Section
    option: str
    pin: tuple[str, str]
    polarity: tuple[str, bool]

    @property
    def is_shared(self) -> bool:
        """Whether further motors may have the pin too."""
        return self.option == _ENABLE

    @property
    def rail(self) -> str:
        """Of an endstop, the rail whose steppers may share it."""
        return self.section.name.rstrip("0123456789") if self.option == "endstop_pin" else ""


def refuse_duplicate_pins(configuration: Configuration, refusals: Refusals) -> None:
    """Refuse each further use of a pin that is taken."""
    order = {name: number for number, name in enumerate(configuration.sections)}
    allowed = _allowed(configuration)
    override = order.get("duplicate_pin_override", len(order))
    uses = sorted(_uses(configuration), key=lambda use: kind_name(use.section.name) in _LAST)
    taken: dict[tuple[str, str], PinUse] = {}
    for use in uses:
        first = taken.setdefault(use.pin, use)
        if first is use or (use.rail and use.rail == first.rail):
            continue
        late = kind_name(use.section.name) in _LAST or order[use.section.name] > override
        if use.pin in allowed and late:
            continue
        where = f"[{first.section.name}] {first.option}"
        name = ":".join(use.pin).removeprefix(f"{MAIN}:")
        if not (use.is_shared and first.is_shared):
            rule = f"It shares the pin {name} with {where}, which needs [duplicate_pin_override] above this section."
            refusals.option(use.section, use.option, rule)
        elif use.polarity != first.polarity:
            refusals.option(
                use.section, use.option, f"It shares the pin {name} with {where}, but not its ! or ^."
            )


def _allowed(configuration: Configuration) -> frozenset[tuple[str, str]]:
    section = configuration.sections.get("duplicate_pin_override")
    pins = (section.get("pins") or "").replace("\n", ",").split(",") if section else []
    return frozenset(_parse(pin)[0] for pin in pins if pin.strip())


def _uses(configuration: Configuration) -> Iterator[PinUse]:
    chips = {MAIN, *(name.split(maxsplit=1)[1] for name in configuration.sections if name.startswith("mcu "))}
    groups: set[str] = set()
    for section in configuration.sections.values():
        for option, description in _descriptions(section):
            pin, polarity = _parse(description)
            if pin[0] == "multi_pin":
                groups.add(pin[1])
            elif pin[0] in chips:
                yield PinUse(section, option, pin, polarity)
    for name in sorted(groups):
        group = configuration.sections.get(f"multi_pin {name}")
        for description in (group.get("pins") or "").replace("\n", ",").split(",") if group else ():
            pin, polarity = _parse(description)
            if group is not None and description.strip() and pin[0] in chips:
                yield PinUse(group, "pins", pin, polarity)


def _descriptions(section: Section) -> Iterator[tuple[str, str]]:
    name = kind_name(section.name)
    kind = KINDS.get(name)
    if kind is None or kind.refused:
        return
    for option, value in section.options.items():
        if name in _EXCLUSIVE.get(option, ()) or (option == _ENABLE and name in _MOTORS):
            for description in value.value.replace("\n", ",").split(","):
                if description.strip():
                    yield option, description


def _parse(description: str) -> tuple[tuple[str, str], tuple[str, bool]]:
    """Chip and name; pullup and whether it is inverted."""
    text = description.strip()
    pullup = text[:1] if text[:1] in ("^", "~") else ""
    text = text.removeprefix(pullup).strip()
    invert = text.startswith("!")
    chip, colon, name = text.removeprefix("!").strip().partition(":")
    return (chip.strip(), name.strip()) if colon else (MAIN, chip.strip()), (pullup, invert)
