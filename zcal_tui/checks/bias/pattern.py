"""What a location bias looks like over the bed, and what that points at."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.geometry import Xy

Shape = Literal["along x", "along y", "twist", "one place", "none"]
EXPLAINED = 0.8
"""Share of the places' variance that a shape has to explain before it is named."""
FEWEST = {"along x": 3, "along y": 3, "twist": 4, "one place": 4}
"""Places below which any data have that shape."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """The shape that explains most; `place` is the index of the one that differs, `size` (mm) how much the shape
    changes z_offset over the places: towards larger X or Y, along one diagonal more than along the other, or at the
    one place."""

    shape: Shape
    size: float = 0.0
    place: int | None = None


def pattern_of(
    places: Sequence[Xy], z_offsets: Sequence[float], precision: NDArray[np.float64] | None = None
) -> Pattern:
    """The simplest shape of a location bias that these z_offsets (mm) at these places (mm) have. Its size is fitted by
    their `precision`, the inverse covariance of their distances from their mean; None: all are as precise."""
    points = np.asarray(places, dtype=np.float64)
    heights = np.asarray(z_offsets, dtype=np.float64)
    heights = heights - heights.mean()
    whole = float(heights @ heights)
    if whole == 0.0:
        return Pattern("none")
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    half = np.ptp(points, axis=0) / 2
    x, y = (
        (points[:, axis] - middle[axis]) / half[axis] if half[axis] > 0 else np.zeros(len(points))
        for axis in (0, 1)
    )
    candidates: list[tuple[Shape, np.ndarray, int | None]] = [
        ("along x", x, None),
        ("along y", y, None),
        ("twist", x * y, None),
        *(("one place", np.eye(len(points))[n], n) for n in range(len(points))),
    ]
    weights = np.eye(len(points)) if precision is None else precision
    best, share = Pattern("none"), EXPLAINED
    for shape, profile, place in candidates:
        centred = profile - profile.mean()
        length = float(centred @ centred)
        if length < 1e-9 or len(points) < FEWEST[shape]:
            continue
        slope = float(centred @ heights) / length
        explained = slope * slope * length / whole
        if explained > share + 1e-9:
            weight = float(centred @ weights @ centred)
            if weight > 0.0:
                slope = float(centred @ weights @ heights) / weight
            best, share = Pattern(shape, slope * float(np.ptp(profile)), place), explained
    return best
