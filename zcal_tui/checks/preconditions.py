"""What has to be so before anything moves, asked in one place by every check."""

from zcal_tui.checks.base import CheckRefused, Context
from zcal_tui.model.questions import Confirm
from zcal_tui.printer.explain import explain
from zcal_tui.printer.state import PrinterState

COLD_NOZZLE, COLD_BED = 45.0, 40.0
"""°C above which a part counts as warm: what a hot summer room does not reach."""


def require_connected(state: PrinterState) -> None:
    """klippy takes commands. Raises CheckRefused."""
    if not state.connected:
        raise CheckRefused("The printer is not connected.", state.link, "Wait until the link is back.")
    if state.klippy != "ready":
        told = explain(state.message or f"Klipper is in state {state.klippy}")
        raise CheckRefused(f"Klipper is not ready. {told.what}", told.cause, told.remedy)


def require_ready(state: PrinterState) -> None:
    """klippy takes commands, no print runs or is paused, nobody's paper test is open. Raises CheckRefused."""
    require_connected(state)
    if state.busy:
        word = "paused" if state.paused else "running"
        raise CheckRefused(
            f"A print is {word}.",
            "Measuring would move the toolhead into it.",
            "Let the print end, or cancel it, then start again.",
        )
    if state.manual_probe.is_active:
        raise CheckRefused(
            "A manual probe (paper test) is open that this program did not start.",
            "Another screen, Mainsail, Fluidd or KlipperScreen may be in the middle of it.",
            "Finish it there with ACCEPT or ABORT, then start again.",
        )


def warm_parts(state: PrinterState) -> list[str]:
    """What is warm or being heated, in words: `extruder 180 °C`."""
    warm = []
    for name, heater in state.heaters.items():
        limit = COLD_BED if name == "heater_bed" else COLD_NOZZLE
        if heater.target > 0.0 or heater.temperature > limit:
            warm.append(f"{name} {heater.temperature:.0f} °C")
    return warm


async def require_cold(context: Context) -> None:
    """Ask before a paper test on a printer that is warm: a hot nozzle is longer and oozes, a warm frame moves
    (Klipper docs, Bed_Level, "The paper test"). Raises CheckRefused where the person would rather wait."""
    warm = warm_parts(context.printer.state)
    if not warm:
        return
    goes_on = await context.operator.confirm(
        Confirm(
            "hot",
            f"The printer is warm: {', '.join(warm)}. Measure all the same?",
            "Klipper's documentation asks for a cold nozzle and a cold bed: the paper's thickness stands for what the "
            "hot nozzle grows. A hot nozzle also oozes onto the paper, and burns.",
            yes="Measure warm",
            no="Wait until it is cold",
            danger=True,
        )
    )
    if not goes_on:
        raise CheckRefused(
            "The printer is warm.",
            ", ".join(warm),
            "Turn the heaters off (TURN_OFF_HEATERS), wait until nozzle and bed are cold, then start again.",
        )
