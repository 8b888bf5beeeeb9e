"""The calibrations that scanners bring as commands of their own. Each stages its result by itself.

Sources: cartographer3d-plugin 1.10.1, beacon_klipper 7c71e98, Klipper docs, Eddy_Probe.
"""

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.probe_methods import MethodName
from zcal_tui.printer.scanner_plugins import is_old_cartographer, sensor_names
from zcal_tui.printer.state import PrinterState


@dataclass(frozen=True, slots=True)
class ScannerCalibration:
    """One calibration of one kind of scanner."""

    key: str
    """What it is called here (`z-offset --calibrate`)."""
    section: str
    """The first word of the probe's section."""
    commands: tuple[str, ...]
    """Run one after the other; `{chip}` is the sensor's name."""
    does: str
    """What it does, as sentences."""
    stages: str
    """What the names of the sections that it stages begin with; empty for the probe's own section."""
    minutes: int
    paper: bool = False
    """Whether it opens a manual probe first: a person does the paper test."""
    touches: bool = False
    """Whether the nozzle touches the bed by itself."""
    method: MethodName | None = None
    """The method that is checked afterwards; None for the distance of the coil."""
    moves_coil: bool = False
    """Whether it ends with the coil over the point where the nozzle was."""

    @property
    def name(self) -> str:
        """The command's name."""
        return self.commands[0].split()[0]


CALIBRATIONS: tuple[ScannerCalibration, ...] = (
    ScannerCalibration(
        "scan",
        "cartographer",
        ("CARTOGRAPHER_SCAN_CALIBRATE",),
        "It moves to the middle of the bed and sets Z to a made-up height. You lower the nozzle onto the paper, which "
        "counts as 0.1 mm. Then the plugin lifts to 5.5 mm, comes down to 0.1 mm and fits the coil's model.",
        "cartographer scan_model",
        2,
        paper=True,
    ),
    ScannerCalibration(
        "touch",
        "cartographer",
        ("CARTOGRAPHER_TOUCH_CALIBRATE",),
        "The nozzle touches the middle of the bed many times, with rising thresholds, until its touches agree. A "
        "threshold that is too low stops in the air; one that is too high presses harder.",
        "cartographer touch_model",
        5,
        touches=True,
        method="touch",
    ),
    ScannerCalibration(
        "scan",
        "beacon",
        ("BEACON_CALIBRATE",),
        "You lower the nozzle onto the paper, which counts as 0.1 mm. Then the plugin moves the coil over that point "
        "and fits its model.",
        "beacon model",
        2,
        paper=True,
        moves_coil=True,
    ),
    ScannerCalibration(
        "auto",
        "beacon",
        ("BEACON_AUTO_CALIBRATE",),
        "The nozzle touches the bed several times to find Z 0. Then the plugin moves the coil over that point and fits "
        "its model.",
        "beacon model",
        2,
        touches=True,
        moves_coil=True,
    ),
    ScannerCalibration(
        "tap",
        "probe_eddy_current",
        tuple(
            f"PROBE_EDDY_CURRENT_TAP_CALIBRATE CHIP={{chip}} TAP={step}"
            for step in ("guess", "refine", "verify")
        ),
        "The nozzle taps the bed with a guessed threshold, then with a refined one, then five times to verify it. If "
        "the threshold is wrong, the nozzle presses into the bed: be ready for the emergency stop.",
        "",
        2,
        touches=True,
        method="tap",
    ),
)
"""Every calibration that is run from here, beside those of Klipper's eddy current probe in checks/z_offset/eddy.py."""
EDDY_OWN = ("scan", "drive-current")
"""What checks/z_offset/eddy.py calibrates."""

OWN_COMMANDS = {
    "cartographer": "CARTOGRAPHER_SCAN_CALIBRATE",
    "scanner": "CARTOGRAPHER_CALIBRATE",
    "beacon": "BEACON_CALIBRATE",
    "idm": "IDM_CALIBRATE",
    "probe_eddy_ng": "PROBE_EDDY_NG_SETUP",
}
"""How the plugins' scanning probes are calibrated, by the first word of their section."""


def own_command(state: PrinterState, section: str) -> str:
    """The plugin's command that calibrates this scanner; empty for another probe."""
    kind = section.split()[0]
    if is_old_cartographer(state) and kind == "cartographer":
        return "CARTOGRAPHER_CALIBRATE"
    if kind == "scanner" and (names := sensor_names(state)):
        return f"{names[0]}_CALIBRATE"
    return OWN_COMMANDS.get(kind, "")


def calibrations_of(section: str) -> tuple[str, ...]:
    """The keys of the calibrations of a probe, by its section."""
    kind = section.split()[0]
    own = EDDY_OWN if kind == "probe_eddy_current" else ()
    return (*own, *(one.key for one in CALIBRATIONS if one.section == kind))


def calibration_of(section: str, key: str) -> ScannerCalibration | None:
    """The calibration of a probe by its key; None where it has none."""
    kind = section.split()[0]
    return next((one for one in CALIBRATIONS if (one.section, one.key) == (kind, key)), None)


def unmodelled(state: PrinterState, probe: ProbeConfig) -> bool:
    """Whether a scanner has nothing that is measured or calibrated from here: its models are unknown."""
    return probe.kind == "scanner" and (not calibrations_of(probe.section) or is_old_cartographer(state))
