"""Klipper versions that differ in the meaning of a probed height."""

import re
from collections.abc import Mapping
from typing import Any

BED_FRAME_SINCE = (0, 13, 0, 476)
"""From here on Klipper reports probed heights as bed contact (z_offset and axis twist applied), not as toolhead Z at
the trigger (commit 2a1027ce4, December 2025; Klipper docs, Config_Changes, 20260109)."""
TWIST_APPLIED_SINCE = (0, 13, 0, 535)
"""From BED_FRAME_SINCE to here PROBE_CALIBRATE got its sign wrong (fixed in -504, Klipper#7178) and the axis twist
was left out (fixed by commit 636a6141f)."""


def klipper_version(text: object) -> tuple[int, int, int, int] | None:
    """`v0.13.0-476-g2a1027ce4` as numbers; None if it is not one of Klipper's own (a fork's, an archive's)."""
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)(?:-(\d+)(?:-|$))?", str(text or ""))
    if match is None or int(match[1]) > 100:  # Kalico counts by years
        return None
    major, minor, patch, commits = match.groups()
    return int(major), int(minor), int(patch), int(commits or 0)


def bed_frame(printer: Mapping[str, Any]) -> bool | None:
    """Whether a record's printer reports probed heights as bed contact; None if its version is unknown."""
    if printer.get("app") == "Kalico":
        return False
    version = klipper_version(printer.get("software_version"))
    return None if version is None else version >= BED_FRAME_SINCE


def crossed(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether one of two records' printers reports bed contact and the other does not."""
    one, other = bed_frame(first), bed_frame(second)
    return one is not None and other is not None and one is not other


def faulty(printer: Mapping[str, Any]) -> bool:
    """Whether this Klipper build ignores the axis twist."""
    version = klipper_version(printer.get("software_version"))
    own = printer.get("app") != "Kalico" and version is not None
    return own and version is not None and BED_FRAME_SINCE <= version < TWIST_APPLIED_SINCE
