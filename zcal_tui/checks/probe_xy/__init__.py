"""The check `probe-xy`. Light: what measures is imported when it runs."""

from zcal_tui.checks.probe_xy.check import ProbeXy

__all__ = ["CHECK", "ProbeXy"]

CHECK = ProbeXy()
