"""The check `accuracy`: repeatability."""

from zcal_tui.checks.accuracy.check import Accuracy
from zcal_tui.checks.accuracy.parameters import AccuracyParameters

__all__ = ["Accuracy", "AccuracyParameters"]
