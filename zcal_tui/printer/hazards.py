"""Commands of Klipper, its forks and plugins that halt the printer or take noise for a result, and how to use them.

One row a hazard. The sampler and the checks never go below a row's minimum; `ready` shows the rows that apply to the
printer. Versions are those in which it was seen.
"""

import math
import re
from collections.abc import Callable, Mapping

from zcal_tui.model.lazy_dataclass import dataclass
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
    "Beacon and the older scanner.py and idm.py",
    "PROBE_ACCURACY with fewer than 3 samples shuts the printer down.",
    "Take at least three samples.",
    "beacon_klipper 7c71e98, beacon.py",
    _plugin("beacon", "scanner", "idm"),
    "SAMPLES",
    3,
)
SCANNER_SIGMA = Hazard(
    "PROBE_ACCURACY",
    "Beacon",
    "The standard deviation that PROBE_ACCURACY prints is wrong: it uses one sample in every term.",
    "Compute it from the samples, as Repeatability (`accuracy`) does.",
    "beacon_klipper 7c71e98, beacon.py",
    _plugin("beacon"),
)
CARTOGRAPHER_SAMPLES = Hazard(
    "PROBE_ACCURACY",
    "cartographer3d-plugin 1.10",
    "PROBE_ACCURACY refuses fewer than 3 samples.",
    "Take at least three samples.",
    "cartographer3d-plugin 1.10.1, macros/probe.py",
    _plugin("cartographer"),
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
    _plugin("cartographer"),
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
    _plugin("cartographer"),
    "ITERATIONS",
    2,
)
CARTOGRAPHER_DELTA = Hazard(
    "CARTOGRAPHER_ESTIMATE_BACKLASH",
    "cartographer3d-plugin 1.10",
    "CARTOGRAPHER_ESTIMATE_BACKLASH refuses approaches shorter than 0.2 mm or longer than 1 mm.",
    "Set DELTA (--delta) to 0.2 to 1 mm.",
    "cartographer3d-plugin 1.10.1, macros/backlash.py",
    _plugin("cartographer"),
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
