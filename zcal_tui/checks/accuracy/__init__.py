"""The check `accuracy`. Light: what measures is imported when it runs."""

from zcal_tui.checks.accuracy.check import Accuracy
from zcal_tui.checks.accuracy.parameters import AccuracyParameters

__all__ = ["CHECK", "Accuracy", "AccuracyParameters"]

CHECK = Accuracy()
