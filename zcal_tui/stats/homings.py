"""How well a Z endstop repeats: what one homing's height says about the next one's."""

from __future__ import annotations

import math

from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.quantiles import normal_cdf
from zcal_tui.stats.repeatability import Repeatability
from zcal_tui.stats.verdicts import Advice, Level, VerdictRule, effect_reasons, share
from zcal_tui.stats.wording import um

GOAL = 0.025
"""mm. Klipper docs, Bed_Level: the accuracy of Z to aim for."""
SOURCE = "Klipper docs, Bed_Level"
FIT_BELOW, UNFIT_ABOVE = 0.05, 0.5


def pair_exceedance(sigma: float, step: float = 0.0, limit: float = GOAL) -> float:
    """The probability that two homings differ by more than `limit`: each scatters by `sigma` and by rounding."""
    spread = math.sqrt(2.0 * (sigma * sigma + step * step / 12.0))
    return 2.0 * (1.0 - normal_cdf(limit / spread)) if spread > 0.0 else 0.0


def pair_interval(result: Repeatability) -> Interval:
    """That probability with the interval that follows from sigma's."""
    step, sigma = result.reading_step, result.sigma
    return Interval(
        pair_exceedance(result.sigma_estimate, step),
        pair_exceedance(sigma.low or 0.0, step),
        pair_exceedance(sigma.high, step) if sigma.high is not None else None,
        sigma.confidence,
    )


def judge_endstop(result: Repeatability) -> VerdictRule:
    """The verdict on a Z endstop from a series of fixed length.

    A probe is judged by ten touches, since a mesh or a levelling is made of many. An endstop sets the height of a
    whole print by one homing: what counts is how far two homings differ.
    """
    pair = pair_interval(result)
    low, high = pair.low or 0.0, 1.0 if pair.high is None else pair.high
    level: Level = "unknown"
    if pair.value < FIT_BELOW and high < UNFIT_ABOVE:
        level = "pass"
    elif pair.value > UNFIT_ABOVE and low > FIT_BELOW:
        level = "fail"
    elif high < UNFIT_ABOVE or low > FIT_BELOW:
        level = "warn"
    effects = effect_reasons(result)
    if level == "pass" and effects:
        level = "warn"
    rule = f"(goal: {um(GOAL)}, {SOURCE}; good below {100 * FIT_BELOW:g} %, bad above {100 * UNFIT_ABOVE:g} %: ours)"
    reason = (
        f"Two homings differ by more than {um(GOAL)} in {share(pair.value)} of cases, by these data in {share(high)} "
        f"at the most {rule}."
    )
    return VerdictRule(level, (reason, *effects), _advice(level))


def _advice(level: Level) -> tuple[Advice, ...]:
    if level == "unknown":
        return (Advice("more-samples", "Take more touches: these do not decide."),)
    if level == "pass":
        return ()
    return (
        Advice(
            "endstop-mechanics",
            "Look at the endstop: clean its pin and the nozzle, see that the pin moves freely and that switch and "
            "holder are tight. Home more slowly (second_homing_speed).",
        ),
    )
