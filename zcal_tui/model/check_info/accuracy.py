"""The check `accuracy`."""

from zcal_tui.model.capabilities import Capabilities
from zcal_tui.model.check_info.info import (
    PROBE,
    STEPPERS,
    CheckInfo,
    EstimateInfo,
    Needs,
    Variant,
    needs_a_probe,
)
from zcal_tui.model.check_info.options import MOTION, PROBING
from zcal_tui.model.check_info.shared_estimates import ENDSTOP_SIGMA, FIRST_SAMPLE, PAIR_OVER_LIMIT, RANGE
from zcal_tui.model.record import Record


def _unfit(capabilities: Capabilities) -> str | None:
    return needs_a_probe(capabilities) or capabilities.no_single_samples or None


def _needs(capabilities: Capabilities) -> Needs:
    # Five homings with their samples take about two minutes
    return Needs(probe=True, minutes=3.5 if capabilities.nozzle_endstop == "probe" else 1.5)


def _of_endstop(record: Record) -> bool:
    return record.parameters.get("what") == "endstop"


def _of_sweep(record: Record) -> bool:
    return record.parameters.get("sweep") is True and not _of_endstop(record)


def _of_methods(record: Record) -> bool:
    return record.parameters.get("compare_methods") is True


def _by_nozzle(record: Record) -> bool:
    """With the nozzle's contact instead of the coil's distance."""
    return record.parameters.get("method") in ("touch", "contact", "tap") and not _of_endstop(record)


INFO = CheckInfo(
    name="accuracy",
    title="Repeatability",
    order=40,
    learn="Does the probe find the same height each time, well enough for bed levelling?",
    explain=(
        "Takes samples in one place. Shows how much the heights vary, whether they drift, whether the first sample "
        "differs, and whether there are outliers. Where the probe homes Z, it homes 5 to 12 times as well, because "
        "that sets the height of a print. It stops as soon as the answer is certain."
    ),
    needs=_needs,
    unfit=_unfit,
    stops_rest="With a probe that does not repeat, no other result is statistically significant.",
    estimates=(
        EstimateInfo("sigma", "standard deviation σ", "of single samples, with drift removed"),
        EstimateInfo("range_of_ten", "range of ten", "average range of ten samples, highest minus lowest"),
        EstimateInfo("over_limit", "over the limit", "share of series of ten whose range exceeds the limit"),
        RANGE,
        EstimateInfo("mean", "trigger height", "mean toolhead Z at the trigger", is_position=True),
        EstimateInfo("drift_per_sample", "drift per sample", "change of the height from sample to sample"),
        FIRST_SAMPLE,
        EstimateInfo(
            "mean_shift", "trigger height shift", "how much higher the probe triggers with other settings"
        ),
        EstimateInfo(
            "method_shift",
            "difference of the methods",
            "height of the nozzle's contact minus that by the coil",
        ),
        ENDSTOP_SIGMA,
        EstimateInfo(
            "homing_sigma", "homing standard deviation σ", "of one point's height from homing to homing"
        ),
        EstimateInfo(
            "homing_range", "range of homings", "one point's highest minus lowest height over the homings"
        ),
        PAIR_OVER_LIMIT,
    ),
    main=("sigma", "sigma@configured", "method_shift"),
    variants=(
        Variant("endstop", "Z endstop", _of_endstop),
        Variant("sweep", "settings compared", _of_sweep),
        Variant("methods", "methods compared", _of_methods),
        Variant("contact", "nozzle contact", _by_nozzle),
    ),
    plots=("settings", "samples"),
    presenter="repeatability",
    depends_on={PROBE: PROBING, STEPPERS: MOTION},
    stale_after={
        "probe": "another probe or mount repeats differently",
        "motion": "how well Z returns to a height depends on its drives",
    },
    valid_after=("nozzle", "hotend", "bed"),
)
