"""Typed reading of the printer's configuration, out of `configfile.settings` (lower-case keys, parsed values)."""

from collections.abc import Mapping
from typing import Any, Literal

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number, text

Settings = Mapping[str, Mapping[str, Any]]
ProbeKind = Literal[
    "probe",
    "bltouch",
    "smart_effector",
    "dockable_probe",
    "load_cell_probe",
    "probe_eddy_current",
    "scanner",
]

_KINDS: Mapping[str, ProbeKind] = {
    "probe": "probe",
    "bltouch": "bltouch",
    "smart_effector": "smart_effector",
    "dockable_probe": "dockable_probe",
    "annexed_probe": "dockable_probe",
    "load_cell_probe": "load_cell_probe",
    "probe_eddy_current": "probe_eddy_current",
    "probe_eddy_ng": "scanner",
    "cartographer": "scanner",
    "scanner": "scanner",
    "beacon": "scanner",
    "idm": "scanner",
}
TOOL_PROBE_ENDSTOP = "tool_probe_endstop"
"""The probe of klipper-toolchanger, which uses that of the active tool."""
_DEFAULT_SPEED = 5.0
_DEFAULT_RETRACT = 2.0


@dataclass(frozen=True)
class ProbeConfig:
    """The probe's section. Lengths in mm, speeds in mm/s; Klipper's defaults where nothing is configured.

    `drop_first_result` is Kalico's. `prepares`: each command deploys or attaches the probe first (a BLTouch's
    pin, activate_gcode, a dock); `wrapped`: a macro of the user wraps PROBE_ACCURACY.
    """

    section: str
    kind: ProbeKind
    x_offset: float = 0.0
    y_offset: float = 0.0
    z_offset: float = 0.0
    speed: float = _DEFAULT_SPEED
    lift_speed: float = _DEFAULT_SPEED
    samples: int = 1
    sample_retract_dist: float = _DEFAULT_RETRACT
    samples_result: str = "average"
    samples_tolerance: float = 0.1
    samples_tolerance_retries: int = 0
    activate_gcode: bool = False
    deactivate_gcode: bool = False
    drop_first_result: bool = False
    wrapped: bool = False

    @property
    def prepares(self) -> bool:
        """Whether each command moves the probe into place first."""
        return self.kind in ("bltouch", "dockable_probe") or self.activate_gcode or self.deactivate_gcode

    @property
    def senses_distance(self) -> bool:
        """Whether it reads triggered at a low height, where nothing touches the bed: a scanner."""
        return self.kind in ("probe_eddy_current", "scanner")

    @property
    def plain(self) -> bool:
        """Whether a command takes no time besides its samples."""
        return not (self.prepares or self.wrapped or self.drop_first_result)


@dataclass(frozen=True)
class StepperConfig:
    """One stepper's distance for one microstep, in mm."""

    section: str
    step_distance: float


@dataclass(frozen=True)
class ZRail:
    """The Z rail. `section` is stepper_z, a generic cartesian's `carriage …`, or a delta's first tower.

    `homes_with_probe`: Z homes by the probe, so that z_offset rather than position_endstop sets the height.
    """

    section: str
    endstop_pin: str
    homes_with_probe: bool
    position_min: float
    position_max: float | None
    position_endstop: float | None

    @property
    def has_position(self) -> bool:
        """Whether a position_endstop sets the height, which a paper test can measure."""
        return self.position_endstop is not None and not self.homes_with_probe


def kinematics(state: PrinterState) -> str:
    """The kinematics' name, "" where unknown."""
    return text(_section(state.settings, "printer").get("kinematics")) or ""


def is_delta(state: PrinterState) -> bool:
    """Whether arms carry the toolhead, so that no axis has a Z rail of its own."""
    return kinematics(state) in ("delta", "rotary_delta", "deltesian")


def towers_without_endstop(state: PrinterState) -> tuple[str, ...]:
    """A delta's towers that have no position_endstop in printer.cfg: they have the first one's, and
    Z_OFFSET_APPLY_ENDSTOP shuts Klipper down (klippy/extras/manual_probe.py)."""
    if kinematics(state) != "delta":
        return ()
    towers = ("stepper_a", "stepper_b", "stepper_c")
    return tuple(name for name in towers if "position_endstop" not in state.config.get(name, {}))


def has_round_bed(state: PrinterState) -> bool:
    """Whether the toolhead's area is a circle around 0,0."""
    return kinematics(state) in ("delta", "rotary_delta", "polar")


def probe_config(state: PrinterState) -> ProbeConfig | None:
    """The probe, or None where there is none. The probe object names its section; where it does not (plugins of
    scanning probes), the sections are searched."""
    section = _probe_section(state)
    if section is None:
        return None
    options = _section(state.settings, section)
    speed = number(options.get("speed")) or _DEFAULT_SPEED
    return ProbeConfig(
        section=section,
        kind=_KINDS.get(section.split()[0], "probe"),
        x_offset=number(options.get("x_offset")) or 0.0,
        y_offset=number(options.get("y_offset")) or 0.0,
        z_offset=0.0 if "descend_z" in options else number(options.get("z_offset")) or 0.0,
        speed=speed,
        lift_speed=number(options.get("lift_speed")) or speed,
        samples=int(number(options.get("samples")) or 1),
        sample_retract_dist=number(options.get("sample_retract_dist")) or _DEFAULT_RETRACT,
        samples_result=text(options.get("samples_result")) or "average",
        samples_tolerance=_or(number(options.get("samples_tolerance")), 0.1),
        samples_tolerance_retries=int(number(options.get("samples_tolerance_retries")) or 0),
        activate_gcode=_has_text(options.get("activate_gcode")),
        deactivate_gcode=_has_text(options.get("deactivate_gcode")),
        drop_first_result=_true(options.get("drop_first_result")),
        wrapped=macro_wraps(state, "PROBE_ACCURACY"),
    )


def has_probe(state: PrinterState) -> bool:
    """Whether there is a probe."""
    return _probe_section(state) is not None


def macro_wraps(state: PrinterState, command: str) -> bool:
    """Whether a macro of the user's has taken a command's name and calls the original under another."""
    options = _section(state.settings, f"gcode_macro {command.lower()}")
    return _has_text(options.get("rename_existing"))


def homes_by_macros(state: PrinterState) -> bool:
    """Whether G28 runs G-code of the user's, which can attach a docked probe first."""
    return "homing_override" in state.settings or macro_wraps(state, "G28")


def z_rail(state: PrinterState) -> ZRail | None:
    """The rail that carries Z, or None where the configuration shows none."""
    section = _z_section(state)
    if section is None:
        return None
    options = _section(state.settings, section)
    pin = text(options.get("endstop_pin")) or ""
    minimum = number(options.get("position_min"))
    if is_delta(state):
        minimum = number(_section(state.settings, "printer").get("minimum_z_position"))
    return ZRail(
        section=section,
        endstop_pin=pin,
        homes_with_probe="z_virtual_endstop" in pin.replace(" ", "") and "probe:" in pin.replace(" ", ""),
        position_min=minimum or 0.0,
        position_max=number(options.get("position_max")),
        position_endstop=number(options.get("position_endstop")),
    )


def z_steppers(state: PrinterState) -> tuple[StepperConfig, ...]:
    """Every stepper that moves Z, as far as its step distance can be read.

    On a delta the towers' carriages count as Z: straight up and down they move as far as the toolhead. On a CoreXZ
    both belts do, and a pure Z move takes steps on each, so that the finer of X and Z never counts alone.
    """
    names = [name for name in state.settings if _moves_z(name, kinematics(state), state.settings)]
    found = ((name, step_distance(state.settings, name)) for name in sorted(names))
    return tuple(StepperConfig(name, distance) for name, distance in found if distance is not None)


def z_step_distance(state: PrinterState) -> float | None:
    """The coarsest of the Z steppers' steps in mm: nothing on the printer can resolve less. None where unknown."""
    return max((stepper.step_distance for stepper in z_steppers(state)), default=None)


def step_distance(settings: Settings, section: str) -> float | None:
    """One microstep of a stepper in mm: rotation_distance / (full steps × microsteps × gear ratios)
    (Klipper docs, Rotation_Distance and Config_Reference, gear_ratio). None where an option is missing."""
    options = _section(settings, section)
    rotation = number(options.get("rotation_distance"))
    microsteps = number(options.get("microsteps"))
    if rotation is None or microsteps is None or microsteps <= 0:
        old_style = number(options.get("step_distance"))
        return old_style if old_style is not None and old_style > 0 else None
    steps = _or(number(options.get("full_steps_per_rotation")), 200.0) * microsteps
    gears = gearing(options.get("gear_ratio"))
    if gears is None or steps <= 0 or rotation <= 0:
        return None
    return rotation / (steps * gears)


def gearing(value: object) -> float | None:
    """The product of a gear_ratio, which klippy gives as a list of pairs; 1 for none, None for something else.
    The text form of printer.cfg ("80:16, 2:1") is understood too."""
    if value is None or value == "":
        return 1.0
    if isinstance(value, str):
        value = [pair.split(":") for pair in value.split(",")]
    if not isinstance(value, list | tuple):
        return None
    product = 1.0
    for pair in value:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            return None
        driven, driving = (_teeth(teeth) for teeth in pair)
        if driven is None or driving is None:
            return None
        product *= driven / driving
    return product


def _teeth(value: object) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    found = number(value)
    return found if found is not None and found > 0 else None


def _probe_section(state: PrinterState) -> str | None:
    if state.probe is not None and state.probe.name.lower() in state.settings:
        name = state.probe.name.lower()
        tools = tool_probes(state)
        if not tools or not _is_routed(state, name):
            return name
        # A toolchanger's probe object has its offsets in the active tool's own section
        active = state.probe.tool.lower()
        return active if active in tools else tools[0] if len(tools) == 1 else name
    return find_probe(state.settings)


def _is_routed(state: PrinterState, name: str) -> bool:
    """Whether this probe object measures with the active tool's probe. A z_offset in its own section is left over."""
    return name.startswith(TOOL_PROBE_ENDSTOP) or "z_offset" not in state.settings[name]


def tool_probes(state: PrinterState) -> tuple[str, ...]:
    """The sections of a toolchanger's probes, `tool_probe …`, each with a z_offset of its own."""
    return tuple(
        name
        for name, options in state.settings.items()
        if name.startswith("tool_probe ") and "z_offset" in options
    )


def find_probe(settings: Settings) -> str | None:
    """The probe's section by the sections' names alone; None without one."""
    for kind in _KINDS:
        for section in settings:
            if section.split()[0:1] == [kind]:
                return section
    return None


def _z_section(state: PrinterState) -> str | None:
    if "stepper_z" in state.settings:
        return "stepper_z"
    for section, options in state.settings.items():
        if section.startswith("carriage ") and "endstop_pin" in options:
            axis = text(options.get("axis")) or section.split()[-1]
            if axis.lower() == "z":
                return section
    towers = ("stepper_a", "stepper_left") if is_delta(state) else ()
    return next((tower for tower in towers if tower in state.settings), None)


def _moves_z(section: str, kind: str, settings: Settings) -> bool:
    if kind in ("delta", "rotary_delta"):
        return section in ("stepper_a", "stepper_b", "stepper_c")
    if kind == "deltesian":
        return section in ("stepper_left", "stepper_right")
    if kind in ("corexz", "hybrid_corexz") and section.startswith(("stepper_x", "stepper_z")):
        return True
    if kind == "generic_cartesian" and section.startswith("stepper "):
        carriages = (text(_section(settings, section).get("carriages")) or "").replace(" ", "").lower()
        return "z" in carriages
    return section.startswith("stepper_z") and section.removeprefix("stepper_z").strip("0123456789") == ""


def _section(settings: Settings, name: str) -> Mapping[str, Any]:
    return settings.get(name, {})


def _has_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _true(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() in ("true", "1", "yes", "on"))


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
