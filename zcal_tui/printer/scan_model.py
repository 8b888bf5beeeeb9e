"""The model by which a scanner's plugin turns frequencies into distances, where its offset is one value of printer.cfg.

`Z_OFFSET_APPLY_PROBE` of the plugin changes the same value.
"""

from dataclasses import dataclass

from zcal_tui.printer.config_view import ProbeConfig, probe_config, z_rail
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number

CARTOGRAPHER_DISTANCE = 2.0
"""mm from the bed at which it triggers. Source: cartographer3d-plugin 1.10.1, probe/scan_mode.py."""
DEFAULT_MODEL = "default"
CONTACT_SECTIONS = ("cartographer", "beacon", "scanner", "idm")
"""Plugins whose Z 0 is the nozzle's contact with the bed: their own paper tests take the paper for 0.1 mm.
Source: cartographer3d-plugin 1.10.1, macros/scan_calibrate.py; beacon_klipper 7c71e98, cal_nozzle_z."""
PAPER = 0.1
"""mm that these plugins take the paper for."""


@dataclass(frozen=True, slots=True)
class ScanModel:
    """The model in use."""

    section: str
    option: str
    """The option that holds the offset."""
    offset: float
    """mm; it is added to every distance."""
    distance: float
    """mm from contact up to the trigger height that a correct model shows."""

    @property
    def shift(self) -> float:
        """The model's correct offset less the height (mm) from where the paper drags up to where it triggers."""
        return self.offset - self.distance + PAPER


def counts_from_contact(state: PrinterState) -> bool:
    """Whether Z is homed by a scanner whose plugin counts heights from the nozzle's contact, not from the paper."""
    rail, probe = z_rail(state), probe_config(state)
    if rail is None or probe is None or not rail.homes_with_probe:
        return False
    return probe.section.split()[0] in CONTACT_SECTIONS


def scan_model(state: PrinterState, probe: ProbeConfig) -> ScanModel | None:
    """The model in use; None where the probe has none, or its plugin's models are not known to this program."""
    if probe.section != "cartographer":
        return None
    section = f"cartographer scan_model {state.scan_model or DEFAULT_MODEL}"
    offset = number(state.settings.get(section.lower(), {}).get("z_offset"))
    return None if offset is None else ScanModel(section, "z_offset", offset, CARTOGRAPHER_DISTANCE)
