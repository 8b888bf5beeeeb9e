# Command parameters, checked before anything moves
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import difflib
import math
from typing import TYPE_CHECKING, Sequence

from .errors import CommandRefused

if TYPE_CHECKING:
    from klippy.gcode import GCodeCommand

TAG = "TAG"


class CommandParameters:
    """Reads the parameters of a command; `done` refuses unknown ones."""

    def __init__(self, command: GCodeCommand) -> None:
        self.command = command.get_command()
        self._given = {name.upper(): value for name, value in command.get_command_parameters().items()}
        self.tag = self._given.pop(TAG, "").strip()
        """The name by which a client finds the run of its command; every command accepts one."""
        self._known: list[str] = []

    def number(
        self, name: str, default: float, lowest: float, highest: float, *, above: float | None = None
    ) -> float:
        """A finite number from `lowest` to `highest`, and greater than `above` if given."""
        text = self._text(name)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if (
            not math.isfinite(value)
            or not lowest <= value <= highest
            or (above is not None and value <= above)
        ):
            bounds = f"from {lowest:g}" if above is None else f"above {above:g} and up"
            raise CommandRefused(f"{self.command}: {name}={text} is not a number {bounds} to {highest:g}.")
        return value

    def numbers(self, name: str, count: tuple[int, int], lowest: float, highest: float) -> list[float]:
        """Required finite numbers from `lowest` to `highest` with commas between, as many as `count` allows."""
        text = self.word(name)
        try:
            values = [float(part) for part in text.split(",")]
        except ValueError:
            values = []
        in_range = all(math.isfinite(value) and lowest <= value <= highest for value in values)
        if not in_range or not count[0] <= len(values) <= count[1]:
            raise CommandRefused(
                f"{self.command}: {name}={text} is not {count[0]} to {count[1]} numbers from {lowest:g} to "
                f"{highest:g}, separated by commas."
            )
        return values

    def whole(self, name: str, default: int, lowest: int, highest: int) -> int:
        """An integer from `lowest` to `highest`."""
        text = self._text(name)
        if text is None:
            return default
        try:
            value = int(text)
        except ValueError:
            value = lowest - 1
        if not lowest <= value <= highest:
            raise CommandRefused(
                f"{self.command}: {name}={text} is not an integer from {lowest} to {highest}."
            )
        return value

    def flag(self, name: str) -> bool:
        """0 or 1; 0 if not given."""
        return bool(self.whole(name, 0, 0, 1))

    def choice(self, name: str, default: str, choices: Sequence[str]) -> str:
        """One of several words, case-insensitive."""
        text = self._text(name)
        if text is None:
            return default
        if text.lower() not in choices:
            raise CommandRefused(f"{self.command}: {name}={text} is not one of {', '.join(choices)}.")
        return text.lower()

    def word(self, name: str) -> str:
        """A required, non-empty string."""
        text = self._text(name)
        if not text:
            raise CommandRefused(f"{self.command}: {name} is missing.")
        return text

    def done(self) -> None:
        """Refuse the parameters that no method has read: a mistyped one would be silently ignored."""
        for name in self._given:
            if name not in self._known:
                close = difflib.get_close_matches(name, self._known, 1)
                hint = f"Did you mean {close[0]}?" if close else f"Its parameters: {', '.join(self._known)}."
                raise CommandRefused(f"{self.command} has no parameter {name}.", remedy=hint)

    def _text(self, name: str) -> str | None:
        self._known.append(name)
        value = self._given.get(name)
        return None if value is None else value.strip()
