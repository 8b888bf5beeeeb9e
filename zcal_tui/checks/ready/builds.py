"""Builds of Klipper and Kalico with known faults that affect Z calibration."""

import re
from dataclasses import dataclass

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?:-(\d+))?")


@dataclass(frozen=True, slots=True)
class KnownFault:
    """A fault of some builds: its effect, the remedy, the source."""

    what: str
    fix: str
    source: str


WRONG_SIGN = KnownFault(
    "PROBE_CALIBRATE changes z_offset in the wrong direction.",
    "Update Klipper. Do not use PROBE_CALIBRATE until then.",
    "Klipper issue 7178",
)
NO_TWIST = KnownFault(
    "[axis_twist_compensation] is ignored.", "Update Klipper if you use it.", "Klipper commit 636a6141f"
)
ONE_SAMPLE = KnownFault(
    "PROBE_ACCURACY SAMPLES=1 shuts the printer down.",
    "Take at least two samples.",
    "Kalico's klippy/extras/probe.py of May 2026",
)
BED_POSITION = KnownFault(
    "CALIBRATE_Z with an invalid BED_POSITION shuts the printer down.",
    "Write BED_POSITION as x,y.",
    "Kalico's klippy/extras/z_calibration.py",
)


def known_faults(app: str, version: str) -> tuple[KnownFault, ...]:
    """The faults of a build, by its version in `info`, such as v0.13.0-490-gabc; none for an unknown version."""
    if app == "Kalico":
        return (ONE_SAMPLE, BED_POSITION)
    found = _VERSION.match(version)
    if found is None:
        return ()
    release = tuple(int(part) for part in found.groups()[:3])
    commits = int(found[4] or 0)
    if release != (0, 13, 0):
        return ()
    faults = []
    if 476 <= commits <= 503:
        faults.append(WRONG_SIGN)
    if 476 <= commits <= 534:
        faults.append(NO_TWIST)
    return tuple(faults)
