# What is checked before anything moves
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import CommandRefused

if TYPE_CHECKING:
    from .host import KlippyHost


def check_free(host: KlippyHost) -> None:
    """No print, no manual probe, everything homed. Raises CommandRefused."""
    host.require("state", "motion", "manual")
    reason = host.state.printing()
    if reason is not None:
        if not host.state.job():
            raise CommandRefused(
                reason, "Whoever paused it may count on the toolhead's place.", "CLEAR_PAUSE, or RESUME."
            )
        raise CommandRefused(
            reason,
            "zcal would move the toolhead into it.",
            "Wait for its end, or cancel it, and start again.",
        )
    if host.manual.active():
        raise CommandRefused("A manual probe is open.", remedy="End it first: ACCEPT or ABORT.")
    missing = [axis for axis in "xyz" if axis not in host.state.homed_axes()]
    if missing:
        axes = ", ".join(missing).upper()
        raise CommandRefused(
            f"{axes} is not homed, so nobody knows where the nozzle is.", remedy="Home all axes first: G28."
        )


def check_probe(host: KlippyHost) -> None:
    """A probe that can be used, and that is not triggered in the air. Raises CommandRefused."""
    host.require("probe")
    if host.probe.prepares_itself():
        return
    if host.probe.triggered():
        raise CommandRefused(
            f"The probe ([{host.probe.section}]) reads as triggered before anything was touched.",
            "It may not be attached, it may touch something already, or its pin is inverted.",
            "Attach it, or lift the nozzle; QUERY_PROBE must say open in the air and TRIGGERED when pressed by hand.",
        )


def check_height(host: KlippyHost, height: float, what: str) -> None:
    """A height on the Z axis. Raises CommandRefused."""
    low, high = host.state.limits()
    if not low[2] <= height <= high[2]:
        raise CommandRefused(
            f"{what} would move the toolhead to Z {height:.3f}, off the axis (from {low[2]:g} to {high[2]:g}).",
            remedy="Ask for less, or move the toolhead first.",
        )


def check_place(host: KlippyHost, x: float, y: float, what: str) -> None:
    """A place within the X and Y axes. Raises CommandRefused."""
    low, high = host.state.limits()
    if not (low[0] <= x <= high[0] and low[1] <= y <= high[1]):
        raise CommandRefused(
            f"{what} is out of the toolhead's reach (X {x:.1f}, Y {y:.1f}).",
            remedy="Measure at another place.",
        )
