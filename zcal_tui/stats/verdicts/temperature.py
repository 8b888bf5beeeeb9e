"""The verdict on temperature bias."""

from __future__ import annotations

import math

from zcal_tui.model import limits
from zcal_tui.model.limits import Limit
from zcal_tui.model.units import duration, micrometres
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.thermal import ThermalBias
from zcal_tui.stats.verdicts.rule import (
    Advice,
    Level,
    VerdictRule,
    along,
    bounds,
    consequence,
    worst,
)


def judge_thermal(result: ThermalBias) -> VerdictRule:
    """The verdict: pass if the shift, with all that may still come, stays within the limit; warn if it exceeds it, for
    then the probe must always be used at the same temperature; fail if the height does not settle, or does not come
    back; unknown if the data do not decide, which includes a shift that holds only for as long as it was measured."""
    limit = limits.TEMPERATURE_SHIFT
    size_level, size_reason = _judge_shift(result.shift, limit)
    levels, reasons = [size_level], [size_reason]
    settling = _judge_settling(result, size_level, limit)
    if settling is not None:
        levels.append(settling[0])
        reasons.append(settling[1])
    if result.returned is not None:
        level, reason = _judge_returned(result.returned, limit)
        levels.append(level)
        reasons.append(reason)
    level = worst(levels)
    lasting = holds_for(result) is None
    most = _magnitude(result.settled if lasting else result.shift)[1]
    if lasting and most > _magnitude(result.shift)[1] and not any(_leads(most) in text for text in reasons):
        reasons.append(_leads(most))
    reasons.append(consequence(most))
    return VerdictRule(level, tuple(reasons), _advice(result, level, size_level))


def holds_for(result: ThermalBias) -> float | None:
    """Seconds of heat for which the shift stays within the limit, where nothing is known of later; None where it holds
    for good, or not at all."""
    limit = limits.TEMPERATURE_SHIFT.value
    if _magnitude(result.shift)[1] > limit or _magnitude(result.settled)[1] <= limit:
        return None
    return result.heated_for


def _magnitude(interval: Interval) -> tuple[float, float]:
    """Bounds of the absolute value."""
    low = -math.inf if interval.low is None else interval.low
    high = math.inf if interval.high is None else interval.high
    nearest = 0.0 if low <= 0.0 <= high else min(abs(low), abs(high))
    return nearest, max(abs(low), abs(high))


def _leads(most: float) -> str:
    return f"With longer heat the shift may reach {micrometres(most)}."


def _judge_shift(shift: Interval, limit: Limit) -> tuple[Level, str]:
    least, most = _magnitude(shift)
    size = along(shift)
    word = "higher" if shift.value >= 0.0 else "lower"
    found = f"The hot probe triggers {micrometres(size.value)} {word} than the cold one {bounds(size)}."
    if least > limit.value:
        return "warn", f"{found} A height measured cold is wrong when hot. {limit.sentence}"
    if most <= limit.value:
        return "pass", f"{found} That is within the limit. {limit.sentence}"
    return "unknown", f"{found} The data do not decide. {limit.sentence}"


def _judge_settling(result: ThermalBias, size_level: Level, limit: Limit) -> tuple[Level, str] | None:
    """The reason where the height had not settled at the end of the heat; None where it had."""
    rest = result.remaining
    left = f"At the end of the hot phase the remaining drift was {micrometres(rest.value, sign=True)} {bounds(rest)}."
    # The remaining drift is extrapolated from how the line bends: it counts once it is statistically significant
    drifting = not rest.covers(0.0)
    if size_level == "warn" and drifting and abs(rest.value) > limit.value:
        return "fail", f"The height does not settle. {left} {limit.sentence}"
    if size_level == "pass":
        least, most = _magnitude(result.settled)
        leads = _leads(most)
        if least > limit.value:
            return "warn", f"The height leads beyond the limit. {left} {leads} {limit.sentence}"
        if most > limit.value:
            after = duration(result.heated_for)
            return "unknown", (
                f"The hot phase was too short to rule out slow parts. The result holds for up to {after} of heat. "
                f"{left} {leads} {limit.sentence}"
            )
        return None
    if result.settle is None:
        normal = limits.NORMAL_RANGE
        return "unknown", (
            f"The hot phase was too short. {left} Settled is within one step or {normal.text} "
            f"({normal.source})."
        )
    return None


def _judge_returned(returned: Interval, limit: Limit) -> tuple[Level, str]:
    least, most = _magnitude(returned)
    size = along(returned)
    word = "higher" if returned.value >= 0.0 else "lower"
    found = (
        f"Cooled down, the probe triggers {micrometres(size.value)} {word} than at the start {bounds(size)}."
    )
    if least > limit.value:
        return "fail", f"{found} Something other than temperature moved it. {limit.sentence}"
    if most <= limit.value:
        return "pass", f"{found} It returns to where it started. {limit.sentence}"
    return "unknown", f"{found} The data do not decide. {limit.sentence}"


def _advice(result: ThermalBias, level: Level, size_level: Level) -> tuple[Advice, ...]:
    advice = []
    if size_level == "warn":
        wait = ""
        if result.settle is not None:
            wait = f" Wait {max(1, math.ceil(result.settle / 60.0))} min after the temperatures are reached."
        advice.append(
            Advice(
                "same-temperature",
                "Always level, mesh and calibrate z_offset at the same temperature, either cold or heated "
                f"through (Klipper docs, Probe_Calibrate, Temperature Bias).{wait}",
            )
        )
    if level == "fail":
        advice.append(
            Advice(
                "mechanics",
                "Check the probe's mount and the bed's springs or mounts. Check that nothing is loose or "
                "pushed by a cable. Then repeat.",
            )
        )
    if level == "unknown":
        held = holds_for(result)
        text = "Repeat with longer phases and more samples. These do not decide."
        if held is not None:
            text = (
                f"For prints that are hot for longer than {duration(held)}, repeat with a longer --soak, up to the "
                "length of a print."
            )
        advice.append(Advice("longer", text))
    return tuple(advice)
