"""The check `first-layer`: the declaration here is light; what measures is imported when it runs."""

from zcal_tui.checks.first_layer.check import FirstLayer
from zcal_tui.checks.first_layer.parameters import FirstLayerParameters

__all__ = ["FirstLayer", "FirstLayerParameters"]
