"""Findings about a printer's readiness from its state and configuration, without moving anything."""

from collections.abc import Callable

from zcal_tui.checks.preconditions import warm_parts
from zcal_tui.checks.ready.finding import Offer, ReadyFinding, fail, fine, warn
from zcal_tui.checks.ready.kind_findings import delta_geometry, homing_place, mesh_zero, vendor
from zcal_tui.checks.ready.probing_options import low_moves, mesh_reach
from zcal_tui.checks.room_below import ADVISED_MINIMUM, ENOUGH, SOURCE, lowest_z
from zcal_tui.model.record import Change
from zcal_tui.model.units import closer_farther, length, micrometres
from zcal_tui.printer.config_view import (
    probe_config,
    towers_without_endstop,
    z_step_distance,
)
from zcal_tui.printer.hazards import hazards_of
from zcal_tui.printer.pending_values import pending_lines
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number

SHORTEST_IDLE = 600.0
"""s. Klipper's default; a shorter one switches the motors off while a person prepares the paper."""
STEP_TIME = 400e-6
"""s. Faster steps while probing are sometimes counted twice (Klipper issue 6711)."""
THERMAL_ADJUST = {
    "z_thermal_adjust": "SET_Z_THERMAL_ADJUST",
    "frame_expansion_compensation": "SET_FRAME_COMP",
}
"""The sections that correct Z for the growth of the frame, and their commands: Klipper's own, and the plugin that it
came from (alchemyEngine's)."""
THERMISTOR = (-10.0, 400.0)
"""°C outside which a reading is a sensor fault."""


def homed(state: PrinterState) -> ReadyFinding:
    """Nothing is measured before the axes are homed."""
    if state.homed():
        return fine("homed", "All axes are homed.")
    missing = "".join(axis for axis in "xyz" if axis not in state.homed_axes).upper()
    return warn(
        "homed",
        f"Not homed: {missing}.",
        "Klipper does not know where the toolhead is.",
        "Home all axes (G28). The checks do it themselves where they need it.",
        offer=Offer("Home all axes now?", "The toolhead moves to its endstops.", "G28", "Home"),
    )


def free(state: PrinterState) -> ReadyFinding:
    """No print, and no open paper test."""
    if state.busy:
        if not state.job:
            why = "The toolhead may be needed where it is."
            return fail("free", state.busy_because, why, "Run CLEAR_PAUSE or RESUME.")
        why = "Measuring would move the toolhead into the print."
        return fail("free", state.busy_because, why, "Let the print end, or cancel it.")
    if state.manual_probe.is_active:
        return fail(
            "free",
            "A manual probe (paper test) is open that this program did not start.",
            "Another screen may be using it, or a program that ended left it open.",
            "Finish it there with ACCEPT or ABORT.",
            offer=Offer(
                "Abort the open paper test?",
                "If somebody is using it on another screen, their test is lost. Nothing is saved.",
                "ABORT",
                "Abort it",
            ),
        )
    return fine("free", "No print is running, and no paper test is open.")


def mesh(state: PrinterState) -> ReadyFinding:
    """A mesh changes heights."""
    if not state.bed_mesh.active:
        return fine("mesh", "No bed mesh is active.")
    name = state.bed_mesh.profile_name or "unnamed"
    return warn(
        "mesh",
        f"A bed mesh is active ({name}).",
        "It changes heights from place to place. The checks that it affects clear it temporarily.",
        "Clear it (BED_MESH_CLEAR) before you measure by hand.",
        offer=Offer(
            "Clear the bed mesh?", "It can be loaded again from its profile.", "BED_MESH_CLEAR", "Clear"
        ),
    )


def offset(state: PrinterState) -> ReadyFinding:
    """A live offset shifts heights."""
    z = state.homing_origin[2]
    if abs(z) < 1e-6:
        return fine("offset", "No live Z offset (SET_GCODE_OFFSET) is set.")
    unset = towers_without_endstop(state)
    save = "Save it (Z_OFFSET_APPLY_PROBE or Z_OFFSET_APPLY_ENDSTOP)"
    if unset:
        names = " and ".join(f"[{name}]" for name in unset)
        save = f"Save it (first set position_endstop in {names}: Z_OFFSET_APPLY_ENDSTOP shuts Klipper down without)"
    return warn(
        "offset",
        f"A live Z offset of {length(z, sign=True)} is set: {closer_farther(z)} than configured.",
        "It is not saved. Results measured without it do not apply to prints with it.",
        f"{save}, or clear it (SET_GCODE_OFFSET Z=0).",
        offer=Offer(
            "Clear the live Z offset?",
            "If you tuned a first layer with it, save it first.",
            "SET_GCODE_OFFSET Z=0 MOVE=0",
            "Clear",
        ),
    )


def levelled(state: PrinterState) -> ReadyFinding | None:
    """Printers that can level themselves should be levelled since homing."""
    for applied, command in (
        (state.quad_gantry_level_applied, "QUAD_GANTRY_LEVEL"),
        (state.z_tilt_applied, "Z_TILT_ADJUST"),
    ):
        if applied is None:
            continue
        if applied:
            return fine("levelled", f"{command} has run since the motors were switched on.")
        return warn(
            "levelled",
            f"{command} has not run since the motors were switched on.",
            "The gantry or bed may be tilted. Then z_offset is wrong for a probe beside the nozzle.",
            f"Run {command} before you measure.",
            source="Klipper docs, Probe_Calibrate",
            offer=Offer(
                f"Run {command} now?",
                "The probe probes the bed in several places. A docked probe is attached for it and docked again. "
                "Then Z is homed again, because levelling changes its zero.",
                command,
                "Level",
                needs_homed=True,
                needs_probe=True,
                then="G28 Z",
            ),
        )
    return None


def room_below(state: PrinterState) -> ReadyFinding | None:
    """A paper test needs room below the present zero."""
    lowest = lowest_z(state)
    if lowest is None:
        return None
    if lowest.limit <= ENOUGH + 1e-6:
        return fine("room-below", f"The nozzle can go down to {lowest.text}.")
    return warn(
        "room-below",
        f"The nozzle cannot go below {lowest.text}.",
        "If the bed is lower than expected, Klipper ends the paper test before the paper is reached.",
        f"Set {lowest.option} in [{lowest.section}] to {ADVISED_MINIMUM:g}.",
        source=SOURCE,
        changes=lowest.changes,
    )


def cold(state: PrinterState) -> ReadyFinding:
    """Paper tests are done cold; a broken sensor must not heat."""
    for name, heater in state.heaters.items():
        if not THERMISTOR[0] < heater.temperature < THERMISTOR[1]:
            return fail(
                "cold",
                f"{name} reads {heater.temperature:.0f} °C.",
                "That is not possible. Its sensor is broken or of another type.",
                "Check its cable and sensor_type.",
            )
    warm = warm_parts(state)
    if not warm:
        return fine("cold", "Nozzle and bed are cold.")
    return warn(
        "cold",
        f"Warm: {', '.join(warm)}.",
        "A warm nozzle is longer and oozes, and a warm frame moves.",
        "Let the printer cool down before a paper test.",
        source="Klipper docs, Bed_Level, The paper test",
    )


def idle(state: PrinterState) -> ReadyFinding | None:
    """A paper test needs time."""
    seconds = number(state.settings.get("idle_timeout", {}).get("timeout"))
    if seconds is None or seconds >= SHORTEST_IDLE:
        return None
    return warn(
        "idle",
        f"idle_timeout switches the motors off after {seconds:g} s.",
        "A paper test may take longer. Then the height is lost.",
        f"Set timeout in [idle_timeout] to {SHORTEST_IDLE:g} or more.",
        changes=(Change("idle_timeout", "timeout", f"{seconds:g}", f"{SHORTEST_IDLE:g}"),),
    )


def pending(state: PrinterState) -> ReadyFinding | None:
    """Values that others staged for SAVE_CONFIG."""
    if not state.save_config.pending:
        return None
    lines = pending_lines(state.save_config.items)
    what = "Values are staged for SAVE_CONFIG." if lines else "Something is staged for SAVE_CONFIG."
    return warn(
        "pending",
        what if lines else f"{what} This Klipper does not report what.",
        "The next SAVE_CONFIG, ours too, writes them to printer.cfg."
        if lines
        else "The next SAVE_CONFIG writes it.",
        "Save them (SAVE_CONFIG) or discard them (RESTART) before you start.",
        lines=tuple(f"Staged: {line}" for line in lines),
    )


def probe_numbers(state: PrinterState) -> ReadyFinding | None:
    """An implausible z_offset."""
    probe = probe_config(state)
    if probe is None or probe.kind in ("probe_eddy_current", "scanner"):
        return None
    if probe.z_offset == 0.0 and probe.kind == "load_cell_probe":
        return fine(
            "probe-numbers",
            f"z_offset in [{probe.section}] is 0: the nozzle itself is the probe.",
            "The paper test finds how much the trigger lifts or presses.",
        )
    if probe.z_offset == 0.0:
        return warn(
            "probe-numbers",
            f"z_offset in [{probe.section}] is 0.",
            "It was never measured.",
            "Run Z offset (`z-offset`).",
        )
    if probe.z_offset < 0.0 and (probe.x_offset or probe.y_offset):
        return warn(
            "probe-numbers",
            f"z_offset in [{probe.section}] is negative ({probe.z_offset:g} mm).",
            "The nozzle would touch the bed before the probe triggers.",
            "Check how the probe is mounted, then run Z offset (`z-offset`).",
        )
    step = z_step_distance(state)
    if step is not None and probe.speed > step / STEP_TIME:
        return fine(
            "probe-numbers",
            f"z_offset is {probe.z_offset:g} mm. At {probe.speed:g} mm/s a step of {micrometres(step)} takes less than "
            "400 µs.",
            "Steps around the trigger may then be counted twice, so that Z drifts with every sample.",
            f"If Repeatability finds a drift, set speed in [{probe.section}] to {step / STEP_TIME:.2g} or less.",
            "Klipper issue 6711",
        )
    return fine(
        "probe-numbers", f"z_offset is {probe.z_offset:g} mm, the probing speed {probe.speed:g} mm/s."
    )


def build(state: PrinterState) -> ReadyFinding:
    """Known faults of Klipper's builds, of Kalico and of scanners' plugins that affect Z calibration."""
    faults = [hazard for hazard in hazards_of(state) if not hazard.refused]
    if not faults and not any(letter.isdigit() for letter in state.software_version):
        return fine(
            "build",
            f"{state.app} reports no version, so known-bad builds cannot be detected.",
        )
    if not faults:
        return fine(
            "build", f"{state.app} {state.software_version}: no known faults that affect Z calibration."
        )
    name = f"{state.app} {state.software_version}".rstrip("? ")  # klippy's mark for an unknown version
    has = f"{name} has"
    own = [fault.origin.startswith(("Klipper", "Kalico")) for fault in faults]
    if not all(own):
        has = f"{name} and the probe's plugin have" if any(own) else "The probe's plugin has"
    return warn(
        "build",
        f"{has} known faults: {' '.join(fault.effect for fault in faults)}",
        "This program works around them. Other tools may not.",
        " ".join(dict.fromkeys(fault.rule for fault in faults)),
        source=", ".join(dict.fromkeys(fault.source for fault in faults)),
    )


def command_limits(state: PrinterState) -> ReadyFinding | None:
    """What commands of a scanner's plugin refuse, for who types them."""
    limits = [hazard for hazard in hazards_of(state) if hazard.refused]
    if not limits:
        return None
    return fine("command-limits", " ".join(hazard.effect for hazard in limits))


def thermal_adjust(state: PrinterState) -> ReadyFinding | None:
    """A section that changes Z with temperature."""
    for section, command in THERMAL_ADJUST.items():
        if section in state.settings:
            return warn(
                "thermal-adjust",
                f"[{section}] moves Z with the temperature of the frame.",
                "Prints use its correction, but probing does not. A result from a warm frame does not quite apply to a "
                "print.",
                f"For Temperature, switch it off ({command} ENABLE=0), and on again afterwards (ENABLE=1).",
            )
    return None


STATE_FINDINGS: tuple[Callable[[PrinterState], ReadyFinding | None], ...] = (
    free,
    vendor,
    delta_geometry,
    homed,
    levelled,
    mesh,
    mesh_zero,
    homing_place,
    mesh_reach,
    low_moves,
    offset,
    room_below,
    probe_numbers,
    cold,
    idle,
    pending,
    thermal_adjust,
    build,
    command_limits,
)
"""In the order in which they are shown."""
