# ZCAL_STAGE_AXIS_TWIST: stage the whole axis twist compensation of one axis for SAVE_CONFIG
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

from .errors import CommandRefused

if TYPE_CHECKING:
    from .host import KlippyHost
    from .parameters import CommandParameters
    from .runner import CommandRun

HELP = "Stage the axis twist compensation of an axis for SAVE_CONFIG: AXIS= VALUES= START= END="

SECTION = "axis_twist_compensation"
FEWEST, MOST = 3, 25
"""Values in a list."""
LARGEST = 2.0
"""mm: the largest compensation at a place."""
REACH = 2000.0
"""mm: the lowest and highest end of a list."""
LARGEST_MEAN = 0.001
"""mm: the list's mean, which would shift every probed height."""
SAME_END = 0.0005
"""mm within which an end is the one that Klipper runs with."""


class StageAxisTwistCommand:
    """The command. A list without its ends stops Klipper at the next probe, so they are only staged together."""

    def __init__(self, host: KlippyHost) -> None:
        self._host = host

    def command(self, run: CommandRun, parameters: CommandParameters) -> None:
        """Stage the values of an axis, at even spacing from START to END: all parameters are required."""
        axis = parameters.choice("AXIS", "", ("x", "y"))
        values = parameters.numbers("VALUES", (FEWEST, MOST), -LARGEST, LARGEST)
        for name in ("AXIS", "START", "END"):
            parameters.word(name)
        start = parameters.number("START", 0.0, -REACH, REACH)
        end = parameters.number("END", 0.0, -REACH, REACH)
        parameters.done()
        if end - start <= SAME_END:
            raise CommandRefused("ZCAL_STAGE_AXIS_TWIST: END must be above START.")
        mean = sum(values) / len(values)
        if abs(mean) > LARGEST_MEAN:
            raise CommandRefused(
                f"ZCAL_STAGE_AXIS_TWIST: the mean of VALUES is {mean:.6f}, not 0: it would shift every probed height.",
                remedy="Subtract the mean from each value.",
            )
        self._stage(run, axis, values, (start, end))

    def _stage(self, run: CommandRun, axis: str, values: Sequence[float], ends: tuple[float, float]) -> None:
        self._host.require("settings", "state", "probe")
        names = self._host.probe.twist_options(axis)
        if names is None:
            raise CommandRefused(
                f"This printer has no [{SECTION}] for the {axis.upper()} axis.",
                remedy=f"Add the section [{SECTION}], or update Klipper where it compensates X only.",
            )
        running = self._host.state.section(SECTION)
        text = ", ".join(f"{round(value, 6) + 0.0:.6f}" for value in values)
        staged = {names[0]: text}
        for name, wanted in zip(names[1:], ends):
            now = running.get(name)
            if now is not None and abs(float(now) - wanted) <= SAME_END:
                continue
            if name.startswith("calibrate_"):
                raise CommandRefused(
                    f"On this Klipper the values reach from calibrate_start_{axis} to calibrate_end_{axis}, and "
                    f"{name} is {now}.",
                    remedy=f"Give the values for these ends: {name.split('_')[1].upper()}={now}.",
                )
            staged[name] = f"{wanted:.3f}"
        section = self._host.state.as_written(SECTION)
        # The ends first: whatever happens in between, no list is pending without them
        for name in sorted(staged, key=lambda option: option == names[0]):
            self._host.settings.stage(section, name, staged[name])
        run.result = {"section": section, "options": staged}
        lines = "\n".join(f"[{section}] {name}: {value}" for name, value in staged.items())
        run.respond(
            f"{lines}\nThe SAVE_CONFIG command will update the printer config file with the above and restart the "
            "printer."
        )
