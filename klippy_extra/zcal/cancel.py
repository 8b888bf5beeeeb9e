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
"""Klippy's event by which [zcal] asks the other sections to stop: a handler gets the reason and a time, and returns the
name of the command that it stops after its current move; None if none runs that began at that time or later."""
CLEANING = "zcal:cleaning"
"""Klippy's event that asks [zcal] whether a command that was given for a client, by its TAG, may begin: its handler
returns why not, as while zcal cleans up behind that client; None where it may."""
APPLIED = "zcal:offset_applied"
"""Klippy's event that tells [zcal] that a command given for a client has set the G-code offset, to this (x, y, z)."""
EVER = 0.0
"""The time for commands whenever they began."""


def others(printer: Printer, reason: str, since: float = EVER) -> list[str]:
    """Stop the other sections' commands that began at this time (klippy's event time) or later; their names."""
    return [name for name in printer.send_event(EVENT, reason, since) if name]


def unwanted(printer: Printer) -> str | None:
    """Why no command that was given for a client may begin now; None where it may."""
    return next((reason for reason in printer.send_event(CLEANING) if reason), None)


def reason(endpoint: str) -> str:
    """Why a command stops that somebody asked to through this endpoint."""
    return f"asked to by {endpoint}"


def answer(commands: Sequence[str]) -> Mapping[str, Any]:
    """What an endpoint answers that was to stop something; `commands` are those that it stops."""
    return {"cancelled": bool(commands), "command": commands[0] if commands else None}
