"""The homing and levelling that heights belong to, as far as the printer's status shows.

Klipper reports no identity of a homing. Its status shows since when its clock and its micro-controller run; a restart
means new homing and levelling. While this program is connected, it also sees when Z is homed and levelling is applied.
Homing a printer that is already homed is not visible.
"""

from collections.abc import Mapping
from typing import Any

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.state import PrinterState

READING_TOLERANCE = 3.0
"""Seconds by which two readings of one start may differ: the two clocks are not read at the same instant."""
CLOCK_DRIFT = 2e-4
"""Relative drift of a micro-controller's crystal against the host: several times the usual."""


@dataclass(frozen=True, slots=True)
class HomingState:
    """The homing and levelling in force at one moment. Times in seconds of klippy's clock; None if unknown."""

    eventtime: float = 0.0
    start: float | None = None
    """When the micro-controller's clock began, in klippy's time: constant until a restart."""
    homed_at: float | None = None
    levelled_at: float | None = None


class HomingWatch:
    """Follows a printer's states and records when Z was homed and levelled."""

    def __init__(self) -> None:
        self._before: PrinterState | None = None
        self._homing = HomingState()

    def update(self, state: PrinterState) -> HomingState:
        """The homing state after this printer state, which follows the previous one."""
        before = self._before
        if before is None or state.starts != before.starts:
            self._homing, before = HomingState(), None
        homed_at, levelled_at = self._homing.homed_at, self._homing.levelled_at
        if before is not None and state.homed("z") and not before.homed("z"):
            homed_at = state.eventtime
        if before is not None and levelled(state) and not levelled(before):
            levelled_at = state.eventtime
        start = None if state.print_time is None else round(state.eventtime - state.print_time, 2)
        self._before = state
        self._homing = HomingState(state.eventtime, start, homed_at, levelled_at)
        return self._homing


def levelled(state: PrinterState) -> bool:
    """Whether a gantry or bed levelling is in force."""
    return bool(state.z_tilt_applied or state.quad_gantry_level_applied)


def restarted_between(then: Mapping[str, Any], now: Mapping[str, Any]) -> bool | None:
    """Whether the micro-controller was restarted between two homing states (as JSON); None if unknown."""
    first, second = then.get("start"), now.get("start")
    if not isinstance(first, int | float) or not isinstance(second, int | float):
        return None
    apart = abs(float(now.get("eventtime") or 0.0) - float(then.get("eventtime") or 0.0))
    return abs(second - first) > READING_TOLERANCE + CLOCK_DRIFT * apart
