"""Whether a height has stopped moving, so that a phase may end."""

from collections.abc import Sequence
from statistics import fmean

from zcal_tui.model import limits

WINDOW = 360.0
"""s: the heights of the last six minutes are compared, one half with the other."""
FEWEST = 4
"""Heights in each half."""


def has_settled(times: Sequence[float], heights: Sequence[float], since: float, step: float) -> bool:
    """Whether the heights (mm) at these times (s, rising) have been still for the last `WINDOW`, of which all lies
    after `since`. Half a step is no movement."""
    if not times or times[-1] - since < WINDOW:
        return False
    end = times[-1]
    early = [
        height
        for t, height in zip(times, heights, strict=True)
        if end - WINDOW <= t < end - WINDOW / 2 and t >= since
    ]
    late = [height for t, height in zip(times, heights, strict=True) if t >= end - WINDOW / 2]
    if min(len(early), len(late)) < FEWEST:
        return False
    return abs(fmean(late) - fmean(early)) <= max(limits.STILL_HEIGHT.value, step / 2)
