# Whether the offset applied by CALIBRATE_Z is still in effect
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

SAME = 1e-6
"""mm; offsets closer than this are one and the same."""


class AppliedOffset:
    """Remembers what was in force before, so that its return is told from a baby step."""

    def __init__(self) -> None:
        self.value: float | None = None
        """What was applied, mm; None if nothing was, or what was is lost."""
        self.lost: str | None = None
        """How it was lost: restored, homed, restarted; None if it was not."""
        self._earlier: list[float] = []

    def apply(self, value: float, before: float, saved: list[float]) -> None:
        """It was put in force; before that it was `before`, and `saved` by SAVE_GCODE_STATE."""
        self.value, self.lost = value, None
        self._earlier = [offset for offset in [before, *saved] if abs(offset - value) > SAME]

    def look(self, now: float) -> str | None:
        """The offset in force is this now: a warning if that is one from before."""
        if self.value is None or not any(abs(now - offset) <= SAME for offset in self._earlier):
            return None
        return self._lose(
            "restored",
            f"the offset {self.value:.3f} of CALIBRATE_Z is no longer in force: it is back at {now:.3f}, as by"
            " RESTORE_GCODE_STATE of a state saved before, or by SET_GCODE_OFFSET."
            " Calibrate after the last SAVE_GCODE_STATE, or run CALIBRATE_Z again.",
        )

    def homed(self) -> str | None:
        """Z was homed: a warning if an offset was in force."""
        if self.value is None:
            return None
        return self._lose(
            "homed",
            f"Z was homed since CALIBRATE_Z, whose offset {self.value:.3f} was measured from the homing before."
            " Run CALIBRATE_Z again before printing.",
        )

    def restarted(self, value: float) -> str:
        """Klipper restarted with this offset in force: the warning."""
        self.value = value
        return self._lose(
            "restarted",
            f"the offset {value:.3f} of CALIBRATE_Z was lost with the restart, unless it was saved by"
            " Z_OFFSET_APPLY_ENDSTOP. Run CALIBRATE_Z again before printing.",
        )

    def _lose(self, how: str, warning: str) -> str:
        self.value, self.lost = None, how
        return warning
