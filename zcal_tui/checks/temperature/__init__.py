"""The check `temperature`. Light: what measures is imported when it runs."""

from zcal_tui.checks.temperature.check import Temperature
from zcal_tui.checks.temperature.parameters import TemperatureParameters

__all__ = ["CHECK", "Temperature", "TemperatureParameters"]

CHECK = Temperature()
