"""The check `auto-z`. Light: what measures is imported when it runs."""

from zcal_tui.checks.auto_z.check import AutoZ
from zcal_tui.checks.auto_z.parameters import AutoZParameters

__all__ = ["CHECK", "AutoZ", "AutoZParameters"]

CHECK = AutoZ()
