"""What the numbers mean for a person: a level, the reasons with their thresholds and sources, and what to do."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from zcal_tui.stats.quantiles import normal_range_ppf
from zcal_tui.stats.repeatability import Repeatability
from zcal_tui.stats.series import SERIES_LENGTH
from zcal_tui.stats.stopping import Standing, StoppingPlan, standing_of
from zcal_tui.stats.wording import um

Level = Literal["pass", "warn", "fail", "unknown"]

SOURCE = "Klipper docs, Probe_Calibrate, Repeatability check"
NORMAL_RANGE = 0.005
"""mm. Same source: a range of one step distance, or up to 5 microns, is normal."""

_TOLERANCE_GRID = 0.005


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to do: a `key` that programs know it by, a sentence, and the config lines that do it, if any do."""

    key: str
    text: str
    config: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VerdictRule:
    """A verdict. Every reason names its threshold and where that comes from."""

    level: Level
    reasons: tuple[str, ...]
    advice: tuple[Advice, ...]


def judge(result: Repeatability, plan: StoppingPlan) -> VerdictRule:
    """The verdict on a probe's repeatability, for a series that ended with these samples under this plan."""
    standing, low, high = standing_of(result, plan)
    levels: dict[Standing, Level] = {
        "fit": "pass",
        "marginal": "warn",
        "unfit": "fail",
        "undecided": "unknown",
    }
    level = levels[standing]
    effects = effect_reasons(result)
    if level == "pass" and effects and not _small_drift_only(result):
        level = "warn"
    reasons = [_limit_reason(result, standing, low, high), *effects]
    if standing == "fit":
        reasons.insert(1, _normal_reason(result))
    return VerdictRule(level, tuple(reasons), _advice(result, standing))


def share(p: float) -> str:
    """A share in words: never 0 % or 100 %, which would claim more than a sample can."""
    if p > 0.999:
        return "more than 99.9 %"
    if p < 0.001:
        return "less than 0.1 %"
    return f"{p * 100:.1f} %" if p > 0.99 or p < 0.01 else f"{p * 100:.0f} %"


def _limit_reason(result: Repeatability, standing: Standing, low: float, high: float) -> str:
    limit = f"(limit: {um(result.limit)}; {SOURCE})"
    over = result.exceed.value
    if standing == "fit":
        bound = f", by these data in at least {share(1.0 - high)}" if high >= 0.001 else ""
        stays = f"stays within {um(result.limit)} in {share(1.0 - over)} of series{bound} {limit}."
        return (
            f"Outliers aside, a range of ten {stays}"
            if result.outliers.indices
            else f"A range of ten {stays}"
        )
    if standing == "unfit":
        cause = _cause_beyond_noise(result)
        return f"A range of ten exceeds {um(result.limit)} in {share(over)} of series{cause} {limit}."
    between = f"in {share(over)} of series, by these data between {share(low)} and {share(high)}"
    if standing == "marginal":
        return f"On the border: a range of ten exceeds {um(result.limit)} {between} {limit}."
    return f"{result.n} samples do not decide: a range of ten exceeds {um(result.limit)} {between} {limit}."


def _cause_beyond_noise(result: Repeatability) -> str:
    """Says so where the noise alone would do."""
    if result.exceed_noise.value >= 0.05:
        return ""
    return f"; without what is named below it would be {share(result.exceed_noise.value)}"


def _normal_reason(result: Repeatability) -> str:
    normal = max(result.step, NORMAL_RANGE)
    span = result.series_range.value
    word = "normal" if span <= normal else "more than the usual, though within the limit"
    return f"Ten probings span {um(span)} on average: {word} (normal: one step or 5 µm, here {um(normal)}; {SOURCE})."


def _small_drift_only(result: Repeatability) -> bool:
    """Whether all that was found is a drift which over a series of ten stays within what is normal: long series find
    the smallest one, and it does no harm."""
    drift, first = result.drift, result.first_sample
    others = result.outliers.indices or (first is not None and first.found)
    if drift is None or not drift.found or others:
        return False
    return abs(drift.size.value) * (SERIES_LENGTH - 1) <= max(result.step, NORMAL_RANGE)


def effect_reasons(result: Repeatability) -> list[str]:
    """A sentence for each of drift, first sample apart and outliers that is found, with its error rate."""
    rate = "error rate 5 %, shared by the tests for drift, first sample and outliers"
    reasons = []
    drift, first, outliers = result.drift, result.first_sample, result.outliers
    if drift is not None and drift.found:
        word = "up" if drift.size.value > 0 else "down"
        over = abs(drift.size.value) * (result.n - 1)
        reasons.append(
            f"The trigger height drifts {word} by {um(over)} over the {result.n} samples (p = {drift.p:.2g}; {rate})."
        )
    if first is not None and first.found:
        word = "higher" if first.size.value > 0 else "lower"
        reasons.append(
            f"The first sample is {um(abs(first.size.value))} {word} than the others{_twice(result)} "
            f"(p = {first.p:.2g}; {rate})."
        )
    if outliers.indices:
        numbers = ", ".join(str(index + 1) for index in outliers.indices)
        farthest = max(abs(distance) for distance in outliers.distances)
        which = (
            f"Sample {numbers} is an outlier"
            if len(outliers.indices) == 1
            else f"Samples {numbers} are outliers"
        )
        reasons.append(
            f"{which}, up to {um(farthest)} from what the others say (p = {outliers.p:.2g}; {rate})."
        )
        if 0 in outliers.indices and result.effects.starts > 1:
            reasons.append(
                "A second series, begun anew, did not begin apart: sample 1 was a single stray touch."
            )
    return reasons


def _twice(result: Repeatability) -> str:
    return ", in a second series begun anew as well" if result.effects.starts > 1 else ""


def first_decides(result: Repeatability, plan: StoppingPlan) -> bool:
    """Whether the verdict hangs on a first sample that was seen apart in a single series: then a second one, begun
    anew, tells a stray touch from a habit."""
    first = result.first_sample
    if first is None or not first.found or result.effects.starts > 1:
        return False
    stray = replace(result.effects, first_sample=replace(first, found=False))
    without = replace(result, effects=stray, exceed=result.exceed_noise)
    return standing_of(result, plan)[0] != standing_of(without, plan)[0]


def _advice(result: Repeatability, standing: Standing) -> tuple[Advice, ...]:
    advice: list[Advice] = []
    drift, first, outliers = result.drift, result.first_sample, result.outliers
    drifting = drift is not None and drift.found and not _small_drift_only(result)
    first_apart = first is not None and first.found
    if outliers.indices:
        advice.append(
            Advice(
                "median",
                "Probe every place three times and use the median: one outlier then does no harm.",
                _median_lines(result),
            )
        )
    if first_apart:
        advice.append(
            Advice(
                "warm-up-touch",
                "Touch once with PROBE before measuring and ignore that sample, for instance in the macro that calls "
                "BED_MESH_CALIBRATE; or probe three times and use the median.",
                () if outliers.indices else _median_lines(result),
            )
        )
    if drifting:
        advice.append(
            Advice(
                "drift",
                "Something moves or warms up while probing: wait some minutes at a steady temperature and repeat; "
                "probe slower; check that the probe and its mount are tight.",
            )
        )
    if standing in ("unfit", "marginal") and result.exceed_noise.value >= 0.05:
        advice.append(
            Advice(
                "speed-and-height",
                "Try another probing speed and start height, and compare: PROBE_ACCURACY takes PROBE_SPEED and "
                "SAMPLE_RETRACT_DIST. Slower is often better.",
            )
        )
        advice.append(
            Advice(
                "mechanics",
                "Check that the probe's mount is tight, the nozzle and bed clean, and the wiring sound.",
            )
        )
    if standing == "undecided":
        advice.append(Advice("more-samples", "Take more samples: these do not decide."))
    if any(entry.key in ("median", "warm-up-touch", "speed-and-height") for entry in advice):
        advice.append(
            Advice(
                "z-offset-again",
                "New probe settings mean that z_offset must be calibrated again, once they are in printer.cfg and "
                "Klipper was restarted (RESTART).",
            )
        )
    if standing == "unfit":
        advice.append(
            Advice(
                "manual-levelling",
                "If nothing makes it repeat, do not use this probe for bed levelling: Klipper has manual tools "
                "(BED_SCREWS_ADJUST, MANUAL_PROBE; Klipper docs, Bed_Level).",
            )
        )
    return tuple(advice)


def _median_lines(result: Repeatability) -> tuple[str, ...]:
    """Three samples and their median; against outliers with a tolerance that good samples keep 999 times in 1,000."""
    lines = ("samples: 3", "samples_result: median")
    if not result.outliers.indices:
        return lines
    usual = normal_range_ppf(0.999, 3) * result.sigma_estimate + result.reading_step
    if result.first_sample is not None and result.first_sample.found:
        # A first sample apart would otherwise exceed the tolerance at every place.
        usual += abs(result.first_sample.size.value)
    tolerance = _TOLERANCE_GRID * max(1, math.ceil(usual / _TOLERANCE_GRID))
    return (*lines, f"samples_tolerance: {tolerance:.3f}", "samples_tolerance_retries: 3")
