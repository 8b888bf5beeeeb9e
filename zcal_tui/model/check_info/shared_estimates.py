"""Estimates that records of more than one check contain."""

from zcal_tui.model.check_info.info import EstimateInfo, Variant
from zcal_tui.model.record import Record

Z_OFFSET = EstimateInfo(
    "z_offset", "z_offset", "distance between nozzle and bed when the probe triggers", is_position=True
)
CONTACT = EstimateInfo(
    "contact", "contact height", "toolhead Z at which the paper just drags", is_position=True
)
FEEL = EstimateInfo("feel", "paper test variation", "standard deviation from one paper test to the next")
FIRST_SAMPLE = EstimateInfo("first_sample_shift", "first-sample shift", "how much higher the first sample is")
RANGE = EstimateInfo("range", "observed range", "highest minus lowest of all samples")
ENDSTOP_SIGMA = EstimateInfo(
    "endstop_sigma", "endstop standard deviation σ", "standard deviation of single samples of the Z endstop"
)
PAIR_OVER_LIMIT = EstimateInfo(
    "pair_over_limit", "two homings", "how often two homings differ by more than the limit"
)
HOT_ESTIMATES = (
    EstimateInfo("bed_temperature", "bed", "temperature of the bed while it was measured"),
    EstimateInfo("nozzle_temperature", "nozzle", "temperature of the nozzle while it was measured"),
    EstimateInfo("chamber_temperature", "chamber", "temperature of the chamber while it was measured"),
)
"""Of a check that measured at print temperature."""


def measured_hot(record: Record) -> bool:
    """Whether a check measured at print temperature."""
    return any(record.parameters.get(name) is not None for name in ("bed", "nozzle"))


HOT_VARIANT = Variant("hot", "at print temperature", measured_hot)
