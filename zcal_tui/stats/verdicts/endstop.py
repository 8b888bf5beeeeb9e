"""The verdict on a Z endstop."""

from __future__ import annotations

from zcal_tui.model import limits
from zcal_tui.stats.homings import pair_interval
from zcal_tui.stats.repeatability import Repeatability
from zcal_tui.stats.verdicts.repeatability import effect_reasons
from zcal_tui.stats.verdicts.rule import Advice, Level, VerdictRule, consequence, share


def judge_endstop(result: Repeatability) -> VerdictRule:
    """The verdict on a Z endstop from a series of fixed length.

    A probe is judged by ten samples, since a mesh or a levelling is made of many. An endstop sets the height of a
    whole print by one homing: what counts is how far two homings differ.
    """
    limit, fit, unfit = limits.Z_ACCURACY, limits.FIT_SHARE, limits.UNFIT_SHARE
    pair = pair_interval(result, limit.value)
    low, high = pair.low or 0.0, 1.0 if pair.high is None else pair.high
    level: Level = "unknown"
    if pair.value < fit.value and high < unfit.value:
        level = "pass"
    elif pair.value > unfit.value and low > fit.value:
        level = "fail"
    elif high < unfit.value or low > fit.value:
        level = "warn"
    effects = effect_reasons(result)
    if level == "pass" and effects:
        level = "warn"
    reason = (
        f"Two homings differ by more than {limit.text} in {share(pair.value)} of cases (at most "
        f"{share(high)} on this data). {limit.sentence} Good is below {fit.text}, bad above {unfit.text} "
        "(our choice)."
    )
    end = consequence(2.0 * result.sigma_estimate)
    return VerdictRule(level, (reason, *effects, end), _advice(level))


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
