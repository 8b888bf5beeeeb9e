"""The check `backlash`: lost motion in Z."""

from zcal_tui.checks.backlash.check import Backlash
from zcal_tui.checks.backlash.parameters import BacklashParameters

__all__ = ["Backlash", "BacklashParameters"]
