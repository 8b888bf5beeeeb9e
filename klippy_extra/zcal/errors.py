# The exceptions of [zcal]: a refused and a cancelled command
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations


class CommandRefused(Exception):
    """A command or request that is refused; its text (what, cause, remedy) is for the user."""

    def __init__(self, what: str, cause: str = "", remedy: str = "") -> None:
        super().__init__(" ".join(part for part in (what, cause, remedy) if part))


class RunCancelled(Exception):
    """A command that was asked to stop; `reason` is who asked or why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
