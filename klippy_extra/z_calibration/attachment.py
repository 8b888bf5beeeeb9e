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
    """What was read in one calibration."""

    def __init__(self, moves_the_probe: bool, known_to_work: bool) -> None:
        """`moves_the_probe`: the section has gcode that fetches it and gcode that puts it away.

        `known_to_work`: the pin was seen to read triggered with the probe off, now or earlier.
        """
        self._moves_the_probe = moves_the_probe
        self.works = known_to_work
        self._before: bool | None = None
        self._needed: bool | None = None
        self._after: bool | None = None

    def before_start(self, triggered: bool) -> None:
        """The reading before start_gcode."""
        self._before = triggered

    def when_needed(self, triggered: bool) -> None:
        """The reading where the probe must be on the toolhead."""
        self._needed = triggered
        if self._before and not triggered:
            self.works = True

    def after_end(self, triggered: bool) -> None:
        """The reading after end_gcode."""
        self._after = triggered
        if triggered and self._needed is False:
            self.works = True

    def suspicion(self) -> str:
        """What else than a missing probe may be the cause, where the readings speak for it."""
        if self._moves_the_probe and self._before is False:
            return (
                " Before start_gcode its pin read open. If the probe is on now, the pin is inverted:"
                " add or remove the ! in [probe] pin. Else start_gcode put it away instead of fetching it."
            )
        return ""

    def doubt(self) -> str:
        """A sentence for people if the check has shown that it may mean nothing; else an empty one."""
        if self.works or not self._moves_the_probe or self._before is not False or self._after is not False:
            return ""
        return (
            "the probe's pin read open before start_gcode and after end_gcode too. If the probe was off then, it is"
            " wired normally open, and a missing probe goes unnoticed until the nozzle hits the bed."
            " Wire it normally closed (QUERY_PROBE must say TRIGGERED with the probe off)."
        )
