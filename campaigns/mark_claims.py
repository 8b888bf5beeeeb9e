"""Whether the intervals of `probe-xy` cover, whatever the person sees, and how wide they are."""

from collections.abc import Callable

import numpy as np

from campaigns.simulated_claim import Claim, Tried
from zcal_tui.checks.probe_xy.analysis import RESOLUTION, estimates_of
from zcal_tui.checks.probe_xy.parameters import ProbeXyParameters

COVERED = 0.93
SHARP = 0.15
"""mm: a person who sees so well is covered by the assumption alone."""
EYES = (0.05, 0.10, 0.15, 0.30)
"""mm: the scatter, along X and along Y, of the places at which a person sees a mark."""


def _tried(eye: float, marks: int) -> Callable[[np.random.Generator], Tried]:
    def one(rng: np.random.Generator) -> Tried:
        seen = np.round(rng.normal(0.0, eye, (marks, 2)) / RESOLUTION) * RESOLUTION
        found = estimates_of([(float(x), float(y)) for x, y in seen])["x_offset"]
        assert found.low is not None and found.high is not None
        return Tried(found.low <= 0.0 <= found.high, None, float(marks), (found.high - found.low) / 2)

    return one


CLAIMS: tuple[Claim, ...] = tuple(
    Claim(
        "probe-xy",
        f"a mark is seen within σ {1000 * eye:.0f} µm",
        "x_offset covered",
        # One or two marks rest on the assumption that a person sees a mark within 0.2 mm
        COVERED if marks >= ProbeXyParameters().repeats or eye <= SHARP else None,
        _tried(eye, marks),
        least=True,
        cost_unit="marks",
    )
    for eye in EYES
    for marks in (1, ProbeXyParameters().repeats, 5)
)
