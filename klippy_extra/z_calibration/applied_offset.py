# Whether the offset applied by CALIBRATE_Z is still in effect
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

SAME = 1e-6
"""mm; offsets closer than this count as equal."""


class AppliedOffset:
    """Remembers the offsets from before, to distinguish their return from a babystep."""

    def __init__(self) -> None:
        self.value: float | None = None
        """The applied offset, mm; None if none was applied or it is lost."""
        self.lost: str | None = None
        """How it was lost: restored, homed or restarted; None if it was not."""
        self._earlier: list[float] = []

    def apply(self, value: float, before: float, saved: list[float]) -> None:
        """Record an applied offset, the offset before it, and those saved by SAVE_GCODE_STATE."""
        self.value, self.lost = value, None
        self._earlier = [offset for offset in [before, *saved] if abs(offset - value) > SAME]

    def compare(self, now: float) -> str | None:
        """Compare with the present offset; returns a warning if that is one from before."""
        if self.value is None or not any(abs(now - offset) <= SAME for offset in self._earlier):
            return None
        return self._lose(
            "restored",
            f"the offset {self.value:.3f} of CALIBRATE_Z is no longer in effect: the offset is {now:.3f} again."
            " RESTORE_GCODE_STATE of an earlier state does that, and so does SET_GCODE_OFFSET."
            " Run CALIBRATE_Z again, and after the last SAVE_GCODE_STATE.",
        )

    def homed(self) -> str | None:
        """Z was homed; returns a warning if an offset was in effect."""
        if self.value is None:
            return None
        return self._lose(
            "homed",
            f"Z was homed since CALIBRATE_Z, so its offset {self.value:.3f} is no longer accurate."
            " Run CALIBRATE_Z again before printing.",
        )

    def restarted(self, value: float) -> str:
        """Klipper restarted while this offset was in effect; returns the warning."""
        self.value = value
        return self._lose(
            "restarted",
            f"the offset {value:.3f} of CALIBRATE_Z was lost by the restart, unless Z_OFFSET_APPLY_ENDSTOP saved it."
            " Run CALIBRATE_Z again before printing.",
        )

    def _lose(self, how: str, warning: str) -> str:
        self.value, self.lost = None, how
        return warning
