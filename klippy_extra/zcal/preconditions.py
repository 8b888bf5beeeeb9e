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
    """Check that no print and no manual probe is active and all axes are homed. Raises CommandRefused."""
    host.require("state", "motion", "manual")
    reason = host.state.printing()
    if reason is not None:
        if not host.state.print_active():
            raise CommandRefused(
                reason, "The toolhead may have to stay where it is.", "Send RESUME or CLEAR_PAUSE first."
            )
        raise CommandRefused(
            reason,
            "The toolhead would collide with it.",
            "Wait for the end of the print, or cancel it, and try again.",
        )
    if host.manual.active():
        raise CommandRefused("A manual probe is open.", remedy="End it first with ACCEPT or ABORT.")
    missing = [axis for axis in "xyz" if axis not in host.state.homed_axes()]
    if missing:
        axes = ", ".join(missing).upper()
        raise CommandRefused(
            f"{axes} is not homed, so the position of the nozzle is unknown.",
            remedy="Home all axes first (G28).",
        )


def check_probe(host: KlippyHost) -> None:
    """Check that there is a usable probe and it is not triggered already. Raises CommandRefused."""
    host.require("probe")
    if host.probe.prepares_itself():
        return
    if host.probe.triggered():
        raise CommandRefused(
            f"The probe ([{host.probe.section}]) is already triggered.",
            "It is not attached, it is in contact with something, or its pin is inverted.",
            "Attach it or lift the nozzle. QUERY_PROBE must report open in the air and TRIGGERED when pressed by hand.",
        )


def check_height(host: KlippyHost, height: float, what: str) -> None:
    """Check that a height is within the Z axis. Raises CommandRefused."""
    low, high = host.state.limits()
    if not low[2] <= height <= high[2]:
        raise CommandRefused(
            f"{what} would move the toolhead to Z {height:.3f}, outside the axis ({low[2]:g} to {high[2]:g}).",
            remedy="Use a smaller value, or move the toolhead first.",
        )


def check_place(host: KlippyHost, x: float, y: float, what: str) -> None:
    """Check that a point is within the X and Y axes. Raises CommandRefused."""
    low, high = host.state.limits()
    if not (low[0] <= x <= high[0] and low[1] <= y <= high[1]):
        raise CommandRefused(
            f"The toolhead cannot reach {what} (X {x:.1f}, Y {y:.1f}).",
            remedy="Measure at another point.",
        )
