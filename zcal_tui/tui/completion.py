"""Completing a G-code command on the console: from what was typed before and what the printer knows."""

from collections.abc import Collection, Iterable

from textual.suggester import Suggester

from zcal_tui.tui.app_state import AppState


def candidates(typed: str, lines: Iterable[str], commands: Collection[str]) -> list[str]:
    """What a text may become: lines typed before, the newest first, then commands that begin with its first word."""
    start = typed.casefold()
    if not start:
        return []
    before = [line for line in reversed(list(lines)) if line.casefold().startswith(start)]
    known = [] if " " in typed else sorted(name for name in commands if name.casefold().startswith(start))
    return [text for text in dict.fromkeys([*before, *known]) if text.casefold() != start]


def completed(typed: str, commands: Collection[str]) -> tuple[str, list[str]]:
    """The text with as much of the command as is certain, and the commands that are possible."""
    if " " in typed or not typed:
        return typed, []
    known = sorted(name for name in commands if name.casefold().startswith(typed.casefold()))
    if not known:
        return typed, []
    if len(known) == 1:
        return f"{known[0]} ", known
    shared = known[0]
    while not all(name.startswith(shared) for name in known):
        shared = shared[:-1]
    return shared, known


class CommandSuggester(Suggester):
    """Suggests the likeliest line while one is typed."""

    def __init__(self, app_state: AppState) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._app_state = app_state

    async def get_suggestion(self, value: str) -> str | None:
        """The text with the rest of the likeliest line."""
        commands = self._app_state.snapshot.printer.commands or ()
        found = candidates(value, self._app_state.typed.lines, commands)
        return value + found[0][len(value) :] if found else None
