"""The check `z-offset`. Light: what measures is imported when it runs."""

from zcal_tui.checks.z_offset.check import ZOffset

__all__ = ["CHECK", "ZOffset"]

CHECK = ZOffset()
