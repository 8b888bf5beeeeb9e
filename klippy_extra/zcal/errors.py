"""What zcal says when it refuses or fails: what happened, the likely cause, what to do."""

from __future__ import annotations


class CommandRefused(Exception):
    """A command that is not carried out, or not to its end; its text is for the person who gave it."""

    def __init__(self, what: str, cause: str = "", remedy: str = "") -> None:
        super().__init__(" ".join(part for part in (what, cause, remedy) if part))


class CommandCancelled(Exception):
    """Somebody asked to stop; `reason` says who or why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
