"""Klippers of printer vendors, recognised by what they report, and how far this program can be used with them."""

from collections.abc import Callable
from typing import Literal

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.config_view import has_probe
from zcal_tui.printer.state import PrinterState

Support = Literal["supported", "limited", "refused"]


@dataclass(frozen=True, slots=True)
class VendorFork:
    """A vendor's Klipper. The texts are whole sentences."""

    name: str
    support: Support
    what: str
    """What differs from Klipper."""
    advice: str


@dataclass(frozen=True, slots=True)
class _Sign:
    """How a vendor's Klipper is recognised."""

    sections: tuple[str, ...]
    """First words of sections or objects, one of which it has."""
    fork: Callable[[PrinterState], VendorFork]


def vendor_fork(state: PrinterState) -> VendorFork | None:
    """The vendor's Klipper that the printer runs; None for Klipper and Kalico themselves."""
    # A section whose module reads no option is not among the settings
    kinds = {
        name.split()[0].lower() for name in (*state.config, *state.settings, *state.objects) if name.strip()
    }
    hostname = state.hostname.lower()
    for sign in _SIGNS:
        if kinds.intersection(sign.sections):
            return sign.fork(state)
    if "sonicpad" in hostname.replace("-", "").replace("_", ""):
        return _sonic_pad(state)
    return None


def _creality(state: PrinterState) -> VendorFork:
    if has_probe(state):
        return VendorFork(
            "Creality K1/K2",
            "limited",
            "Its module prtouch homes Z and makes the mesh by itself, with its own offset.",
            "Use the checks for the probe only if you have replaced prtouch by a probe of your own. The extra "
            "offset of "
            "prtouch is not known here.",
        )
    return VendorFork(
        "Creality K1/K2",
        "refused",
        "Its module prtouch presses the nozzle on the bed and homes Z by itself. Its code is closed, and it has no "
        "commands to take single samples.",
        "Calibrate Z on its screen, or install a probe that Klipper supports.",
    )


def _sonic_pad(state: PrinterState) -> VendorFork:
    return VendorFork(
        "Creality Sonic Pad",
        "limited",
        "It runs a Klipper of 2022 with Creality's changes, on an old Python.",
        "The [zcal] module may not load there. Read and paper checks work; saving writes to the pad's printer.cfg.",
    )


def _qidi(state: PrinterState) -> VendorFork:
    return VendorFork(
        "Qidi",
        "limited",
        "Its macros get_zoffset, set_zoffset and save_zoffset move Z zero before each print, after a value was saved.",
        "Run First layer (`first-layer`) by its screen's offset, and do not save z_offset here while those macros are "
        "used.",
    )


def _sovol(state: PrinterState) -> VendorFork:
    return VendorFork(
        "Sovol",
        "limited",
        "Its module z_offset_calibration presses the nozzle on the bed before each print and sets z_offset of [probe] "
        "by itself.",
        "Repeatability, Location bias and Temperature apply. A z_offset that is saved here is replaced by its next "
        "calibration.",
    )


def _anycubic(state: PrinterState) -> VendorFork:
    return VendorFork(
        "Anycubic Kobra",
        "refused",
        "Its module leviQ homes and levels by itself, and its Klipper has no usual probing commands.",
        "Calibrate Z on its screen.",
    )


_SIGNS = (
    _Sign(("prtouch", "prtouch_v1", "prtouch_v2", "prtouch_v3"), _creality),
    _Sign(("bl24c16f",), _sonic_pad),
    _Sign(("qdprobe",), _qidi),
    _Sign(("probe_pressure", "z_offset_calibration"), _sovol),
    _Sign(("leviq2", "leviq3"), _anycubic),
)
