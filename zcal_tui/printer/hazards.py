"""Commands of Klipper, its forks and plugins that halt the printer or take noise for a result, and how to use them.

One row a hazard. The sampler and the checks never go below a row's minimum; `ready` shows the rows that apply to the
printer. Versions are those in which it was seen.
"""

import math
import re
from collections.abc import Callable, Mapping

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.scanner_plugins import is_old_cartographer, sensor_names
from zcal_tui.printer.state import PrinterState

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?:-(\d+))?")

Applies = Callable[[PrinterState], bool]


@dataclass(frozen=True, slots=True)
class Hazard:
    """One command that is dangerous or misleading in some use."""

    command: str
    """The command, or the section in brackets."""
    origin: str
    """What brings it: Klipper, Kalico or the plugin, with the versions."""
    effect: str
    """What happens, as a sentence."""
    rule: str
    """How to use it, as a sentence; this program keeps to it."""
    source: str
    applies: Applies
    parameter: str = ""
    minimum: float = 0.0
    """The least value that the parameter may have; 0 where it is no number."""
    maximum: float = math.inf
    refused: bool = False
    """Whether the command refuses by itself, so that nothing comes of it."""


def _kalico(state: PrinterState) -> bool:
    return state.app == "Kalico"


def _klipper(first: int, last: int) -> Applies:
    """Klipper v0.13.0 from one number of commits to another, by the version in `info`, such as v0.13.0-490-gabc."""

    def applies(state: PrinterState) -> bool:
        found = _VERSION.match(state.software_version)
        if state.app != "Klipper" or found is None:
            return False
        release = tuple(int(part) for part in found.groups()[:3])
        return release == (0, 13, 0) and first <= int(found[4] or 0) <= last

    return applies


def _plugin(*kinds: str) -> Applies:
    """A scanner's plugin, by its section."""

    def applies(state: PrinterState) -> bool:
        return any(section.split()[:1] == [kind] for section in state.settings for kind in kinds)

    return applies


def _new_cartographer(state: PrinterState) -> bool:
    """cartographer3d-plugin, not the cartographer.py whose section has the same name."""
    return _plugin("cartographer")(state) and not is_old_cartographer(state)


def _constant_sigma(state: PrinterState) -> bool:
    """The plugins whose standard deviation is made of one sample; scanner.py of 2026 is not among them."""
    return _plugin("beacon", "idm")(state) or is_old_cartographer(state)


def _sensor(name: str) -> Applies:
    """A plugin made from Beacon's, whose commands begin with that name."""

    def applies(state: PrinterState) -> bool:
        if name == "IDM" and "idm" in state.settings:
            return True
        if name == "CARTOGRAPHER" and is_old_cartographer(state):
            return True
        named = sensor_names(state)
        return name in named or ("scanner" in state.settings and not named)

    return applies


def _older(name: str) -> tuple["Hazard", ...]:
    """The hazards of the backlash command of a plugin made from Beacon's, whose commands begin with that name."""
    command, origin = f"{name}_ESTIMATE_BACKLASH", "the older scanner.py, idm.py or cartographer.py"
    return (
        Hazard(
            command,
            origin,
            f"{command} SAMPLES=1 has no sample of one direction.",
            "Take at least four samples: two in each direction.",
            _OLDER_SOURCE,
            _sensor(name),
            "SAMPLES",
            4,
        ),
        Hazard(
            command,
            origin,
            f"{command} brings the nozzle near the bed with a long OVERRUN.",
            "Set OVERRUN (--delta) to 1.5 mm or less: it measures at 2 mm.",
            _OLDER_SOURCE,
            _sensor(name),
            "OVERRUN",
            0.0,
            1.5,
        ),
    )


_OLDER_SOURCE = "cartographer-klipper 479f6ab, scanner.py, idm.py and cartographer.py"

WRONG_SIGN = Hazard(
    "PROBE_CALIBRATE",
    "Klipper v0.13.0-476 to -503",
    "PROBE_CALIBRATE changes z_offset in the wrong direction.",
    "Update Klipper. Do not use PROBE_CALIBRATE until then.",
    "Klipper issue 7178",
    _klipper(476, 503),
)
NO_TWIST = Hazard(
    "[axis_twist_compensation]",
    "Klipper v0.13.0-476 to -534",
    "[axis_twist_compensation] is ignored.",
    "Update Klipper if you use it.",
    "Klipper commit 636a6141f",
    _klipper(476, 534),
)
ONE_SAMPLE = Hazard(
    "PROBE_ACCURACY",
    "Kalico",
    "PROBE_ACCURACY SAMPLES=1 shuts the printer down.",
    "Take at least two samples.",
    "Kalico's klippy/extras/probe.py of May 2026",
    _kalico,
    "SAMPLES",
    2,
)
BED_POSITION = Hazard(
    "CALIBRATE_Z",
    "Kalico",
    "CALIBRATE_Z with an invalid BED_POSITION shuts the printer down.",
    "Write BED_POSITION as x,y.",
    "Kalico's klippy/extras/z_calibration.py",
    _kalico,
    "BED_POSITION",
)
SCANNER_SAMPLES = Hazard(
    "PROBE_ACCURACY",
    "Beacon and the older scanner.py, idm.py and cartographer.py",
    "PROBE_ACCURACY with fewer than 3 samples shuts the printer down.",
    "Take at least three samples.",
    "beacon_klipper 7c71e98, beacon.py",
    lambda state: _plugin("beacon", "scanner", "idm")(state) or is_old_cartographer(state),
    "SAMPLES",
    3,
)
SCANNER_SIGMA = Hazard(
    "PROBE_ACCURACY",
    "Beacon, idm.py and the older cartographer.py",
    "The standard deviation that PROBE_ACCURACY prints is wrong: it uses one sample in every term.",
    "Compute it from the samples, as Repeatability (`accuracy`) does.",
    "beacon_klipper 7c71e98, beacon.py",
    _constant_sigma,
)
CARTOGRAPHER_SAMPLES = Hazard(
    "PROBE_ACCURACY",
    "cartographer3d-plugin 1.10",
    "PROBE_ACCURACY refuses fewer than 3 samples.",
    "Take at least three samples.",
    "cartographer3d-plugin 1.10.1, macros/probe.py",
    _new_cartographer,
    "SAMPLES",
    3,
    refused=True,
)
CARTOGRAPHER_RETRACT = Hazard(
    "PROBE_ACCURACY",
    "cartographer3d-plugin 1.10",
    "PROBE_ACCURACY refuses a retract of less than 1 mm.",
    "Set SAMPLE_RETRACT_DIST to 1 or more.",
    "cartographer3d-plugin 1.10.1, macros/probe.py",
    _new_cartographer,
    "SAMPLE_RETRACT_DIST",
    1.0,
    refused=True,
)
CARTOGRAPHER_ITERATIONS = Hazard(
    "CARTOGRAPHER_ESTIMATE_BACKLASH",
    "cartographer3d-plugin 1.10",
    "CARTOGRAPHER_ESTIMATE_BACKLASH ITERATIONS=1 reports noise as backlash.",
    "Take at least two iterations, five to calibrate.",
    "cartographer3d-plugin 1.10.1, macros/backlash.py",
    _new_cartographer,
    "ITERATIONS",
    2,
)
CARTOGRAPHER_DELTA = Hazard(
    "CARTOGRAPHER_ESTIMATE_BACKLASH",
    "cartographer3d-plugin 1.10",
    "CARTOGRAPHER_ESTIMATE_BACKLASH refuses approaches shorter than 0.2 mm or longer than 1 mm.",
    "Set DELTA (--delta) to 0.2 to 1 mm.",
    "cartographer3d-plugin 1.10.1, macros/backlash.py",
    _new_cartographer,
    "DELTA",
    0.2,
    1.0,
    refused=True,
)
BEACON_SAMPLES = Hazard(
    "BEACON_ESTIMATE_BACKLASH",
    "Beacon",
    "BEACON_ESTIMATE_BACKLASH SAMPLES=1 has no sample of one direction.",
    "Take at least four samples: two in each direction.",
    "beacon_klipper 7c71e98, beacon.py",
    _plugin("beacon"),
    "SAMPLES",
    4,
)
SCANNER_TOUCH = Hazard(
    "PROBE_SWITCH",
    "the older scanner.py and idm.py",
    "After PROBE_SWITCH to touch, PROBE and PROBE_ACCURACY lower the nozzle onto the bed until the next restart.",
    "Switch back (PROBE_SWITCH MODE=SCAN, on IDM METHOD=SCAN) before you measure.",
    _OLDER_SOURCE,
    _plugin("scanner", "idm"),
)
SCANNER_THRESHOLD = Hazard(
    "THRESHOLD_SCAN",
    "the older scanner.py",
    "THRESHOLD_SCAN stages a threshold even where none gave repeatable touches.",
    "Save it only if it reports an optimal threshold.",
    "cartographer-klipper 479f6ab, scanner.py",
    _plugin("scanner"),
)
EDDY_NG_TAP = Hazard(
    "PROBE_EDDY_NG_TAP",
    "eddy-ng",
    "PROBE_EDDY_NG_TAP changes Z 0, or with HOME_Z=0 the live G-code offset.",
    "Do not run PROBE_EDDY_NG_TAP while you measure; no check here runs it.",
    "eddy-ng 1ed056b, probe_eddy_ng.py",
    _plugin("probe_eddy_ng"),
)
OLDER_BACKLASH = (*_older("SCANNER"), *_older("CARTOGRAPHER"), *_older("IDM"))

HAZARDS = (
    WRONG_SIGN,
    NO_TWIST,
    ONE_SAMPLE,
    BED_POSITION,
    SCANNER_SAMPLES,
    SCANNER_SIGMA,
    CARTOGRAPHER_SAMPLES,
    CARTOGRAPHER_RETRACT,
    CARTOGRAPHER_ITERATIONS,
    CARTOGRAPHER_DELTA,
    BEACON_SAMPLES,
    *OLDER_BACKLASH,
    SCANNER_TOUCH,
    SCANNER_THRESHOLD,
    EDDY_NG_TAP,
)
"""Every hazard that is known."""


def hazards_of(state: PrinterState) -> tuple[Hazard, ...]:
    """Those that apply to a printer. None of Klipper's own builds where its version is unknown."""
    return tuple(hazard for hazard in HAZARDS if hazard.applies(state))


def minimum(state: PrinterState, command: str, parameter: str) -> float:
    """The least value that a command's parameter may have on this printer; 0 where anything will do."""
    found = (
        hazard.minimum
        for hazard in hazards_of(state)
        if (hazard.command, hazard.parameter) == (command, parameter)
    )
    return max(found, default=0.0)


def outside(state: PrinterState, command: str, parameters: Mapping[str, float | None]) -> Hazard | None:
    """The hazard that these parameters of a command would run into; None for sound ones."""
    for hazard in hazards_of(state):
        value = parameters.get(hazard.parameter) if hazard.command == command else None
        if value is not None and not hazard.minimum <= value <= hazard.maximum:
            return hazard
    return None
