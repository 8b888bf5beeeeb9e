"""The check `temperature`: temperature bias."""

from zcal_tui.checks.temperature.check import Temperature
from zcal_tui.checks.temperature.parameters import TemperatureParameters

__all__ = ["Temperature", "TemperatureParameters"]
