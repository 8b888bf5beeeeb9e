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
    """Reads a command's parameters; `done` refuses those that nobody asked for."""

    def __init__(self, command: GCodeCommand) -> None:
        self.command = command.get_command()
        self._given = {name.upper(): value for name, value in command.get_command_parameters().items()}
        self.tag = self._given.pop(TAG, "").strip()
        """By which the client that gave the command asks for its run; any command may have one."""
        self._known: list[str] = []

    def number(
        self, name: str, default: float, lowest: float, highest: float, *, above: float | None = None
    ) -> float:
        """A finite number within bounds, the highest included; greater than `above` if that is given."""
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
            least = f"from {lowest:g}" if above is None else f"above {above:g}, up"
            raise CommandRefused(f"{self.command}: {name}={text} is not a number {least} to {highest:g}.")
        return value

    def whole(self, name: str, default: int, lowest: int, highest: int) -> int:
        """A whole number within bounds."""
        text = self._text(name)
        if text is None:
            return default
        try:
            value = int(text)
        except ValueError:
            value = lowest - 1
        if not lowest <= value <= highest:
            raise CommandRefused(
                f"{self.command}: {name}={text} is not a whole number from {lowest} to {highest}."
            )
        return value

    def flag(self, name: str) -> bool:
        """0 or 1; 0 if it is not given."""
        return bool(self.whole(name, 0, 0, 1))

    def choice(self, name: str, default: str, choices: Sequence[str]) -> str:
        """One of some words, in whatever case it was written."""
        text = self._text(name)
        if text is None:
            return default
        if text.lower() not in choices:
            raise CommandRefused(f"{self.command}: {name}={text} is not one of {', '.join(choices)}.")
        return text.lower()

    def word(self, name: str) -> str:
        """A text that must be given."""
        text = self._text(name)
        if not text:
            raise CommandRefused(f"{self.command}: {name} is missing.")
        return text

    def done(self) -> None:
        """Refuse what no other method asked for: a mistyped parameter would be silently ignored."""
        for name in self._given:
            if name not in self._known:
                close = difflib.get_close_matches(name, self._known, 1)
                hint = f"Did you mean {close[0]}?" if close else f"It takes {', '.join(self._known)}."
                raise CommandRefused(f"{self.command} has no parameter {name}.", remedy=hint)

    def _text(self, name: str) -> str | None:
        self._known.append(name)
        value = self._given.get(name)
        return None if value is None else value.strip()
