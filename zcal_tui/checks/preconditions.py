"""The conditions that every check requires before anything moves."""

from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.lease.takeover import CONTROLLED
from zcal_tui.checks.lease.temporary_settings import other_holder
from zcal_tui.checks.travel import heated_since, home_if_needed, require_ours
from zcal_tui.model.events import Stage
from zcal_tui.model.questions import Choose, Confirm, Option
from zcal_tui.model.units import duration
from zcal_tui.printer.config_view import ProbeConfig, z_step_distance
from zcal_tui.printer.errors.explain import explain
from zcal_tui.printer.sampler import ProbeUnusable, require_sampled
from zcal_tui.printer.sampler import require_probe as require_usable_probe
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.vendor_forks import vendor_fork

COLD_NOZZLE, COLD_BED = 45.0, 40.0
"""°C above which a part counts as warm; a hot room in summer stays below."""
COOLING_LOOK = 10.0
LONGEST_COOLING = 7200.0
"""Seconds of the printer's time."""


def require_connected(state: PrinterState) -> None:
    """klippy accepts commands. Raises CheckRefused."""
    if not state.connected:
        raise CheckRefused(
            "The printer is not connected.", state.link, "Wait until zcal-tui has reconnected."
        )
    if state.klippy != "ready":
        explained = explain(state.message or f"Klipper is in state {state.klippy}")
        raise CheckRefused(f"Klipper is not ready. {explained.what}", explained.cause, explained.remedy)


def require_ready(state: PrinterState) -> None:
    """klippy accepts commands, no print is running or paused, no paper test is open, nobody else holds the lease, and
    G92 has not moved G-code's zero. Raises CheckRefused."""
    require_connected(state)
    fork = vendor_fork(state)
    if fork is not None and fork.support == "refused":
        raise CheckRefused(
            f"This is a Klipper of {fork.name}, which is not supported.", fork.what, fork.advice
        )
    if state.busy:
        if not state.job:
            raise CheckRefused(
                state.busy_because,
                "The toolhead may be needed where it is.",
                "Run CLEAR_PAUSE or RESUME, then start again.",
            )
        raise CheckRefused(
            state.busy_because,
            "Measuring would move the toolhead into the print.",
            "Let the print end, or cancel it, then start again.",
        )
    if state.manual_probe.is_active:
        raise CheckRefused(
            "A manual probe (paper test) is open that this program did not start.",
            "Another screen, Mainsail, Fluidd or KlipperScreen may be using it.",
            "Finish it there with ACCEPT or ABORT, then start again.",
        )
    if (other := other_holder(state)) is not None:
        raise CheckRefused(
            CONTROLLED,
            f"{other} holds the lease.",
            "Let it finish or end it, then start again.",
        )
    if state.homed() and state.redefined:
        raise CheckRefused(
            f"G92 has moved the zero of {' and '.join(state.redefined)}.",
            "Moves of macros and prints would end at the wrong positions.",
            "Home the printer (G28), which undoes G92, then start again.",
        )


def require_probe(state: PrinterState, instead: str = "") -> ProbeConfig:
    """The printer's probe. Raises CheckRefused where it has none; `instead` is what else a person can do then."""
    try:
        return require_usable_probe(state)
    except ProbeUnusable as missing:
        raise CheckRefused(missing.what, missing.cause, f"{missing.remedy} {instead}".rstrip()) from missing


def require_sampled_probe(state: PrinterState, instead: str = "") -> ProbeConfig:
    """The printer's probe, whose PROBE_ACCURACY takes samples. Raises CheckRefused; `instead` as for require_probe."""
    require_probe(state, instead)
    try:
        return require_sampled(state)
    except ProbeUnusable as unusable:
        raise CheckRefused(unusable.what, unusable.cause, unusable.remedy) from unusable


def require_step(state: PrinterState) -> float:
    """The Z step distance in mm. Raises CheckRefused where it cannot be read."""
    step = z_step_distance(state)
    if step is None:
        raise CheckRefused(
            "The Z step distance cannot be read.",
            "The configuration of the Z steppers lacks rotation_distance or microsteps.",
            "Check the stepper sections of printer.cfg.",
        )
    return step


def warm_parts(state: PrinterState) -> list[str]:
    """The parts that are warm or being heated: `extruder 180 °C`."""
    warm = []
    for name, heater in state.heaters.items():
        limit = COLD_BED if name == "heater_bed" else COLD_NOZZLE
        if heater.target > 0.0 or heater.temperature > limit:
            warm.append(f"{name} {heater.temperature:.0f} °C")
    return warm


async def require_cold(context: Context) -> None:
    """Before a paper test: cold parts, or the person's consent to measure warm, and a clean nozzle (Klipper docs,
    Bed_Level, "The paper test"). Raises CheckRefused, CheckCancelled, NeedsPerson."""
    if warm := warm_parts(context.printer.state):
        await _warm(context, warm)
    await require_clean(context)


async def home_cold(context: Context, *, allowed: bool = True) -> None:
    """`home_if_needed` of a check that measures cold: what the homing itself has begun to heat is cooled down, or
    measured warm by consent. Raises CheckRefused, CheckFailed, CheckCancelled, NeedsPerson, TransportError."""
    before = context.printer.state
    await home_if_needed(context, allowed=allowed)
    if heated_since(before, context.printer.state):
        await _warm(context, warm_parts(context.printer.state))


async def require_clean(context: Context) -> None:
    """Before the nozzle touches anything: the person confirms that its tip is clean, and reads where homing follows.
    Raises CheckRefused, CheckCancelled, NeedsPerson."""
    filament = (
        "Filament on the tip touches first and can throw the result off by a few tenths of a millimetre."
    )
    homed = context.printer.state.homed()
    clean = await context.operator.confirm(
        Confirm(
            "clean-nozzle",
            "Is the nozzle clean, and the bed below it clear?",
            filament if homed else f"{filament} The printer is not homed: it homes next.",
            yes="Clean",
            no="Not now",
        )
    )
    if not clean:
        raise CheckRefused(
            "The nozzle is not clean yet.",
            "Filament on its tip would be part of the result.",
            "Heat the nozzle, wipe it with a brass brush, let it cool down, then start again.",
        )


async def _warm(context: Context, warm: list[str]) -> None:
    chosen = await context.operator.choose(
        Choose(
            "hot",
            f"The printer is warm: {', '.join(warm)}. How do you want to continue?",
            (
                Option("wait", "Cool down first", "turns the heaters off and waits"),
                Option(
                    "measure", "Measure warm", "the nozzle is longer than when cold, and oozes above 150 °C"
                ),
                Option("stop", "Not now"),
            ),
            "Klipper's documentation asks for a cold nozzle and a cold bed. The paper's thickness compensates for the "
            "growth of the hot nozzle.",
        )
    )
    if chosen == "stop":
        raise CheckRefused(
            "The printer is warm.",
            ", ".join(warm),
            "Turn the heaters off (TURN_OFF_HEATERS), wait until nozzle and bed are cold, then start again.",
        )
    if chosen == "wait":
        await _cool_down(context)


async def _cool_down(context: Context) -> None:
    """Turn the heaters off and wait until everything is cold. Raises CheckCancelled, CheckFailed, TransportError."""
    await require_ours(context.printer)
    await context.printer.gcode("TURN_OFF_HEATERS")
    began = context.clock.now()
    state = await context.printer.refresh()
    while warm := warm_parts(state):
        if context.clock.now() - began > LONGEST_COOLING:
            raise CheckFailed(
                f"Not cold after {duration(LONGEST_COOLING)}: {', '.join(warm)}.",
                "Something else heats it, or the room is too warm.",
                "Repeat the check when the printer is cold, or choose to measure warm.",
            )
        context.emit(Stage("cool", f"Waiting until the printer is cold: {', '.join(warm)}"))
        await context.clock.sleep(COOLING_LOOK)
        context.stop_if_cancelled()
        state = await require_ours(context.printer)
