# Cancelling commands of [zcal] and of the other zcal-tui sections
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Sequence

if TYPE_CHECKING:
    from klippy.klippy import Printer

EVENT = "zcal:cancel"
"""The event by which [zcal] asks the other sections to stop.

A handler gets the reason and a time. It returns the name of the command that it stops after the current move, or None
if no command that started at that time or later is running.
"""
CLEANING = "zcal:cleaning"
"""The event that asks [zcal] whether a command with a client's TAG may start.

The handler returns the reason if it may not, as while [zcal] cleans up after that client; else None.
"""
APPLIED = "zcal:offset_applied"
"""The event that informs [zcal] of the G-code offset (x, y, z) that a client's command has just set."""
EVER = 0.0
"""The time that matches every command."""


def cancel_others(printer: Printer, reason: str, since: float = EVER) -> list[str]:
    """Stop the other sections' commands that started at this event time or later; returns their names."""
    return [name for name in printer.send_event(EVENT, reason, since) if name]


def refusal(printer: Printer) -> str | None:
    """Why a client's command may not start now; None if it may."""
    return next((reason for reason in printer.send_event(CLEANING) if reason), None)


def reason(endpoint: str) -> str:
    """The reason to report for a command stopped through this endpoint."""
    return f"requested through {endpoint}"


def answer(commands: Sequence[str]) -> Mapping[str, Any]:
    """The answer of a cancelling endpoint; `commands` are those that it stops."""
    return {"cancelled": bool(commands), "command": commands[0] if commands else None}
