"""Whether levelling has made a z_offset wrong (Klipper docs, Probe_Calibrate).

A probe beside the nozzle measures the bed there, so that a change of tilt goes into its z_offset. Levelling a machine
that was not level changes the tilt by nobody knows how much. Levelling again one that was level changes it by twice
the tolerance to which it is levelled at most, over the span of the points that are probed.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from zcal_tui.results.context import config_of, frame_of
from zcal_tui.results.depends import probe_option
from zcal_tui.results.homing_state import restarted_between

Context = Mapping[str, Any]

HARMLESS = 0.005
"""mm that heights may differ by from one probing to the next (Klipper docs, Probe_Calibrate: "normal")."""
KINDS = (
    ("z_tilt_applied", ("z_tilt", "z_tilt_ng"), "Z_TILT_ADJUST"),
    ("quad_gantry_level_applied", ("quad_gantry_level",), "QUAD_GANTRY_LEVEL"),
)


def levelled_since(then: Context, later: Sequence[Context]) -> str | None:
    """Why a z_offset that was measured `then` is wrong by a levelling that a later context shows; else None."""
    beside = math.hypot(*(_number(probe_option(then, option)) for option in ("x_offset", "y_offset")))
    if beside == 0.0:
        return None
    for context in later:
        if _tilt(then) != _tilt(context):
            return (
                "[bed_tilt] was changed since (BED_TILT_CALIBRATE), and the probe is not where the nozzle is"
            )
        for applied, sections, command in KINDS:
            if not context.get(applied):
                continue
            if not then.get(applied):
                return f"the gantry was levelled since ({command}), and the probe is not where the nozzle is"
            if _anew(then, context) and not _harmless(context, sections, beside):
                return (
                    f"the gantry was levelled again since ({command}), nobody knows how exactly without a "
                    "retry_tolerance, and the probe is not where the nozzle is"
                )
    return None


def _tilt(context: Context) -> Mapping[str, float]:
    """What [bed_tilt] corrects, as far as it tilts."""
    options = (config_of(context) or {}).get("bed_tilt", {})
    return {name: _number(options.get(name)) for name in ("x_adjust", "y_adjust")}


def _anew(then: Context, now: Context) -> bool:
    """Whether a levelling in force now is another than the one that was in force then."""
    before, after = frame_of(then), frame_of(now)
    if restarted_between(before, after):
        return True  # a restart ends a levelling, so this one was made after it
    at = after.get("levelled_at")
    # Seen while this program watched, after the run's own moment on the same clock
    return at is not None and _number(at) > _number(before.get("eventtime"))


def _harmless(context: Context, sections: Iterable[str], beside: float) -> bool:
    """Whether levelling is so exact that two of them cannot differ by much at the probe."""
    config = config_of(context) or {}
    for section in sections:
        options = config.get(section, {})
        tolerance, span = _number(options.get("retry_tolerance")), _span(options.get("points"))
        # Without retries the tolerance is not looked at
        if _number(options.get("retries")) > 0 and tolerance > 0 and span > 0:
            return 2 * tolerance * beside / span <= HARMLESS
    return False


def _span(points: object) -> float:
    """How far the probed points reach in the direction in which they reach least."""
    if not isinstance(points, list | tuple):
        return 0.0
    pairs = [point for point in points if isinstance(point, list | tuple) and len(point) == 2]
    if len(pairs) < 2:
        return 0.0
    return min(max(axis) - min(axis) for axis in ([_number(pair[n]) for pair in pairs] for n in (0, 1)))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0
