"""The check `bias`: location bias."""

from zcal_tui.checks.bias.check import Bias
from zcal_tui.checks.bias.parameters import BiasParameters

__all__ = ["Bias", "BiasParameters"]
