"""The check `ready`. Light: what measures is imported when it runs."""

from zcal_tui.checks.ready.check import Ready

__all__ = ["CHECK", "Ready"]

CHECK = Ready()
