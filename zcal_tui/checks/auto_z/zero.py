"""The meaning of Z 0: the nozzle on the bed, or the nozzle on a sheet of paper. They are a paper's thickness apart.

Klipper's paper test takes the height at which the paper drags for contact: the paper (about 0.1 mm) makes up for what
the nozzle grows from cold to hot (Klipper docs, Bed_Level, "The paper test"). CALIBRATE_Z measures the nozzle again
before each print, as hot as it is then, so that nothing is left to make up for: there the paper has to be taken off,
as in the plugin's own test, where the gap at Z 0.1 is to be 0.1 mm ("How to test it"). The plugins of
scanners count from contact too.
"""

from zcal_tui.checks.auto_z.print_start import print_start
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.units import length
from zcal_tui.printer.scan_model import counts_from_contact
from zcal_tui.printer.state import PrinterState


@dataclass(frozen=True)
class Zero:
    """`paper` is the Z (mm, as G-code counts) at which the paper is to drag: its thickness, or 0."""

    paper: float
    text: str
    """What is taken and why, for a person."""


def zero_of(
    state: PrinterState,
    wanted: str,
    thickness: float,
    *,
    automatic: bool,
    by_contact: str = "",
    hot: bool = False,
) -> Zero:
    """What Z 0 is to be: `wanted` contact, paper or auto. `automatic`: the offset comes from CALIBRATE_Z; `by_contact`:
    the command by which nozzle contact gave Z 0; `hot`: the nozzle is hot now."""
    sheet = length(thickness)
    if wanted == "contact":
        return Zero(
            thickness, f"As requested, Z 0 is contact: the paper ({sheet}) must drag at Z {thickness:g}."
        )
    if wanted == "paper":
        return Zero(
            0.0,
            "As requested, the height at which the paper drags counts as contact (Klipper docs, Bed_Level).",
        )
    if not automatic:
        if counts_from_contact(state):
            return Zero(
                thickness,
                f"The scanner's plugin counts heights from the nozzle's contact. The paper ({sheet}) must drag at Z "
                f"{thickness:g}.",
            )
        if by_contact:
            return Zero(
                thickness,
                f"Z 0 is nozzle contact, found by {by_contact}. The paper ({sheet}) must drag at Z {thickness:g}.",
            )
        if hot:
            return Zero(
                thickness,
                f"The nozzle is hot and has grown, so the paper ({sheet}) compensates for nothing. It must drag at Z "
                f"{thickness:g}.",
            )
        return Zero(
            0.0,
            "The height at which the paper drags counts as contact. The paper's thickness compensates for the growth "
            "of the hot nozzle (Klipper docs, Bed_Level).",
        )
    if hot:
        return Zero(
            thickness,
            f"CALIBRATE_Z measures the hot nozzle here. Z 0 is contact, and the paper ({sheet}) must drag at Z "
            f"{thickness:g}.",
        )
    macro = print_start(state.settings)
    if macro is not None and macro.calibrates_hot is False:
        return Zero(
            0.0,
            f"{macro.name} calibrates with a cold nozzle, so the height at which the paper drags counts as contact. "
            "Its thickness compensates for the later growth of the nozzle (Klipper docs, Bed_Level).",
        )
    return Zero(
        thickness,
        "CALIBRATE_Z measures the hot nozzle before the print, so the paper does not have to compensate for its "
        f"growth. Z 0 is contact, and the paper ({sheet}) must drag at Z {thickness:g}. If you calibrate with a cold "
        "nozzle, repeat this with --zero paper.",
    )
