"""The check `z-offset`: the declaration here is light; what measures is imported when it runs."""

from zcal_tui.checks.z_offset.check import ZOffset

__all__ = ["ZOffset"]
