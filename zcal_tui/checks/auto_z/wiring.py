"""Whether a missing probe would be noticed: only a switch wired normally closed reads triggered when it is off.

Wired normally open it reads the same on and off the toolhead. Then no check before going down can fail, and the nozzle
goes into the bed where the probe was to touch (protoloft's z_calibration, "Requirements").
"""

from dataclasses import dataclass

from zcal_tui.checks.base import Context
from zcal_tui.checks.dock.probe_switch import reading
from zcal_tui.checks.travel import lift_before_macro
from zcal_tui.model.events import Stage
from zcal_tui.model.questions import Confirm
from zcal_tui.printer.config_view import macro_wraps
from zcal_tui.printer.printer import CommandFailed
from zcal_tui.printer.z_calibration import ZCalibrationSection

SOURCE = "protoloft's z_calibration, Requirements"


@dataclass(frozen=True)
class SwitchWiring:
    """`works`: a missing probe is noticed; False: it is not; None: not known. `text` says why."""

    works: bool | None
    text: str


async def look_at_wiring(
    context: Context, section: ZCalibrationSection, macros: tuple[str, str] | None
) -> SwitchWiring:
    """Find out before CALIBRATE_Z trusts it. Where the probe reads open and nobody has ever seen it read triggered, it
    is put away by its macro and read again. Raises CheckCancelled, CheckFailed, TransportError."""
    moved = section.moves_the_probe or macros is not None or macro_wraps(context.printer.state, "CALIBRATE_Z")
    try:
        triggered = await reading(context)
    except CommandFailed:
        triggered = None
    if triggered is None:
        return SwitchWiring(
            None, "The probe's switch cannot be read (QUERY_PROBE), so a missing probe may go unnoticed."
        )
    if triggered:
        return SwitchWiring(
            True, f"Off the toolhead the probe reads triggered, so a missing one is noticed ({SOURCE})."
        )
    if context.printer.state.z_calibration.get("attached_check_works") is True:
        return SwitchWiring(True, f"The probe was seen to read triggered while it was off ({SOURCE}).")
    if not moved:
        return SwitchWiring(
            None,
            "Nothing fetches the probe here, so whether its switch shows when it is missing was not tried.",
        )
    return await _try_without(context, macros)


async def _try_without(context: Context, macros: tuple[str, str] | None) -> SwitchWiring:
    """The probe reads open: take it off and see whether it still does."""
    said = ""
    if macros is not None and macros[1]:
        context.emit(
            Stage("detach", f"Putting the probe back to see what its switch reads then ({macros[1]})")
        )
        await lift_before_macro(context.printer)
        try:
            await context.printer.gcode(macros[1])
        except CommandFailed as error:
            said = f" ({macros[1]} said: {error.message.splitlines()[0]})"
        context.stop_if_cancelled()
        if await reading(context):
            return SwitchWiring(
                True, f"Put away, the probe reads triggered, so a missing one is noticed ({SOURCE})."
            )
    if not context.operator.present:
        if macros is None or not macros[1]:
            return SwitchWiring(
                None, "The probe reads open, and nobody is there to say whether it hangs on the toolhead."
            )
        return SwitchWiring(False, f"Put away by {macros[1]}, the probe still reads open{said}.")
    off = await context.operator.confirm(
        Confirm(
            "probe-off",
            "Is the probe off the toolhead now?",
            "Its switch reads open, as it should only with the probe on. Look before you answer: if the wiring "
            "hides a missing probe, the nozzle goes into the bed.",
            yes="It is off",
            no="It is on",
            danger=True,
        )
    )
    if off:
        return SwitchWiring(
            False, f"The probe is off the toolhead, and its switch reads open all the same{said}."
        )
    return SwitchWiring(
        None,
        f"The probe is still on the toolhead{said}, so whether it shows when it is missing is not known.",
    )
