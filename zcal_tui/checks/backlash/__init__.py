"""The check `backlash`. Light: what measures is imported when it runs."""

from zcal_tui.checks.backlash.check import Backlash
from zcal_tui.checks.backlash.parameters import BacklashParameters

__all__ = ["CHECK", "Backlash", "BacklashParameters"]

CHECK = Backlash()
