"""Stopping what runs: the command of [zcal], and those of the extra's other sections."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

EVENT = "zcal:cancel"
"""Klippy's event by which [zcal] asks the other sections to stop: a handler gets the reason, and returns the name of
the command that it stops after its current move, or None."""


def reason(endpoint: str) -> str:
    """Why a command stops that somebody asked to through this endpoint."""
    return f"asked to by {endpoint}"


def answer(commands: Sequence[str]) -> Mapping[str, Any]:
    """What an endpoint answers that was to stop something; `commands` are those that it stops."""
    return {"cancelled": bool(commands), "command": commands[0] if commands else None}
