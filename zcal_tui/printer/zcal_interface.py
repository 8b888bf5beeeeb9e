"""Versions of the [zcal] module's interface (docs/zcal.md): the one this client needs, and what later ones add."""

import re

INTERFACE = (1, 1)
"""The version that this client speaks: the first number has to be the same, the second at least that."""
AFTER_PRINT = (1, 3)
"""From here on, a lease that ends during a print is cleaned up after the print."""
STAGES_POSITION_MIN = (1, 4)
"""From here on, ZCAL_STAGE stages the position_min of the Z axis."""
STAGES_SCAN_MODEL = (1, 5)
"""From here on, ZCAL_STAGE stages the offset of a scanner's model."""
MANUAL_PROBE_OPENER = (1, 5)
"""From here on, `zcal/manual_probe` says what opened a manual probe."""
STAGES_TOOL_PROBE = (1, 6)
"""From here on, ZCAL_STAGE stages the offsets of a toolchanger's `[tool_probe …]`."""
STAGES_AXIS_TWIST = (1, 7)
"""From here on, ZCAL_STAGE_AXIS_TWIST stages the axis twist compensation of an axis."""
SAY = (1, 2)
"""From here on, there is `zcal/say`."""


def speaks(version: object, least: tuple[int, int] = INTERFACE) -> bool:
    """Whether a module of this version (`1.2.0`; anything else is none) is compatible with `least`."""
    found = re.match(r"(\d+)\.(\d+)", version) if isinstance(version, str) else None
    return found is not None and int(found[1]) == least[0] and int(found[2]) >= least[1]
