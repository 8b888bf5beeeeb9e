"""Pins that two sections use: klippy does not start with them, unless [duplicate_pin_override] names the pin.

Like klippy's, the first check compares pins as they are written, and only of options for which klippy takes the pin for
itself; the second refuses a pin that has two names. Source: klippy/pins.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from zcal_tui.klipper_config.configuration import Configuration, Section
from zcal_tui.sim import wiring_replicape
from zcal_tui.sim.refusals import Refusals
from zcal_tui.sim.sections import KINDS, kind_name
from zcal_tui.sim.wiring_devices import BUTTONS
from zcal_tui.sim.wiring_pins import PinDescription, WiringPins, read_pins
from zcal_tui.sim.wiring_types import MAIN

_MOTORS = ("stepper", "extruder", "manual_stepper", "extruder_stepper")
_HEATERS = ("extruder", "heater_bed", "heater_generic", "temperature_fan")
_SENSORS = (*_HEATERS, "temperature_sensor")
_FANS = ("fan", "heater_fan", "controller_fan", "fan_generic", "temperature_fan")
_EXCLUSIVE = {
    "step_pin": _MOTORS,
    "dir_pin": _MOTORS,
    "heater_pin": _HEATERS,
    "sensor_pin": (*_SENSORS, "bltouch"),
    "control_pin": ("bltouch",),
    "endstop_pin": ("stepper", "manual_stepper"),
    "pin": (
        *("probe", *_FANS, "output_pin"),
        *("pwm_tool", "servo", "neopixel", "static_pwm_clock", "gcode_button"),
    ),
    "tachometer_pin": _FANS,
    **dict.fromkeys(("red_pin", "green_pin", "blue_pin", "white_pin"), ("led",)),
    **dict.fromkeys(("data_pin", "clock_pin"), ("dotstar",)),
    **dict.fromkeys(("dout_pin", "sclk_pin"), ("load_cell", "load_cell_probe")),
    **dict.fromkeys(BUTTONS, ("display",)),
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
    pins = read_pins(section.get("pins") or "") if section else ()
    return frozenset(_place(pin) for _, pin in pins)


def _uses(configuration: Configuration) -> Iterator[PinUse]:
    further = (name.split(maxsplit=1)[1] for name in configuration.sections if name.startswith("mcu "))
    chips = {MAIN, *further, wiring_replicape.KIND}
    groups: set[str] = set()
    for section in configuration.sections.values():
        for option, pin in _exclusive(section):
            if pin.chip == "multi_pin":
                groups.add(pin.name)
            elif (pin.chip or MAIN) in chips:
                yield PinUse(section, option, _place(pin), (pin.pullup, pin.invert))
    for name in sorted(groups):
        group = configuration.sections.get(f"multi_pin {name}")
        for _, pin in read_pins(group.get("pins") or "") if group else ():
            if group is not None and (pin.chip or MAIN) in chips:
                yield PinUse(group, "pins", _place(pin), (pin.pullup, pin.invert))


def _exclusive(section: Section) -> Iterator[tuple[str, PinDescription]]:
    name = kind_name(section.name)
    kind = KINDS.get(name)
    if kind is None or kind.refused:
        return
    for option, value in section.options.items():
        if name in _EXCLUSIVE.get(option, ()) or (option == _ENABLE and name in _MOTORS):
            range_option = "analog_range" if name == "gcode_button" else f"analog_range_{option}"
            if section.get(range_option) is not None:
                continue  # klippy lets analog buttons share their pin
            yield from ((option, pin) for _, pin in read_pins(value.value))


def _place(pin: PinDescription) -> tuple[str, str]:
    return pin.chip or MAIN, pin.name


def refuse_second_names(configuration: Configuration, pins: WiringPins, refusals: Refusals) -> None:
    """Refuse a pin that is used under its name and an alias, or under two aliases, whatever may be shared."""
    diagnostic = {
        (section.get("endstop_pin") or "").rpartition(":")[0].strip()
        for section in configuration.sections.values()
    }
    names: dict[str, tuple[str, str]] = {}
    for section in configuration.sections.values():
        kind = KINDS.get(kind_name(section.name))
        if kind is None or kind.refused:
            continue
        for option, name, pin in pins.written(section):
            # klippy takes a driver's diagnostic pin only for homing
            if option.startswith("diag") and section.name.replace(" ", "_") not in diagnostic:
                continue
            first, where = names.setdefault(pin, (name, f"[{section.name}] {option}"))
            if first != name:
                reason = f"{name} is the same pin as {first}, by which {where} names it. Klipper takes only one name."
                refusals.option(section, option, reason)
