"""Whether a missing probe would be detected: only a switch wired normally closed reads triggered when it is off.

Wired normally open it always reads the same. Then no check before going down can fail, and the nozzle goes into the bed
(protoloft's z_calibration, "Requirements").
"""

from zcal_tui.checks.base import Context
from zcal_tui.checks.dock.probe_switch import reading
from zcal_tui.checks.travel import lift_before_macro
from zcal_tui.model.events import Stage
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.questions import Confirm
from zcal_tui.printer.config_view import macro_wraps
from zcal_tui.printer.printer import CommandFailed
from zcal_tui.printer.z_calibration import ZCalibrationSection

SOURCE = "protoloft's z_calibration, Requirements"


@dataclass(frozen=True)
class SwitchWiring:
    """`works`: a missing probe is detected; False: it is not; None: unknown. `text` says why."""

    works: bool | None
    text: str


async def look_at_wiring(
    context: Context, section: ZCalibrationSection, macros: tuple[str, str] | None
) -> SwitchWiring:
    """Test the wiring before CALIBRATE_Z trusts it. A probe that reads open and was never seen to read triggered is
    docked by its macro and read again. Raises CheckCancelled, CheckFailed, TransportError."""
    moved = section.moves_the_probe or macros is not None or macro_wraps(context.printer.state, "CALIBRATE_Z")
    try:
        triggered = await reading(context)
    except CommandFailed:
        triggered = None
    if triggered is None:
        return SwitchWiring(
            None, "The probe's switch cannot be read (QUERY_PROBE), so a missing probe may not be detected."
        )
    if triggered:
        return SwitchWiring(
            True, f"Off the toolhead the probe reads triggered, so a missing one is detected ({SOURCE})."
        )
    if context.printer.state.z_calibration.get("attached_check_works") is True:
        return SwitchWiring(True, f"The probe was seen to read triggered while it was off ({SOURCE}).")
    if not moved:
        return SwitchWiring(
            None,
            "Nothing attaches the probe here, so whether a missing one is detected was not tested.",
        )
    return await _try_without(context, macros)


async def _try_without(context: Context, macros: tuple[str, str] | None) -> SwitchWiring:
    """The probe reads open: take it off and see whether it still does."""
    said = ""
    if macros is not None and macros[1]:
        context.emit(Stage("detach", f"Docking the probe to see its switch change ({macros[1]})"))
        await lift_before_macro(context.printer)
        try:
            await context.printer.gcode(macros[1])
        except CommandFailed as error:
            said = f" ({macros[1]} reported: {error.message.splitlines()[0]})"
        context.stop_if_cancelled()
        if await reading(context):
            return SwitchWiring(
                True, f"Docked, the probe reads triggered, so a missing one is detected ({SOURCE})."
            )
    if not context.operator.present:
        if macros is None or not macros[1]:
            return SwitchWiring(None, "The probe reads open, and nobody can be asked whether it is attached.")
        return SwitchWiring(False, f"Docked by {macros[1]}, the probe still reads open{said}.")
    off = await context.operator.confirm(
        Confirm(
            "probe-off",
            "Is the probe off the toolhead now?",
            "Its switch reads open, as it should only with the probe attached. Look before you answer: if a missing "
            "probe is not detected, the nozzle goes into the bed.",
            yes="It is off",
            no="It is attached",
            danger=True,
        )
    )
    if off:
        return SwitchWiring(False, f"The probe is off the toolhead, but its switch still reads open{said}.")
    return SwitchWiring(
        None,
        f"The probe is still attached{said}, so whether a missing one is detected is unknown.",
    )
