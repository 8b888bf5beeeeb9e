"""The check `ready`: the declaration here is light; what looks is imported when it runs."""

from zcal_tui.checks.ready.check import Ready

__all__ = ["Ready"]
