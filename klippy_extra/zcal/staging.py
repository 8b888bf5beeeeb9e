# ZCAL_STAGE: stage a calibrated value for SAVE_CONFIG
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import CommandRefused
from .options import option_of

if TYPE_CHECKING:
    from .host import KlippyHost
    from .parameters import CommandParameters
    from .runner import CommandRun

HELP = "Stage a calibrated value for SAVE_CONFIG: SECTION= OPTION= VALUE="

RANGES = {
    "x_offset": (-300.0, 300.0, 3),
    "y_offset": (-300.0, 300.0, 3),
    "z_offset": (-50.0, 50.0, 3),
    "position_endstop": (-50.0, 2000.0, 3),
    "position_min": (-5.0, 50.0, 3),
    "z_backlash": (option_of("z_backlash").lowest, option_of("z_backlash").highest, 5),
    "switch_offset": (-20.0, 20.0, 3),
    "model_offset": (-20.0, 20.0, 3),
}
"""The least and greatest value of each option that can be staged, and its number of decimals."""

TOWERS = ("stepper_a", "stepper_b", "stepper_c")
TOOL_PROBE = "tool_probe "
TOOL_PROBE_ENDSTOP = "tool_probe_endstop"
"""The probes of a toolchanger's tools, and the object that measures with the active one (klipper-toolchanger)."""
SCAN_MODELS = {"cartographer scan_model ": "z_offset", "beacon model ": "model_offset"}
"""How the sections of scanners' models begin, and the option that holds their offset."""


class StageCommand:
    """The command."""

    def __init__(self, host: KlippyHost) -> None:
        self._host = host

    def command(self, run: CommandRun, parameters: CommandParameters) -> None:
        """Stage a value: SECTION, OPTION and VALUE, all required."""
        section = parameters.word("SECTION")
        option = parameters.choice("OPTION", "", list(RANGES))
        parameters.word("VALUE")
        low, high, decimals = RANGES.get(option, (0.0, 0.0, 0))
        value = parameters.number("VALUE", 0.0, low, high)
        parameters.done()
        self.stage(run, section, option, f"{value:.{decimals}f}")

    def stage(self, run: CommandRun, section: str, option: str, value: str) -> None:
        """Stage a value and report it.

        `section` may be in any case: SAVE_CONFIG itself would add a second section. Raises CommandRefused where that
        section has no such option.
        """
        self._host.require("settings", "state")
        known = self._options()
        section = self._host.state.as_written(section)
        if option not in known.get(section.lower(), ()):
            places = [name for name, options in known.items() if option in options]
            raise CommandRefused(
                f"ZCAL_STAGE cannot stage {option or 'an empty OPTION'} in [{section}].",
                remedy=f"It can stage {option} in: {', '.join(places) or 'no section of this printer'}."
                if option
                else f"It can stage {', '.join(RANGES)}.",
            )
        self._host.settings.stage(section, option, value)
        run.result = {"section": section, "option": option, "value": value}
        run.respond(
            f"[{section}] {option}: {value}\nThe SAVE_CONFIG command will update the printer config file "
            "with the above and restart the printer."
        )

    def _options(self) -> dict[str, tuple[str, ...]]:
        """The options that can be staged, by section."""
        known: dict[str, tuple[str, ...]] = {"zcal": ("z_backlash",)}
        if "probe" not in self._host.missing:
            section = self._host.probe.section.lower()
            if section != TOOL_PROBE_ENDSTOP:
                known[section] = self._offsets(section)
        for section in self._host.state.sections():
            has_endstop = "position_endstop" in self._host.state.section(section)
            carries_z = section == "stepper_z" or self._is_z_carriage(section)
            if has_endstop and (carries_z or section in TOWERS):
                known[section] = (*known.get(section, ()), "position_endstop")
            if carries_z:
                known[section] = (*known.get(section, ()), "position_min")
            if section == "z_calibration":
                known[section] = ("switch_offset",)
            if section.startswith(TOOL_PROBE):
                known[section] = self._offsets(section)
            for model, option in SCAN_MODELS.items():
                if section.startswith(model) and option in self._host.state.section(section):
                    known[section] = (option,)
        return known

    def _offsets(self, section: str) -> tuple[str, ...]:
        """The offsets of a probe's section; z_offset only where it has one."""
        options = ("x_offset", "y_offset", "z_offset")
        return tuple(
            name for name in options if name != "z_offset" or name in self._host.state.section(section)
        )

    def _is_z_carriage(self, section: str) -> bool:
        """Whether this is a generic cartesian's carriage for Z: its axis is its name, unless it says another."""
        if not section.startswith("carriage "):
            return False
        return bool(self._host.state.section(section).get("axis", section.split()[-1]) == "z")
