"""The person at a program in a real terminal: keys pressed, or places tapped with the mouse and nothing else."""

import time

from tests.e2e.person import KEYS, Person, place_of, where
from tests.e2e.tmux import Tmux
from zcal_tui.tui.widgets.button import TAP_GUARD

REACTION = 20.0
"""Seconds within which the screen has to answer to what was done, also on a busy machine. Whoever is less patient taps
a second time, and may hit what comes up only then."""
BAR = 2
"""Rows at the top that change by themselves: where the printer is and how warm."""


class ScreenPerson:
    """Walks a check to its verdict on a terminal of any size, by keys or, with `mouse`, by taps alone."""

    def __init__(self, terminal: Tmux, *, mouse: bool = False) -> None:
        self._terminal = terminal
        self._mouse = mouse
        self._person = Person(typing=not mouse)
        self.pressed = 0
        """How many keys were pressed, or places tapped."""

    @property
    def heights(self) -> list[float]:
        """The heights that were accepted."""
        return self._person.heights

    def press(self, *keys: str) -> None:
        """Press keys, and let the screen follow."""
        before = self._terminal.screen()
        self.pressed += len(keys)
        self._terminal.press(*keys)
        self._follow(before)

    def tap(self, pattern: str) -> None:
        """Tap what shows this (the last place on the screen that does), and let the screen follow."""
        self._terminal.wait(lambda screen: where(pattern, screen) is not None, REACTION)
        screen = self._terminal.settled()
        place = where(pattern, screen)
        assert place is not None, f"{pattern!r} has gone:\n{screen}"
        self._tap(place, screen)

    def scroll_to(self, pattern: str, at: tuple[int, int]) -> None:
        """Turn the mouse wheel at a column and row until this is shown, and the list rests."""
        for _ in range(60):
            if where(pattern, screen := self._terminal.settled()) is not None:
                return
            self._terminal.scroll(*at)
            self._follow(screen)
        raise AssertionError(f"{pattern!r} was not found:\n{self._terminal.screen()}")

    def walk(self, until: str, limit: float) -> str:
        """Do what the screen asks until it shows this; returns that screen."""
        end = time.monotonic() + limit
        while until not in (screen := self._terminal.settled()):
            assert time.monotonic() < end, f"{until!r} was not reached within {limit:g} s:\n{screen}"
            assert "The check stopped" not in screen, screen
            deeds = self._person.deeds(screen)
            for number, deed in enumerate(deeds):
                self._do(deed, self._terminal.settled() if number else screen)
            if not deeds:
                assert self._terminal.alive
                time.sleep(0.1)
        return screen

    def _do(self, deed: str, screen: str) -> None:
        if self._mouse:
            place = place_of(deed, screen)
            assert place is not None, f"nothing to tap for “{deed}”:\n{screen}"
            self._tap(place, screen)
        elif deed.startswith("go "):
            self.press("z")
            self._terminal.wait_for("Move by how much?", 10)
            self._terminal.type(deed.removeprefix("go "))
            self._terminal.wait_for("to X", 10)
            self.press("Enter")
        else:
            self.press(KEYS.get(deed, deed[-1]))

    def _tap(self, place: tuple[int, int], before: str) -> None:
        self.pressed += 1
        time.sleep(TAP_GUARD)  # the page may just have come up
        self._terminal.tap(*place)
        self._follow(before)

    def _follow(self, before: str) -> None:
        """Until the screen shows something else; no longer than it may take where it has nothing else to show."""
        until = time.monotonic() + REACTION
        while self._terminal.alive and time.monotonic() < until:
            if _page(self._terminal.screen()) != _page(before):
                return
            time.sleep(0.05)


def _page(screen: str) -> list[str]:
    return screen.splitlines()[BAR:]
