"""The check `bias`. Light: what measures is imported when it runs."""

from zcal_tui.checks.bias.check import Bias
from zcal_tui.checks.bias.parameters import BiasParameters

__all__ = ["CHECK", "Bias", "BiasParameters"]

CHECK = Bias()
