"""Which homing and which levelling heights belong to, as far as the printer's status tells.

Klipper reports no identity of a homing. What can be known: since when its clock and its micro-controller run (a
restart in between means new homing and levelling), and, while this program watches, when Z became homed and the
levelling applied. Homing a printer that is homed already does not show.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zcal_tui.printer.state import PrinterState

SLACK = 3.0
"""Seconds by which two readings of one start may differ: both clocks are read a moment apart."""
CLOCK_DRIFT = 2e-4
"""How much a micro-controller's crystal may run off against the host, as a share: several times the usual."""


@dataclass(frozen=True, slots=True)
class HomingState:
    """Where Z comes from at one moment. Times in seconds of klippy's clock; None where that is not known."""

    eventtime: float = 0.0
    start: float | None = None
    """When the micro-controller's clock began, in klippy's time: the same as long as nothing was restarted."""
    homed_at: float | None = None
    levelled_at: float | None = None


class HomingWatch:
    """Follows a printer's states and keeps when Z was homed and levelled."""

    def __init__(self) -> None:
        self._before: PrinterState | None = None
        self._frame = HomingState()

    def see(self, state: PrinterState) -> HomingState:
        """The frame as of this state, which comes after the one seen before."""
        before = self._before
        if before is None or state.starts != before.starts:
            self._frame, before = HomingState(), None
        homed_at, levelled_at = self._frame.homed_at, self._frame.levelled_at
        if before is not None and state.homed("z") and not before.homed("z"):
            homed_at = state.eventtime
        if before is not None and levelled(state) and not levelled(before):
            levelled_at = state.eventtime
        start = None if state.print_time is None else round(state.eventtime - state.print_time, 2)
        self._before = state
        self._frame = HomingState(state.eventtime, start, homed_at, levelled_at)
        return self._frame


def levelled(state: PrinterState) -> bool:
    """Whether the printer has levelled its gantry or bed since the motors were switched on."""
    return bool(state.z_tilt_applied or state.quad_gantry_level_applied)


def restarted_between(then: Mapping[str, Any], now: Mapping[str, Any]) -> bool | None:
    """Whether Klipper's micro-controller was restarted between two frames (as their JSON); None where unknown."""
    first, second = then.get("start"), now.get("start")
    if not isinstance(first, int | float) or not isinstance(second, int | float):
        return None
    apart = abs(float(now.get("eventtime") or 0.0) - float(then.get("eventtime") or 0.0))
    return abs(second - first) > SLACK + CLOCK_DRIFT * apart
