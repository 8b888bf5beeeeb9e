# Whether the probe is attached, according to its pin
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
"""A normally closed pin reads triggered while the probe is detached. A normally open pin reads the same either way, so
the check before moving down can never fail and proves nothing. The user should know that.
"""

from __future__ import annotations


class AttachmentCheck:
    """The readings of one calibration."""

    def __init__(self, moves_the_probe: bool, known_to_work: bool) -> None:
        """Start without readings.

        `moves_the_probe`: the section has gcode that attaches the probe and gcode that detaches it. `known_to_work`:
        the pin has read triggered with the probe detached before.
        """
        self._moves_the_probe = moves_the_probe
        self.works = known_to_work
        self._before: bool | None = None
        self._needed: bool | None = None
        self._after: bool | None = None

    def before_start(self, triggered: bool) -> None:
        """Record the reading before start_gcode."""
        self._before = triggered

    def when_needed(self, triggered: bool) -> None:
        """Record the reading where the probe must be attached."""
        self._needed = triggered
        if self._before and not triggered:
            self.works = True

    def after_end(self, triggered: bool) -> None:
        """Record the reading after end_gcode."""
        self._after = triggered
        if triggered and self._needed is False:
            self.works = True

    def likely_cause(self) -> str:
        """Another likely cause than a missing probe, if the readings suggest one; else empty."""
        if self._moves_the_probe and self._before is False:
            return (
                " Its pin read open before start_gcode. If the probe is off now, start_gcode detached it instead of"
                " attaching it. Only if it is attached now, the ! in [probe] pin is wrong."
            )
        return ""

    def warning(self) -> str:
        """A warning if the readings show that the check may be meaningless; else empty."""
        if self.works or not self._moves_the_probe or self._before is not False or self._after is not False:
            return ""
        return (
            "the probe's pin read open before start_gcode and after end_gcode. If the probe was detached then, it is"
            " wired normally open: a missing probe goes unnoticed until the nozzle hits the bed."
            " Wire it normally closed. QUERY_PROBE must report TRIGGERED while the probe is detached."
        )
