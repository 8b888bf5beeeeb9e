"""The version of the companion extra's interface (docs/zcal.md): what this client needs, and what came later."""

import re

INTERFACE = (1, 1)
"""The version that this client speaks: the first number has to be the same, the second at least that."""
AFTER_PRINT = (1, 3)
"""Since when a lease that ends in a print is cleaned up behind once that is over."""
SAY = (1, 2)
"""Since when `zcal/say` is there."""


def speaks(version: object, least: tuple[int, int] = INTERFACE) -> bool:
    """Whether an extra that calls itself by this version (`1.2.0`; anything else is none) understands that much."""
    found = re.match(r"(\d+)\.(\d+)", version) if isinstance(version, str) else None
    return found is not None and int(found[1]) == least[0] and int(found[2]) >= least[1]
