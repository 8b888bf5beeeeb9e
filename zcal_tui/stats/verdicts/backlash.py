"""The verdict on backlash."""

from __future__ import annotations

from zcal_tui.model import limits
from zcal_tui.model.units import micrometres
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.spots import SpotComparison, SpotEstimate
from zcal_tui.stats.verdicts.rule import Advice, Level, VerdictRule, bounds, consequence, worst

SIMILAR_SOURCE = "Cartographer docs, Z Backlash Estimation"
"""It asks for similar backlash at all spots, without a number."""
NEGATIVE_SOURCE = "cartographer3d-plugin 1.10.1 ignores it too"


def judge_backlash(
    result: SpotComparison, *, step: float = 0.0, upper_bound_only: bool = False
) -> VerdictRule:
    """The verdict on backlash: pass, warn (it differs between spots, or is visible), fail (a fault), or unknown.

    `step` (mm) is the Z step distance. `upper_bound_only`: the values contain something else that is the same at all
    spots (a switch's own differential travel), so they only bound the backlash from above; differences between spots
    are not affected.
    """
    negative = () if upper_bound_only else negative_spots(result)
    levels: list[Level] = []
    reasons: list[str] = []
    if len(negative) < len(result.spots):
        size_level, size_reason = _judge_size(result, step, upper_bound_only)
        levels.append(size_level)
        reasons.append(size_reason)
    if result.spread is not None:
        level, reason = _judge_similarity(result, result.spread)
        levels.append(level)
        reasons.append(reason)
    if negative:
        levels.append("unknown")
        found = ", ".join(f"{micrometres(spot.value.value)} at {spot.name}" for spot in negative)
        reasons.append(
            f"Backlash is negative ({found}), which is statistically significant. Lost motion cannot be negative: "
            "something else moves with the direction of travel."
        )
    level = worst(levels)
    # A negative one shifts heights by as much
    shifts = [spot.upper_bound for spot in result.spots] + [abs(spot.value.value) for spot in negative]
    reasons.append(consequence(max(shifts), "Backlash of up to {}"))
    return VerdictRule(level, tuple(reasons), _advice(result, level, negative))


def negative_spots(result: SpotComparison) -> tuple[SpotEstimate, ...]:
    """The spots whose value is significantly below zero."""
    return tuple(spot for spot in result.spots if spot.value.high is not None and spot.value.high < 0.0)


def _judge_size(result: SpotComparison, step: float, upper_bound_only: bool) -> tuple[Level, str]:
    accuracy, fault, harmless = limits.Z_ACCURACY, limits.BACKLASH_FAULT, limits.BACKLASH_HARMLESS
    normal = max(step, harmless.value)
    largest = result.largest
    low, high = largest.low or 0.0, largest.high or 0.0
    most = max(spot.upper_bound for spot in result.spots)
    if most <= normal:
        return "pass", (
            f"Backlash is at most {micrometres(most)}, which is harmless. "
            f"Limit: one step or {harmless.text}, here {micrometres(normal)} ({harmless.source})."
        )
    if upper_bound_only:
        return ("pass" if most <= fault.value else "unknown"), (
            f"Backlash is at most {micrometres(most)}. The switch's own travel between trigger and release "
            f"is still included. {fault.sentence}"
        )
    if not result.found and most <= accuracy.value:
        return "pass", (
            f"Backlash is not statistically significant (error rate 5 %). It is at most {micrometres(most)}. "
            f"{accuracy.sentence}"
        )
    where = "The largest backlash is" if len(result.spots) > 1 else "Backlash is"
    found = f"{where} {micrometres(largest.value)} {bounds(largest)}."
    if low > fault.value:
        return "fail", f"{found} That is a mechanical fault. {fault.sentence}"
    if low > accuracy.value:
        return "warn", f"{found} It is visible where Z reverses, as with a bed mesh. {accuracy.sentence}"
    if high <= accuracy.value:
        return "pass", f"{found} That is within the limit. {accuracy.sentence}"
    return "unknown", f"{found} The data do not decide. {accuracy.sentence}"


def _judge_similarity(result: SpotComparison, spread: Interval) -> tuple[Level, str]:
    limit = limits.Z_ACCURACY
    low, high = spread.low or 0.0, spread.high or 0.0
    rule = f"{limit.sentence} Backlash should be similar at all spots ({SIMILAR_SOURCE})."
    found = f"Backlash differs by {micrometres(spread.value)} between the spots {bounds(spread)}."
    if low > limit.value:
        level: Level = "fail" if low > limits.BACKLASH_FAULT.value else "warn"
        return level, f"{found} {_where(result)} {rule}"
    if high <= limit.value:
        return "pass", f"{found} {rule}"
    return "unknown", f"{found} The data do not decide. {rule}"


def _where(result: SpotComparison) -> str:
    if result.outlying is not None:
        distance = result.outlying.distance
        word = "above" if distance.value > 0.0 else "below"
        return f"{result.outlying.name} is {micrometres(abs(distance.value))} {word} the mean of the others."
    ordered = sorted(result.spots, key=lambda spot: spot.value.value)
    return f"It is largest at {ordered[-1].name}, smallest at {ordered[0].name}."


def _advice(result: SpotComparison, level: Level, negative: tuple[SpotEstimate, ...]) -> tuple[Advice, ...]:
    if negative:
        return (
            Advice(
                "negative",
                "Check that the probe and its cable are firm, and that no coupling or bearing in Z is loose. Let the "
                f"temperature settle, then repeat. The value cannot be compensated ({NEGATIVE_SOURCE}).",
            ),
        )
    if level == "unknown":
        return (Advice("more-samples", "Measure more often at each spot. This data does not decide."),)
    if level == "pass":
        return ()
    parts = (
        f"belt tension, lead screw and nut, coupling, grub screws, bearings ({SIMILAR_SOURCE}, names belts and "
        "lead screws)"
    )
    places = worse_spots(result)
    if not places:
        drives = (
            "all Z drives, none of which differs significantly" if len(result.spots) > 1 else "the Z drives"
        )
        return (Advice("mechanics", f"Check {drives}: {parts}."),)
    drive = "drive" if len(places) == 1 else "drives"
    return (Advice("mechanics", f"Check the Z {drive} nearest to {' and '.join(places)}: {parts}."),)


def worse_spots(result: SpotComparison) -> tuple[str, ...]:
    """The spots that lose significantly more, the worst first: the one that is above the mean of the others, or else
    those above the spot that loses least. Only these may be blamed, and none where no two spots differ: one error rate
    holds for all pairs together."""
    values = {spot.name: spot.value.value for spot in result.spots}
    least = min(values, key=lambda name: values[name])
    more = [
        difference.b if difference.a == least else difference.a
        for difference in result.differences
        if least in (difference.a, difference.b) and not difference.size.covers(0.0)
    ]
    outlying = result.outlying
    if more and outlying is not None and outlying.distance.value > 0.0:
        return (outlying.name,)
    return tuple(sorted(more, key=lambda name: -values[name]))
