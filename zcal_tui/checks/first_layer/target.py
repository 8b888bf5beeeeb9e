"""The configured value that sets the height of Z 0. Pure."""

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Change
from zcal_tui.model.units import closer_farther
from zcal_tui.printer.config_view import is_delta, probe_config, z_rail
from zcal_tui.printer.scanner_calibrations import own_command
from zcal_tui.printer.scanner_plugins import EDDY_NG
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number
from zcal_tui.printer.z_calibration import section

TOWERS = ("stepper_a", "stepper_b", "stepper_c", "stepper_left", "stepper_right")
DISTANCE_SENSORS = ("probe_eddy_current", "scanner")


@dataclass(frozen=True)
class OffsetTarget:
    """A value in printer.cfg that Z 0 follows: raising Z 0 by d lowers the value by d.

    `shift` is what of the live G-code offset the value takes over, since a restart loses it (mm).
    """

    option: str
    olds: tuple[tuple[str, float], ...]
    """The sections that have it, with their values: three on a delta."""
    shift: float = 0.0

    @property
    def old(self) -> float:
        """The first of them."""
        return self.olds[0][1]

    def changes(self, adjustment: float) -> tuple[Change, ...]:
        """The changes for Z 0 to be higher by `adjustment` (mm)."""
        effect = closer_farther(adjustment)
        if self.shift:
            effect += f", including the live offset of {self.shift:+.3f}"
        return tuple(
            Change(
                name, self.option, f"{old:g}", f"{self.new(old, adjustment):.3f}", saves=True, effect=effect
            )
            for name, old in self.olds
        )

    def new(self, old: float, adjustment: float) -> float:
        """What a value becomes."""
        return old - self.shift - adjustment


def target_of(state: PrinterState, *, automatic: bool) -> OffsetTarget | None:
    """The value to change: `automatic` where the offset in force is that of CALIBRATE_Z. None where no value in
    printer.cfg does: a switch_offset that a macro hands over, or a sensor that measures distances and is calibrated as
    a whole."""
    live = state.homing_origin[2]
    if automatic:
        here = section(state)
        if here is None or here.switch_offset is None:
            return None
        return OffsetTarget("switch_offset", (("z_calibration", here.switch_offset),))
    rail, probe = z_rail(state), probe_config(state)
    if rail is not None and rail.homes_with_probe:
        if probe is None or probe.kind in DISTANCE_SENSORS:
            return None
        if "z_offset" not in state.settings.get(probe.section, {}):
            return None  # a toolchanger's: each tool has its own
        return OffsetTarget("z_offset", ((probe.section, probe.z_offset),), live)
    towers = tuple(name for name in TOWERS if name in state.settings)
    names = towers if is_delta(state) else () if rail is None else (rail.section,)
    olds = []
    for name in names:
        # A delta's second and third tower inherit the first one's
        value = number(state.settings.get(name, {}).get("position_endstop"))
        value = value if value is not None else (None if rail is None else rail.position_endstop)
        if value is not None:
            olds.append((name, value))
    return OffsetTarget("position_endstop", tuple(olds), live) if olds and len(olds) == len(names) else None


APPLY = "Z_OFFSET_APPLY_PROBE"


def without_target(state: PrinterState, adjustment: float, by_contact: str = "") -> str:
    """What to do where no value in printer.cfg can be edited, as sentences. `by_contact`: the command by which nozzle
    contact gave Z 0."""
    probe = probe_config(state)
    section = "" if probe is None else probe.section
    shift = f"Shift the offset by {adjustment:+.3f} (SET_GCODE_OFFSET Z_ADJUST={adjustment:.3f})."
    match section.partition(" ")[0], bool(by_contact):
        case "probe_eddy_current", True:
            return f"{shift} Then run {APPLY} METHOD=tap and SAVE_CONFIG: it changes tap_z_offset."
        case "probe_eddy_current", False if state.has_command(APPLY) is False:
            return (
                f"Calibrate the sensor's heights again with Z offset (`z-offset`). This Klipper has no {APPLY} for "
                "this sensor, and it has no z_offset to edit."
            )
        case kind, True if kind == EDDY_NG:
            return f"{shift} Then run {APPLY} and SAVE_CONFIG: it changes tap_adjust_z."
        case kind, False if kind == EDDY_NG:
            return (
                f"Calibrate the sensor again: run {own_command(state, section)} and SAVE_CONFIG. {APPLY} changes only "
                "tap_adjust_z, which has no effect on homing."
            )
    return f"{shift} Then apply it with {APPLY} or the plugin's own command: this sensor has no z_offset to edit."
