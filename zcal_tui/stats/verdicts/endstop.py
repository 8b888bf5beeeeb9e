"""The verdict on how homing repeats: a Z endstop, or a probe that homes Z."""

from __future__ import annotations

from zcal_tui.model import limits
from zcal_tui.model.limits import Limit
from zcal_tui.stats.homings import pair_interval
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.repeatability import Repeatability
from zcal_tui.stats.verdicts.repeatability import effect_reasons
from zcal_tui.stats.verdicts.rule import Advice, Level, VerdictRule, consequence, share


def pair_level(pair: Interval, unfit: Limit) -> Level:
    """The level for the share of pairs of homings that differ by more than the accuracy of Z; bad above `unfit`."""
    fit, bad = limits.FIT_SHARE.value, unfit.value
    low, high = pair.low or 0.0, 1.0 if pair.high is None else pair.high
    if pair.value < fit and high < bad:
        return "pass"
    if pair.value > bad and low > fit:
        return "fail"
    return "warn" if high < bad or low > fit else "unknown"


def pair_reason(pair: Interval, unfit: Limit) -> str:
    """The reason for that level."""
    limit, fit = limits.Z_ACCURACY, limits.FIT_SHARE
    high = 1.0 if pair.high is None else pair.high
    return (
        f"Two homings differ by more than {limit.text} in {share(pair.value)} of cases (upper bound on this "
        f"data: {share(high)}). {limit.sentence} Good is below {fit.text}, bad above {unfit.text} "
        "(our choice)."
    )


def judge_endstop(result: Repeatability) -> VerdictRule:
    """The verdict on a Z endstop from a series of fixed length.

    A probe is judged by ten samples, since a mesh or a levelling is made of many. An endstop sets the height of a
    whole print by one homing: what counts is how far two homings differ.
    """
    pair = pair_interval(result, limits.Z_ACCURACY.value)
    level = pair_level(pair, limits.UNFIT_SHARE)
    effects = effect_reasons(result)
    if level == "pass" and effects:
        level = "warn"
    end = consequence(2.0 * result.sigma_estimate, "An error of twice σ, {},")
    return VerdictRule(level, (pair_reason(pair, limits.UNFIT_SHARE), *effects, end), _advice(level))


def _advice(level: Level) -> tuple[Advice, ...]:
    if level == "unknown":
        return (Advice("more-samples", "Take more samples. These do not decide."),)
    if level == "pass":
        return ()
    return (
        Advice(
            "endstop-mechanics",
            "Clean the endstop's pin and the nozzle. Check that the pin moves freely, and that switch and "
            "holder are tight. Home more slowly (second_homing_speed).",
        ),
    )
