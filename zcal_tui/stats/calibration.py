"""Where the posterior of sigma is cut so that the interval covers as often as it says."""

from __future__ import annotations

from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.noise import NoiseEvidence


def sigma_interval(evidence: NoiseEvidence, value: float, confidence: float) -> Interval:
    """The interval for sigma (mm) about the reported standard deviation `value`."""
    tail = 0.5 * (1.0 - confidence)
    if evidence.levels == 1:
        return Interval(value, None, evidence.quantile(confidence), confidence)
    return Interval(value, evidence.quantile(tail), evidence.quantile(1.0 - tail), confidence)
