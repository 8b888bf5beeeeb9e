"""The model by which a scanner's plugin turns frequencies into distances, where its offset is one value of printer.cfg.

`Z_OFFSET_APPLY_PROBE` of the plugin changes the same value.
"""

from zcal_tui.model.lazy_dataclass import dataclass
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


BEACON_DISTANCE = 2.0
"""mm: the same of a Beacon without trigger_distance. Source: beacon_klipper 7c71e98."""


@dataclass(frozen=True, slots=True)
class ScanModel:
    """The model in use."""

    section: str
    option: str
    """The option that holds the offset."""
    offset: float
    """mm."""
    distance: float
    """mm from contact up to the trigger height that a correct model shows."""
    sign: int = 1
    """1 where the offset is added to each distance, -1 where it is subtracted."""
    console_shift: float = 0.0
    """mm to be added to a sample that was read from the console, which counts from elsewhere there."""

    @property
    def excess(self) -> float:
        """mm to be added to what lies between the paper and the trigger, for the error of the distances."""
        return PAPER - self.distance

    def corrected(self, error: float) -> float:
        """The correct offset, for distances that are too small by `error` (mm)."""
        return self.offset + self.sign * error


def counts_from_contact(state: PrinterState) -> bool:
    """Whether Z is homed by a scanner whose plugin counts heights from the nozzle's contact, not from the paper."""
    rail, probe = z_rail(state), probe_config(state)
    if rail is None or probe is None or not rail.homes_with_probe:
        return False
    return probe.section.split()[0] in CONTACT_SECTIONS


def scan_model(state: PrinterState, probe: ProbeConfig) -> ScanModel | None:
    """The model in use; None where the probe has none, or its plugin's models are not known to this program."""
    name = state.scan_model or DEFAULT_MODEL
    match probe.section:
        case "cartographer":
            section, option = f"cartographer scan_model {name}", "z_offset"
        case "beacon":
            section, option = f"beacon model {name}", "model_offset"
        case _:
            return None
    offset = number(state.settings.get(section.lower(), {}).get(option))
    if offset is None:
        return None
    if probe.section == "cartographer":
        return ScanModel(section, option, offset, CARTOGRAPHER_DISTANCE)
    distance = number(state.settings.get("beacon", {}).get("trigger_distance")) or BEACON_DISTANCE
    return ScanModel(section, option, offset, distance, sign=-1, console_shift=distance)
