"""What has to be so before anything moves, asked in one place by every check."""

from zcal_tui.checks.base import CheckRefused
from zcal_tui.printer.explain import explain
from zcal_tui.printer.state import PrinterState


def require_ready(state: PrinterState) -> None:
    """klippy takes commands, no print runs or is paused, nobody's paper test is open. Raises CheckRefused."""
    if not state.connected:
        raise CheckRefused("The printer is not connected.", state.link, "Wait until the link is back.")
    if state.klippy != "ready":
        told = explain(state.message or f"Klipper is in state {state.klippy}")
        raise CheckRefused(f"Klipper is not ready. {told.what}", told.cause, told.remedy)
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
