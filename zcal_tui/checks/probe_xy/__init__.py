"""The check `probe-xy`: the declaration here is light; what measures is imported when it runs."""

from zcal_tui.checks.probe_xy.check import ProbeXy

__all__ = ["ProbeXy"]
