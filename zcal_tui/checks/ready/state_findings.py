"""What can be seen of a printer's readiness without moving anything: from its state and its configuration."""

from collections.abc import Callable

from zcal_tui.checks.preconditions import warm_parts
from zcal_tui.checks.ready.builds import known_faults
from zcal_tui.checks.ready.finding import Offer, ReadyFinding, fail, fine, warn
from zcal_tui.model.record import Change
from zcal_tui.model.units import closer_farther, length, micrometres, millimetres
from zcal_tui.printer.config_view import is_delta, probe_config, z_rail, z_step_distance
from zcal_tui.printer.geometry import z_limits
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number

LOWEST = -1.0
"""mm. A paper test may have to go that far below the zero it is about to correct (Klipper docs: position_min −2)."""
ADVISED_MINIMUM = -2.0
SHORTEST_IDLE = 600.0
"""s. Klipper's default; a shorter one switches the motors off while a person looks for the paper."""
STEP_TIME = 400e-6
"""s. Steps that follow each other faster while probing are at times counted twice (Klipper issue 6711)."""
THERMAL_ADJUST = {
    "z_thermal_adjust": "SET_Z_THERMAL_ADJUST",
    "frame_expansion_compensation": "SET_FRAME_COMP",
}
"""What corrects Z for the growth of the frame, and the command that switches it: Klipper's own, and the plugin that it
was before (alchemyEngine's)."""
THERMISTOR = (-10.0, 400.0)
"""°C outside of which a reading is a fault of the sensor."""


def homed(state: PrinterState) -> ReadyFinding:
    """Nothing is measured before the axes are homed."""
    if state.homed():
        return fine("homed", "All axes are homed.")
    missing = "".join(axis for axis in "xyz" if axis not in state.homed_axes).upper()
    return warn(
        "homed",
        f"Not homed: {missing}.",
        "Klipper does not know where the toolhead is.",
        "Home all axes (G28); the checks do it by themselves where they need it.",
        offer=Offer("Home all axes now?", "The toolhead moves to its endstops.", "G28", "Home"),
    )


def free(state: PrinterState) -> ReadyFinding:
    """No print, and nobody's paper test."""
    if state.busy:
        if not state.job:
            why = "Whoever paused it may count on finding the toolhead where it is."
            return fail("free", state.busy_because, why, "CLEAR_PAUSE, or RESUME.")
        why = "Measuring would move the toolhead into it."
        return fail("free", state.busy_because, why, "Let it end, or cancel it.")
    if state.manual_probe.is_active:
        return fail(
            "free",
            "A manual probe (paper test) is open that this program did not open.",
            "Another screen may be in the middle of it, or a program that died left it open.",
            "Finish it there with ACCEPT or ABORT.",
            offer=Offer(
                "Abort the paper test that is open?",
                "If somebody is in the middle of it on another screen, it is lost for them. Nothing is saved.",
                "ABORT",
                "Abort it",
            ),
        )
    return fine("free", "No print runs, and no paper test is open.")


def mesh(state: PrinterState) -> ReadyFinding:
    """A mesh bends heights."""
    if not state.bed_mesh.active:
        return fine("mesh", "No bed mesh is active.")
    name = state.bed_mesh.profile_name or "without a name"
    return warn(
        "mesh",
        f"A bed mesh is active ({name}).",
        "It changes heights from place to place; the checks that it would disturb take it off for their time.",
        "Clear it (BED_MESH_CLEAR) if you measure by hand.",
        offer=Offer(
            "Clear the bed mesh?", "It can be loaded again from its profile.", "BED_MESH_CLEAR", "Clear it"
        ),
    )


def offset(state: PrinterState) -> ReadyFinding:
    """A live offset shifts heights."""
    z = state.homing_origin[2]
    if abs(z) < 1e-6:
        return fine("offset", "No live Z offset (SET_GCODE_OFFSET) is in force.")
    return warn(
        "offset",
        f"A live Z offset of {length(z, sign=True)} is in force: {closer_farther(z)} than the configuration says.",
        "It is kept in no file; what is measured without it and printed with it does not fit.",
        "Save it (Z_OFFSET_APPLY_PROBE or Z_OFFSET_APPLY_ENDSTOP), or take it off (SET_GCODE_OFFSET Z=0).",
        offer=Offer(
            "Take the live Z offset off?",
            "If you tuned a first layer with it and have not saved it, save it first.",
            "SET_GCODE_OFFSET Z=0 MOVE=0",
            "Take it off",
        ),
    )


def levelled(state: PrinterState) -> ReadyFinding | None:
    """Printers that can level themselves should have done so since they were homed."""
    for applied, command in (
        (state.quad_gantry_level_applied, "QUAD_GANTRY_LEVEL"),
        (state.z_tilt_applied, "Z_TILT_ADJUST"),
    ):
        if applied is None:
            continue
        if applied:
            return fine("levelled", f"{command} has been done since the motors were switched on.")
        return warn(
            "levelled",
            f"{command} has not been done since the motors were switched on.",
            "The gantry or bed may be tilted: with a probe beside the nozzle the z_offset comes out wrong.",
            f"Run {command} before you measure.",
            source="Klipper docs, Probe_Calibrate",
            offer=Offer(
                f"Run {command} now?",
                "The probe touches the bed in several places; a docked probe is fetched for it and put back.",
                command,
                "Level",
                needs_homed=True,
                needs_probe=True,
            ),
        )
    return None


def room_below(state: PrinterState) -> ReadyFinding | None:
    """A paper test needs room below the present zero."""
    limits = z_limits(state)
    rail = z_rail(state)
    if limits is None or rail is None:
        return None
    if limits[0] <= LOWEST + 1e-6:
        return fine("room-below", f"The nozzle may go down to {millimetres(limits[0], digits=2)}.")
    section, option = ("printer", "minimum_z_position") if is_delta(state) else (rail.section, "position_min")
    return warn(
        "room-below",
        f"The nozzle may not go below {millimetres(limits[0], digits=2)}.",
        "If the bed turns out to be lower than thought, Klipper ends the paper test before the paper is reached.",
        f"Set {option} in [{section}] to {ADVISED_MINIMUM:g}.",
        source="Klipper docs, Bed_Level",
        changes=(Change(section, option, f"{limits[0]:g}", f"{ADVISED_MINIMUM:g}"),),
    )


def cold(state: PrinterState) -> ReadyFinding:
    """Paper tests are done cold; a sensor that reads nonsense heats nothing."""
    for name, heater in state.heaters.items():
        if not THERMISTOR[0] < heater.temperature < THERMISTOR[1]:
            return fail(
                "cold",
                f"{name} reads {heater.temperature:.0f} °C.",
                "That is no temperature a printer has: its sensor is broken or of another type.",
                "Look at its cable and at sensor_type.",
            )
    warm = warm_parts(state)
    if not warm:
        return fine("cold", "Nozzle and bed are cold.")
    return warn(
        "cold",
        f"Warm: {', '.join(warm)}.",
        "A warm nozzle is longer and oozes, a warm frame moves.",
        "Let it cool down before a paper test.",
        source="Klipper docs, Bed_Level, The paper test",
    )


def idle(state: PrinterState) -> ReadyFinding | None:
    """A paper test takes its time."""
    seconds = number(state.settings.get("idle_timeout", {}).get("timeout"))
    if seconds is None or seconds >= SHORTEST_IDLE:
        return None
    return warn(
        "idle",
        f"idle_timeout switches the motors off after {seconds:g} s.",
        "A person who looks for the paper may take longer, and the height is lost.",
        f"Set timeout in [idle_timeout] to {SHORTEST_IDLE:g} or more.",
        changes=(Change("idle_timeout", "timeout", f"{seconds:g}", f"{SHORTEST_IDLE:g}"),),
    )


def pending(state: PrinterState) -> ReadyFinding | None:
    """What others left for SAVE_CONFIG."""
    if not state.save_config.pending:
        return None
    named = "; ".join(
        f"[{section}] {', '.join(f'{option} {value}' for option, value in options.items())}"
        for section, options in state.save_config.items.items()
    )
    return warn(
        "pending",
        f"Values wait for SAVE_CONFIG: {named or 'this Klipper does not tell which'}.",
        "The next SAVE_CONFIG, ours too, writes them to printer.cfg.",
        "Save them (SAVE_CONFIG), or drop them (RESTART), before you begin.",
    )


def probe_numbers(state: PrinterState) -> ReadyFinding | None:
    """A z_offset that cannot be."""
    probe = probe_config(state)
    if probe is None or probe.kind in ("probe_eddy_current", "scanner"):
        return None
    if probe.z_offset == 0.0:
        return warn(
            "probe-numbers",
            f"z_offset in [{probe.section}] is 0.",
            "That is what is there before it was ever measured.",
            "Do the check z-offset.",
        )
    if probe.z_offset < 0.0 and (probe.x_offset or probe.y_offset):
        return warn(
            "probe-numbers",
            f"z_offset in [{probe.section}] is negative ({probe.z_offset:g} mm).",
            "The nozzle would touch the bed before the probe triggers.",
            "Look at how the probe is mounted, and do the check z-offset.",
        )
    step = z_step_distance(state)
    if step is not None and probe.speed > step / STEP_TIME:
        return fine(
            "probe-numbers",
            f"z_offset is {probe.z_offset:g} mm; at {probe.speed:g} mm/s a step of {micrometres(step)} takes less than "
            "400 µs.",
            "Steps around the trigger may be counted twice then, so that Z drifts with every touch.",
            f"If the check accuracy finds a drift, set speed in [{probe.section}] to {step / STEP_TIME:.2g} or less.",
            "Klipper issue 6711",
        )
    return fine(
        "probe-numbers", f"z_offset is {probe.z_offset:g} mm, the probing speed {probe.speed:g} mm/s."
    )


def build(state: PrinterState) -> ReadyFinding:
    """Builds of Klipper and Kalico with known faults in what is measured here."""
    faults = known_faults(state.app, state.software_version)
    if not faults and not any(letter.isdigit() for letter in state.software_version):
        return fine(
            "build",
            f"{state.app} does not tell its version, so builds with a known fault cannot be told from others.",
        )
    if not faults:
        return fine("build", f"{state.app} {state.software_version}: no fault is known that matters here.")
    name = f"{state.app} {state.software_version}".rstrip("? ")  # klippy's word for a version it cannot tell
    return warn(
        "build",
        f"{name} has known faults: {' '.join(fault.what for fault in faults)}",
        "This program works around them; other tools may not.",
        " ".join(fault.mend for fault in faults),
        source=", ".join(fault.source for fault in faults),
    )


def thermal_adjust(state: PrinterState) -> ReadyFinding | None:
    """Z moved by temperature behind everybody's back."""
    for section, command in THERMAL_ADJUST.items():
        if section in state.settings:
            return warn(
                "thermal-adjust",
                f"[{section}] moves Z with the temperature of the frame.",
                "Prints have its correction, and probing does without it: what is measured in a warm frame is not "
                "quite what a print then gets.",
                f"For the check temperature switch it off ({command} ENABLE=0), and on again afterwards (ENABLE=1).",
            )
    return None


STATE_FINDINGS: tuple[Callable[[PrinterState], ReadyFinding | None], ...] = (
    free,
    homed,
    levelled,
    mesh,
    offset,
    room_below,
    probe_numbers,
    cold,
    idle,
    pending,
    thermal_adjust,
    build,
)
"""In the order in which they are told."""
