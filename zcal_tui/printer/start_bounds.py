"""The bounds within which Klipper accepts a configuration's Z values when it starts. Pure.

Klipper checks these while it reads printer.cfg: a value beyond one ends in an error instead of a printer. Sources:
klippy/stepper.py (PrinterRail, GenericPrinterRail), klippy/kinematics/delta.py, deltesian.py and rotary_delta.py,
klippy/extras/bltouch.py and probe_eddy_current.py, Kalico's own versions of them, and protoloft's z_calibration.
"""

import re
from collections.abc import Iterator, Mapping

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.axis_twist import LISTS
from zcal_tui.printer.axis_twist import SECTION as TWIST_SECTION
from zcal_tui.printer.config_view import Settings, find_probe
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number

Texts = Mapping[str, Mapping[str, str]]
"""A configuration's texts, {section: {option: text}}, with option names in lower case."""

LOWEST_POSITION_MIN = -5.0
"""mm. This program never proposes a lower position_min."""
POSITION_MIN_ROOM = 0.5
"""mm below position_endstop at which a lowered position_min is proposed."""
BLTOUCH_ACCEPTS_NEGATIVE = (0, 13)
"""The release of Klipper from which [bltouch] accepts any z_offset; Kalico and older ones refuse a negative one."""
ENDSTOP_PROBES = ("probe", "bltouch", "smart_effector", "dockable_probe", "load_cell_probe")
"""Probes whose z_offset is the position of probe:z_virtual_endstop."""

_VERSION = re.compile(r"v?(\d+)\.(\d+)")
_TRUE = ("true", "yes", "on", "1")
_TOWERS = {
    "delta": ("stepper_a", "stepper_b", "stepper_c"),
    "rotary_delta": ("stepper_a", "stepper_b", "stepper_c"),
    "deltesian": ("stepper_left", "stepper_right"),
}


@dataclass(frozen=True)
class Companion:
    """A second value with which Klipper would start."""

    section: str
    option: str
    old: str | None
    """The text that it has now; None if it is not set."""
    new: str


@dataclass(frozen=True)
class StartProblem:
    """A value with which Klipper would not start."""

    section: str
    option: str
    why: str
    """The bound, as a sentence."""
    companion: Companion | None = None
    """What would have to change with it; None if there is no such value, or no safe one."""


class Bounds:
    """Finds the values of configurations with which one printer's Klipper would not start."""

    def __init__(self, app: str, version: str, settings: Settings, running: Texts) -> None:
        """`settings` and `running` are what Klipper runs with: a text that is no number counts as it was parsed."""
        self._app = app
        self._version = version
        self._settings = settings
        self._running = _lower(running)

    def problems(self, config: Texts) -> tuple[StartProblem, ...]:
        """The values of a configuration with which Klipper would not start.

        What would be one in the running configuration as well is none: Klipper has started with it.
        """
        known = {(found.section, found.option) for found in self._all(self._running)}
        return tuple(
            found for found in self._all(_lower(config)) if (found.section, found.option) not in known
        )

    def z_offset_minimum(self, section: str) -> float | None:
        """The least z_offset that this Klipper accepts in a probe's section; None if it accepts any."""
        match section.split()[0]:
            case "bltouch":
                found = _VERSION.match(self._version)
                release = (0, 0) if found is None else (int(found[1]), int(found[2]))
                accepts = self._app == "Klipper" and release >= BLTOUCH_ACCEPTS_NEGATIVE
                return None if accepts else 0.0
            case "probe_eddy_current":
                return 0.0
        return None

    def _all(self, config: Texts) -> Iterator[StartProblem]:
        kinematics = config.get("printer", {}).get("kinematics", "").strip()
        towers = _TOWERS.get(kinematics, ())
        yield from self._towers(config, towers)
        for section in config:
            kind = section.split()[0] if section.split() else ""
            if (kind.startswith("stepper_") or kind == "carriage") and section not in towers:
                yield from self._rail(config, section)
            yield from self._own(config, section)

    def _rail(self, config: Texts, section: str) -> Iterator[StartProblem]:
        """klippy/stepper.py: the endstop within the axis, and the direction of homing."""
        pin = config[section].get("endstop_pin", "").replace(" ", "")
        if not pin:
            return
        where, option = section, "position_endstop"
        if "z_virtual_endstop" in pin:
            where, option = find_probe(config) or "", "z_offset"
            if where.split()[:1] == [] or where.split()[0] not in ENDSTOP_PROBES:
                return
        endstop = self._number(config, where, option)
        low = self._number(config, section, "position_min", 0.0)
        high = self._number(config, section, "position_max")
        if endstop is None or low is None or high is None:
            return
        if endstop < low:
            yield StartProblem(
                where,
                option,
                f"Klipper would not start: position_min of [{section}] is {low:g}, and {option} must not be below it.",
                self._lower_minimum(config, section, endstop),
            )
        elif endstop > high:
            yield StartProblem(
                where,
                option,
                f"Klipper would not start: position_max of [{section}] is {high:g}, and {option} must not be above it.",
            )
        else:
            yield from self._direction(config, section, (where, option), (low, endstop, high))

    def _direction(
        self, config: Texts, section: str, place: tuple[str, str], values: tuple[float, float, float]
    ) -> Iterator[StartProblem]:
        low, endstop, high = values
        text = config[section].get("homing_positive_dir", "").strip().lower()
        quarter = (high - low) / 4.0
        if not text:
            if low + quarter < endstop < high - quarter:
                yield StartProblem(
                    *place,
                    f"Klipper would not start: it cannot infer homing_positive_dir of [{section}] from {endstop:g}.",
                )
        elif endstop == (low if text in _TRUE else high):
            yield StartProblem(
                *place,
                f"Klipper would not start: {endstop:g} is the end of [{section}] that homing moves away from.",
            )

    def _lower_minimum(self, config: Texts, section: str, endstop: float) -> Companion | None:
        if endstop < LOWEST_POSITION_MIN:
            return None
        new = max(LOWEST_POSITION_MIN, endstop - POSITION_MIN_ROOM)
        return Companion(section, "position_min", config[section].get("position_min"), f"{new:.3f}")

    def _towers(self, config: Texts, towers: tuple[str, ...]) -> Iterator[StartProblem]:
        """A delta's endstops: the first is the others' default, and none is below 0 or minimum_z_position."""
        positions: dict[str, float] = {}
        default = None
        for tower in towers:
            position = self._number(config, tower, "position_endstop", default)
            default = position if default is None else default
            if position is not None:
                positions[tower] = position
        lowest = self._number(config, "printer", "minimum_z_position", 0.0)
        for tower, position in positions.items():
            if position < 0.0:
                yield StartProblem(
                    tower, "position_endstop", "Klipper would not start: it must not be negative."
                )
            elif lowest is not None and position < lowest and towers[0] == "stepper_a":
                yield StartProblem(
                    tower,
                    "position_endstop",
                    f"Klipper would not start: minimum_z_position is {lowest:g}, which is above it.",
                )

    def _own(self, config: Texts, section: str) -> Iterator[StartProblem]:
        """The minima of a section's own options."""
        minimum = self.z_offset_minimum(section) if section.split() else None
        z_offset = self._number(config, section, "z_offset")
        if minimum is not None and z_offset is not None and z_offset < minimum:
            yield StartProblem(
                section,
                "z_offset",
                f"Klipper would not start: it accepts no z_offset below {minimum:g} in [{section}].",
            )
        if section == TWIST_SECTION:
            yield from self._twist(config)
        if section == "z_calibration":
            switch_offset = self._number(config, section, "switch_offset")
            if switch_offset is not None and switch_offset <= 0.0:
                yield StartProblem(
                    section, "switch_offset", "Klipper would not start: switch_offset must be above 0."
                )

    def _twist(self, config: Texts) -> Iterator[StartProblem]:
        """A list of values needs its ends: Kalico does not start without them, Klipper stops at the next probe."""
        own = config[TWIST_SECTION]
        if "zy_compensations" not in self._settings.get(TWIST_SECTION, {}):
            return  # this Klipper takes the ends of its own calibration, which it requires
        for option, axis in LISTS.items():
            if not own.get(option, "").strip():
                continue
            ends = (f"compensation_start_{axis}", f"compensation_end_{axis}")
            start, end = (self._number(config, TWIST_SECTION, name) for name in ends)
            if start is None or end is None or start == end or "," not in own[option]:
                yield StartProblem(
                    TWIST_SECTION,
                    option,
                    f"Klipper would stop at the next probe: {option} needs two values or more, and {ends[0]} and "
                    f"{ends[1]} that differ.",
                )

    def _number(self, config: Texts, section: str, option: str, default: float | None = None) -> float | None:
        """An option as a number; None where it is unknown."""
        text = config.get(section, {}).get(option)
        if text is None:
            return default
        try:
            return float(text)
        except ValueError:
            # Kalico replaces ${…} itself: what it has made of the same text is known
            if text != self._running.get(section, {}).get(option):
                return None
            return number(self._settings.get(section, {}).get(option))


def overlaid(config: Texts, values: Texts) -> Texts:
    """A configuration with these values set; an empty section is one that is removed."""
    result = {section.lower(): dict(options) for section, options in config.items()}
    for section, options in values.items():
        if not options:
            result.pop(section.lower(), None)
            continue
        result.setdefault(section.lower(), {}).update(options)
    return result


def _lower(config: Texts) -> Texts:
    return {section.lower(): options for section, options in config.items()}


def bounds_of(state: PrinterState) -> Bounds:
    """The bounds of a printer's Klipper."""
    return Bounds(state.app, state.software_version, state.settings, state.config)
