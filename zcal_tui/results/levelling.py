"""Whether levelling has made a z_offset wrong (Klipper docs, Probe_Calibrate).

A probe beside the nozzle measures the bed at another point, so a change of tilt changes its z_offset. The first
levelling changes the tilt by an unknown amount. Each further one changes it by at most twice the levelling tolerance
over the span of the probed points.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from zcal_tui.model import limits
from zcal_tui.results.context import config_of, frame_of
from zcal_tui.results.depends import probe_option
from zcal_tui.results.homing_state import restarted_between

Context = Mapping[str, Any]

KINDS = (
    ("z_tilt_applied", ("z_tilt", "z_tilt_ng"), "Z_TILT_ADJUST"),
    ("quad_gantry_level_applied", ("quad_gantry_level",), "QUAD_GANTRY_LEVEL"),
)


def levelled_since(then: Context, later: Sequence[Context]) -> str | None:
    """Why a levelling that a later context shows makes a z_offset wrong, as a clause; None if there is none."""
    distance = math.hypot(*(_number(probe_option(then, option)) for option in ("x_offset", "y_offset")))
    if distance == 0.0:
        return None
    for context in later:
        if _tilt(then) != _tilt(context):
            return "[bed_tilt] has changed (BED_TILT_CALIBRATE), and the probe is beside the nozzle"
        for applied, sections, command in KINDS:
            if not context.get(applied):
                continue
            if not then.get(applied):
                return f"the gantry has been levelled ({command}), and the probe is beside the nozzle"
            if _levelled_again(then, context) and not _within_scatter(context, sections, distance):
                return (
                    f"the gantry has been levelled again ({command}). Without a small retry_tolerance, the tilt at the "
                    "probe may differ"
                )
    return None


def _tilt(context: Context) -> Mapping[str, float]:
    """The tilt that [bed_tilt] corrects."""
    options = (config_of(context) or {}).get("bed_tilt", {})
    return {name: _number(options.get(name)) for name in ("x_adjust", "y_adjust")}


def _levelled_again(then: Context, now: Context) -> bool:
    """Whether the levelling in force now is not the one that was in force then."""
    before, after = frame_of(then), frame_of(now)
    if restarted_between(before, after):
        return True  # a restart ends a levelling, so this one was made after it
    at = after.get("levelled_at")
    # Seen while this program was connected, later than the run on the same clock
    return at is not None and _number(at) > _number(before.get("eventtime"))


def _within_scatter(context: Context, sections: Iterable[str], distance: float) -> bool:
    """Whether two levellings differ at the probe by no more than the normal scatter."""
    config = config_of(context) or {}
    for section in sections:
        options = config.get(section, {})
        tolerance, span = _number(options.get("retry_tolerance")), _span(options.get("points"))
        # Without retries, Klipper ignores the tolerance
        if _number(options.get("retries")) > 0 and tolerance > 0 and span > 0:
            return 2 * tolerance * distance / span <= limits.NORMAL_RANGE.value
    return False


def _span(points: object) -> float:
    """The smaller of the probed points' extents in X and Y."""
    if not isinstance(points, list | tuple):
        return 0.0
    pairs = [point for point in points if isinstance(point, list | tuple) and len(point) == 2]
    if len(pairs) < 2:
        return 0.0
    return min(max(axis) - min(axis) for axis in ([_number(pair[n]) for pair in pairs] for n in (0, 1)))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0
