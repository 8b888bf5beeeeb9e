"""The verdict on a probe's repeatability: a level, the reasons with their limits, and what to do."""

from __future__ import annotations

import math
from dataclasses import replace

from zcal_tui.model import limits
from zcal_tui.model.limits import Limit
from zcal_tui.model.units import micrometres, number
from zcal_tui.stats.effects import CERTAIN_P
from zcal_tui.stats.quantiles import normal_range_ppf
from zcal_tui.stats.repeatability import Repeatability
from zcal_tui.stats.series import SERIES_LENGTH
from zcal_tui.stats.verdicts.rule import Advice, Level, VerdictRule, consequence, share
from zcal_tui.stats.verdicts.stopping import (
    StoppingPlan,
    Suitability,
    normal_range,
    notable_states,
    suitability_of,
)

_TOLERANCE_GRID = 0.005
_LEVELS: dict[Suitability, Level] = {
    "fit": "pass",
    "marginal": "warn",
    "unfit": "fail",
    "undecided": "unknown",
}
_UNSEEN = 0.05
"""The probability with which outliers of the rate that is named would have stayed unseen."""
_DECIDING_SHARE = 0.5
"""Of the limit: a shift of the first sample below it leaves room for the scatter of a probe that is fit."""
_MESH = 25
"""Points of a usual mesh."""
_ERROR_RATE = "error rate 5 %, shared by the tests for drift, first sample and outliers"


def judge_repeatability(result: Repeatability, plan: StoppingPlan) -> VerdictRule:
    """The verdict on a probe's repeatability, for a series that ended with these samples under this plan."""
    suitability, low, high = suitability_of(result, plan)
    level = _LEVELS[suitability]
    effects = effect_reasons(result)
    if level == "pass" and _worth_a_warning(result):
        level = "warn"
    reasons = [_limit_reason(result, suitability, low, high), *effects]
    if suitability == "fit":
        reasons.insert(1, _normal_reason(result))
        reasons.insert(2, unseen_outliers(result))
    reasons.append(consequence(_half_of_ten(result), "An error of half the range of ten, {},"))
    return VerdictRule(level, tuple(reasons), _advice(result, suitability, plan))


def _half_of_ten(result: Repeatability) -> float:
    return max(result.largest_of_ten, result.series_range.value) / 2.0


def homing_outlier(result: Repeatability, crash: float) -> float | None:
    """The size (mm) of the largest outlier, where it exceeds a first layer of `crash` mm; None where none does."""
    largest = max(map(abs, result.outliers.distances), default=0.0)
    return largest if largest > crash else None


def judge_for_homing(rule: VerdictRule, result: Repeatability, crash: float) -> VerdictRule:
    """The verdict where the probe is the Z endstop: homing takes one trigger, which then sets the height of a whole
    print. No setting of samples changes that. `crash` (mm) is the first layer."""
    advice = _without_samples(rule.advice)
    if not result.outliers.indices:
        reasons = rule.reasons
        if rule.level in ("pass", "warn"):
            reasons = (*reasons[:-1], unseen_homings(result), reasons[-1])
        return VerdictRule(rule.level, reasons, advice)
    advice = (
        *advice,
        Advice(
            "homing",
            "Find what makes the outliers: the pin's seat, loose wires, a mount that moves. Options of the probe's "
            "section do not help homing, which takes Z 0 from one trigger.",
        ),
    )
    of_mesh = unseen_outliers(result)
    rule = replace(rule, reasons=tuple(reason for reason in rule.reasons if reason != of_mesh))
    largest = max(result.outliers.distances, key=abs)
    rate = f"{len(result.outliers.indices)} of {result.n} samples were outliers, and as many homings may be."
    if homing_outlier(result, crash) is None:
        reason = f"The probe homes Z. {rate} Z 0 is then off by {micrometres(abs(largest))}."
        return VerdictRule(rule.level, (*rule.reasons[:-1], reason, rule.reasons[-1]), advice)
    effect = (
        f"A homing that triggers {micrometres(abs(largest))} late drives the nozzle into the bed by as much."
        if largest < 0.0
        else f"A homing that triggers {micrometres(largest)} early prints in the air, and one as late is a crash."
    )
    reason = f"The probe homes Z. {rate} {effect} {replace(limits.FIRST_LAYER, value=crash).sentence}"
    return VerdictRule("fail", (reason, *rule.reasons[:-1], consequence(largest)), advice)


def _without_samples(advice: tuple[Advice, ...]) -> tuple[Advice, ...]:
    """The advice without options of the probe that homing ignores."""
    kept = [entry for entry in advice if entry.key not in ("median", "first-sample", "z-offset-again")]
    if any(entry.key == "first-sample" for entry in advice):
        kept.append(
            Advice(
                "first-sample",
                "Find out what differs in the first sample: slack in the mount, a pin that settles after it is "
                "deployed, a start from higher up. Each homing is a first sample, whatever the probe's options are.",
            )
        )
    if any(entry.key == "speed-and-height" for entry in kept):
        kept.extend(entry for entry in advice if entry.key == "z-offset-again")
    return tuple(kept)


def unseen_homings(result: Repeatability) -> str:
    """How many homings may be outliers although no sample was one."""
    rate = 1.0 - _UNSEEN ** (1.0 / result.n)
    return (
        f"The probe homes Z: up to {100.0 * rate:.0f} of 100 homings may be outliers that these {result.n} samples "
        "have not shown (95 %). A longer run (`--thorough`) bounds them closer."
    )


def _limit_reason(result: Repeatability, suitability: Suitability, low: float, high: float) -> str:
    limit = _analysed_with(result)
    over = share(result.exceed.value)
    if suitability == "fit":
        kept = share(1.0 - result.exceed.value)
        least = f"At least {share(1.0 - high)} on this data. " if high >= 0.001 else ""
        if result.outliers.indices:
            return (
                f"Without the outliers ten samples stay within {limit.text} in {kept} of series. "
                f"{least}{limit.sentence}"
            )
        return f"Ten samples stay within {limit.text} in {kept} of series. {least}{limit.sentence}"
    if suitability == "unfit":
        by_noise = result.exceed_noise.value
        without = ""
        if by_noise < limits.FIT_SHARE.value:
            without = f"Without the effects named below it would be {share(by_noise)}. "
        return f"Ten samples span more than {limit.text} in {over} of series. {without}{limit.sentence}"
    if notable_states(result) is not None and result.stays_within:
        return (
            f"The range of every ten samples is within {limit.text}: at most "
            f"{micrometres(result.largest_of_ten)}. {limit.sentence}"
        )
    between = f"{share(low)} to {share(high)} on this data"
    if suitability == "marginal":
        return (
            f"Borderline: ten samples span more than {limit.text} in {over} of series ({between}). "
            f"{limit.sentence}"
        )
    never = f"No ten in a row spanned more than {limit.text}. " if result.stays_within else ""
    return (
        f"{result.n} samples do not decide. Ten samples span more than {limit.text} in {over} of series "
        f"({between}). {never}{limit.sentence}"
    )


def unseen_outliers(result: Repeatability) -> str:
    """What the samples can say about outliers, and what those would do to a mesh."""
    seen = len(result.outliers.indices)
    rate = seen / result.n if seen else 1.0 - _UNSEEN ** (1.0 / result.n)
    bad = ", ".join(
        f"{number(_MESH * _spoilt(rate, samples), digits=1)} with samples: {samples}" for samples in (1, 3, 5)
    )
    if seen:
        first = f"{seen} of {result.n} samples are outliers."
    else:
        first = f"Up to {100.0 * rate:.0f} % outliers would have stayed unseen in {result.n} samples (95 %)."
    return f"{first} At that rate a mesh of {_MESH} points has {bad} bad points (median)."


def _spoilt(rate: float, samples: int) -> float:
    """The probability that more than half of so many samples are outliers."""
    least = samples // 2 + 1
    return math.fsum(
        math.comb(samples, k) * rate**k * (1.0 - rate) ** (samples - k) for k in range(least, samples + 1)
    )


def _analysed_with(result: Repeatability) -> Limit:
    """The limit that the series was analysed with."""
    return replace(limits.RANGE_OF_TEN, value=result.limit)


def _normal_reason(result: Repeatability) -> str:
    limit, normal = limits.NORMAL_RANGE, normal_range(result)
    span = micrometres(result.series_range.value)
    rule = f"Normal is one step or {limit.text}, here {micrometres(normal)} ({limit.source})."
    if result.series_range.value <= normal:
        return f"Ten samples span {span} on average, which is normal. {rule}"
    return f"Ten samples span {span} on average: more than normal, but within the limit. {rule}"


def _worth_a_warning(result: Repeatability) -> bool:
    """Whether an effect is larger than normal and certain enough: at a shared 5 % a good probe would get a warning in
    every twentieth run."""
    if notable_states(result) is not None:
        return True
    normal = normal_range(result)
    drift, first, outliers = result.drift, result.first_sample, result.outliers
    sizes = [
        (abs(drift.size.value) * (SERIES_LENGTH - 1), drift.p) if drift is not None and drift.found else None,
        (abs(first.size.value), first.p) if first is not None and first.found else None,
        (max(map(abs, outliers.distances)), outliers.p) if outliers.indices else None,
    ]
    return any(size > normal and p < CERTAIN_P for size, p in filter(None, sizes))


def _small_drift_only(result: Repeatability) -> bool:
    """Whether the only effect is a drift that stays within the normal range over ten samples: a long series finds the
    smallest one, and it does no harm."""
    drift, first = result.drift, result.first_sample
    others = result.outliers.indices or (first is not None and first.found)
    if drift is None or not drift.found or others:
        return False
    return abs(drift.size.value) * (SERIES_LENGTH - 1) <= normal_range(result)


def effect_reasons(result: Repeatability) -> list[str]:
    """A reason for each of drift, first-sample shift and outliers that is found, with its error rate."""
    reasons = []
    drift, first, outliers = result.drift, result.first_sample, result.outliers
    if (states := notable_states(result)) is not None:
        if states.rises is None:
            reasons.append(
                f"There are two heights, {micrometres(states.apart)} apart: {states.at_low} samples at the lower and "
                f"{states.at_high} at the upper one."
            )
        else:
            reasons.append(
                f"The trigger height changed once: after the first {states.at_first} samples it is "
                f"{micrometres(states.apart)} {'higher' if states.rises else 'lower'}."
            )
    if drift is not None and drift.found:
        word = "up" if drift.size.value > 0 else "down"
        over = micrometres(abs(drift.size.value) * (result.n - 1))
        reasons.append(
            f"The trigger height drifts {word} by {over} over the {result.n} samples "
            f"(p = {drift.p:.2g}; {_ERROR_RATE})."
        )
    if first is not None and first.found:
        word = "higher" if first.size.value > 0 else "lower"
        starts, off = result.effects.starts, result.effects.starts_off
        repeated = f" {off} of {starts} series began that way." if starts > 1 else ""
        reasons.append(
            f"The first sample is {micrometres(abs(first.size.value))} {word} than the others "
            f"(p = {first.p:.2g}; {_ERROR_RATE}).{repeated}"
        )
    if outliers.indices:
        farthest = micrometres(max(abs(distance) for distance in outliers.distances))
        chance = f"(p = {outliers.p:.2g}; {_ERROR_RATE})"
        if len(outliers.indices) == 1:
            reasons.append(
                f"Sample {outliers.indices[0] + 1} is an outlier, {farthest} from the other samples {chance}."
            )
        else:
            numbers = ", ".join(str(index + 1) for index in outliers.indices)
            reasons.append(
                f"Samples {numbers} are outliers, up to {farthest} from the other samples {chance}."
            )
        starts, off = result.effects.starts, result.effects.starts_off
        if 0 in outliers.indices and starts > 1:
            reasons.append(
                f"{off} of {starts} series began with an outlier: it is not a shift that every first sample has."
            )
    return reasons


def first_sample_decides(result: Repeatability, plan: StoppingPlan) -> bool:
    """Whether the verdict depends on a first-sample shift seen in a single series. Further starts then distinguish an
    outlier from a shift that always occurs. With few samples: whether the first one is off by a share of the limit that
    could decide."""
    first = result.first_sample
    if first is None and len(plan.looks) > 1 and result.few_shift is not None:
        return abs(result.few_shift) > _DECIDING_SHARE * result.limit
    if first is None or not first.found or result.effects.starts > 1:
        return False
    outlier = replace(result.effects, first_sample=replace(first, found=False))
    without = replace(result, effects=outlier, exceed=result.exceed_noise)
    return suitability_of(result, plan)[0] != suitability_of(without, plan)[0]


_TWO_POSITIONS = Advice(
    "two-states",
    "Something has two positions. Check the seat of the probe's pin, a switch that sticks, and backlash in Z (the "
    "check Backlash).",
)
_ONE_CHANGE = Advice(
    "one-change",
    "Something moved and stayed there: a coupler slipped, Z lost steps, or the probe's mount shifted. Check them, home "
    "again, then repeat the check.",
)


def _advice(result: Repeatability, suitability: Suitability, plan: StoppingPlan) -> tuple[Advice, ...]:
    advice: list[Advice] = []
    drift, first, outliers = result.drift, result.first_sample, result.outliers
    drifting = drift is not None and drift.found and not _small_drift_only(result)
    first_shifted = first is not None and first.found and abs(first.size.value) > normal_range(result)
    if (states := notable_states(result)) is not None:
        advice.append(_ONE_CHANGE if states.rises is not None else _TWO_POSITIONS)
    if outliers.indices:
        advice.append(
            Advice(
                "median",
                "Probe each point of a mesh three times and use the median. A single outlier then does no harm there.",
                _median_lines(result),
            )
        )
    if first_shifted:
        advice.append(
            Advice(
                "first-sample",
                "Find out what differs in the first sample: slack in the mount, a pin that settles after it is "
                "deployed, a start from higher up. Until then probe each point three times and use the median.",
                () if outliers.indices else _median_lines(result),
            )
        )
    if (
        drifting
        and drift is not None
        and abs(drift.size.value) * (result.n - 1) > limits.MECHANICAL_SHIFT.value
    ):
        advice.append(
            Advice(
                "lost-steps",
                "Tenths of a millimetre are mechanics. Check the couplers of Z, whether Z binds, and the motors' "
                "current. Lower the speed and acceleration of Z.",
            )
        )
    elif drifting:
        advice.append(
            Advice(
                "drift",
                "Something moves or warms up while probing. Wait some minutes at a steady temperature and "
                "repeat. Probe slower. Check that the probe and its mount are tight.",
            )
        )
    if suitability in ("unfit", "marginal") and result.exceed_noise.value >= plan.fit_below:
        advice.append(
            Advice(
                "speed-and-height",
                "Compare other probing speeds and start heights: run the check with --sweep. Slower is "
                "often better.",
            )
        )
        advice.append(
            Advice(
                "mechanics",
                "Check that the probe's mount is tight, the nozzle and bed clean, and the wiring sound.",
            )
        )
    if suitability == "undecided":
        advice.append(Advice("more-samples", "Take more samples. These do not decide."))
    if any(entry.key in ("median", "first-sample", "speed-and-height") for entry in advice):
        advice.append(
            Advice(
                "z-offset-again",
                "New probe settings change z_offset. Enter them in printer.cfg, run RESTART, then do the "
                "check Z offset.",
            )
        )
    if suitability == "unfit":
        advice.append(
            Advice(
                "manual-levelling",
                "If nothing helps, do not use this probe for bed levelling. Klipper has manual tools: "
                "BED_SCREWS_ADJUST and MANUAL_PROBE (Klipper docs, Bed_Level).",
            )
        )
    return tuple(advice)


def _median_lines(result: Repeatability) -> tuple[str, ...]:
    """Three samples and their median; against outliers with a tolerance that good samples stay within 999 times in
    1,000."""
    lines = ("samples: 3", "samples_result: median")
    if not result.outliers.indices:
        return lines
    return (*lines, f"samples_tolerance: {samples_tolerance(result, 3):.3f}", "samples_tolerance_retries: 3")


def samples_tolerance(result: Repeatability, samples: int) -> float:
    """The tolerance (mm) that so many good samples stay within 999 times in 1,000."""
    usual = normal_range_ppf(0.999, samples) * result.sigma_estimate + result.reading_step
    if result.first_sample is not None and result.first_sample.found:
        # A first-sample shift would otherwise exceed the tolerance at every point.
        usual += abs(result.first_sample.size.value)
    return _TOLERANCE_GRID * max(1, math.ceil(usual / _TOLERANCE_GRID))
