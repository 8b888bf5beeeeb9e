"""The check `first-layer`. Light: what measures is imported when it runs."""

from zcal_tui.checks.first_layer.check import FirstLayer
from zcal_tui.checks.first_layer.parameters import FirstLayerParameters

__all__ = ["CHECK", "FirstLayer", "FirstLayerParameters"]

CHECK = FirstLayer()
