"""A person who knows nothing but what the screen shows, and presses keys: the guided path as its user walks it."""

import re
import time

from tmux import Tmux

HEIGHT = re.compile(r"▼ (-?\d+\.\d{3})")
FEEL = re.compile(r"paper +\S (free|drags|stuck)")
GAP = re.compile(r"the gap below the nozzle is (-?\d+\.\d+) mm")
SEEN = re.compile(r"simulated: \w")
MARK = re.compile(r"mark ([→←]) (\d+\.\d+) ([↑↓]) (\d+\.\d+) mm")
MOVING = ("The nozzle moves …", "The toolhead moves …")
FINE = 0.01


class ScreenPerson:
    """Walks a check to its verdict on an 80×24 terminal."""

    def __init__(self, terminal: Tmux) -> None:
        self._terminal = terminal
        self._felt: dict[float, str] = {}
        self.pressed = 0
        self.heights: list[float] = []
        """The heights that were accepted."""

    def press(self, *keys: str) -> None:
        """Press keys, and let the screen follow."""
        self.pressed += len(keys)
        self._terminal.press(*keys)
        time.sleep(0.15)

    def walk(self, until: str, limit: float) -> str:
        """Do what the screen asks until it shows this; returns that screen."""
        end = time.monotonic() + limit
        while until not in (screen := self._terminal.screen()):
            assert time.monotonic() < end, f"{until!r} was not reached within {limit:g} s:\n{screen}"
            assert self._terminal.alive
            assert "The run could not go on" not in screen, screen
            if any(word in screen for word in MOVING):
                time.sleep(0.1)
            elif "y Yes   n No" in screen:
                self._decide(screen)
            elif "Cancel the check" in screen and "↑↓ Choose" in screen:
                self._choose(screen)
            elif "Paper test" in screen and "Accept" in screen:
                self._feel(screen)
            elif "Nozzle over the mark" in screen:
                self._look(screen)
            else:
                time.sleep(0.2)
        return screen

    def _decide(self, screen: str) -> None:
        if "Go down by" in screen:
            self.press("n")
        elif "simulated:" in screen and not SEEN.search(_flat(screen)):
            time.sleep(0.1)  # what can be seen is not told yet
        else:
            self.press("y")
        time.sleep(0.4)

    def _choose(self, screen: str) -> None:
        gap = GAP.search(_flat(screen))
        touching = gap is not None and "slides freely" not in _flat(screen) and float(gap[1]) < 1.0
        lines = [line for line in screen.splitlines() if re.search(r"│ +\d  ", line)]
        wanted = next((n for n, line in enumerate(lines, 1) if "touch" in line.lower()), 1) if touching else 1
        self.press(str(wanted))
        time.sleep(0.4)

    def _feel(self, screen: str) -> None:
        """Down in steps until the paper drags; then to both ends of the dragging, and to their middle."""
        height, feel = HEIGHT.search(screen), FEEL.search(screen)
        if height is None or feel is None:
            time.sleep(0.1)
            return
        here = float(height[1])
        if "not yet" in screen:  # a test that has just begun
            self._felt = {}
        self._felt[here] = feel[1]
        drags = [z for z, felt in self._felt.items() if felt == "drags"]
        if not drags:
            key = "2" if here > 1.5 else "3" if here > 0.35 else "4"
            if "stuck" in self._felt.values():
                key = "5"
            self.press(key, "k" if feel[1] == "stuck" else "j")
            return
        low, high = min(drags), max(drags)
        stuck = any(felt == "stuck" and low - 4 * FINE < z < low for z, felt in self._felt.items())
        free = any(felt == "free" and high < z < high + 4 * FINE for z, felt in self._felt.items())
        middle = (low + high) / 2
        if not stuck and feel[1] != "stuck":
            self.press("5", "j")
        elif not free:
            self.press("5", "k")
        elif abs(here - middle) <= FINE / 2 + 1e-9:
            self.heights.append(here)
            self.press("a")
            time.sleep(0.6)
        else:
            self.press("5", "k" if here < middle else "j")

    def _look(self, screen: str) -> None:
        seen = MARK.search(screen)
        if seen is None:
            time.sleep(0.1)
            return
        x = float(seen[2]) * (1 if seen[1] == "→" else -1)
        y = float(seen[4]) * (1 if seen[3] == "↑" else -1)
        if max(abs(x), abs(y)) <= 0.02:
            self.press("d")
            time.sleep(0.4)
            return
        self.press("z")
        self._terminal.wait_for("Go by how much?", 10)
        self._terminal.type(f"x {x:g} y {y:g}")
        time.sleep(0.2)
        self.press("Enter")
        time.sleep(0.3)


def _flat(screen: str) -> str:
    """The screen's words on one line, without frames."""
    return " ".join(re.sub("[│┃╭╮╰╯─━┏┓┗┛]", " ", screen).split())
