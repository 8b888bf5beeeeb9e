"""A person who knows nothing but what the screen shows: what they would do next, as words, and how to do it.

Pure: a screen comes in as text, deeds come out; whoever has the screen presses the keys or taps the places.
"""

import math
import re

HEIGHT = re.compile(r"▼ ([-−]?\d+\.\d{3})|(\d+\.\d{3}) ▶")
PRECISION = re.compile(r"precision +± (\d+(?:\.\d+)?) (µm|mm)")
FINE = 15.0
"""µm: a bracket that a person goes on bisecting is wider, as the page asks for."""
FEEL = re.compile(r"paper +\S (free|drags|stuck)")
GAP = re.compile(r"the gap below the nozzle is ([-−]?\d+\.\d+) mm")
SEEN = re.compile(r"simulated: \w")
MARK = re.compile(r"mark ([→←]) (\d+\.\d+) ([↑↓]) (\d+\.\d+) mm")
OPTION = re.compile(r"│ +(\d)  (\S.*)")
STEPS = re.compile(r"[\s│]*mm\s.*\d")
SIZE = re.compile(r"(●?)(\d+(?:\.\d+)?)")
RISKY = re.compile(r"Go down by (\d+(?:\.\d+)?) (µm|mm)\?")
SMALL = 100.0
"""µm: a step that a person feels before it does harm, so that one below the expected bed is agreed to."""
MOVING = ("Moving the nozzle …", "Moving the toolhead …")

ON_THE_MARK = 0.02
JOG_STEPS = (10.0, 1.0, 0.1, 0.05, 0.01)

KEYS = {
    "bisect": "B",
    "bisect down": "b",
    "yes": "y",
    "no": "n",
    "lower": "j",
    "raise": "k",
    "accept": "a",
    "undo": "u",
    "done": "d",
}
"""The key of each deed that is one; `step 2` and `pick 2` are the digit, `go …` is typed after Z."""

BUTTONS = {
    "yes": r"\S  y(?= *(  |[│┃]))",
    "no": r"\S  n(?= *(  |[│┃]))",
    "lower": r"[▼!] Lower",
    "bisect": r"▲ Bisect",
    "bisect down": r"[▼!] Bisect",
    "raise": r"▲ Raise",
    "accept": r"✓ Accept",
    "undo": r"Undo",
    "done": r"✓ Done",
    "left": r"← X",
    "right": r"X →",
    "back": r"↑ Y",
    "front": r"↓ Y",
}
"""What stands on the button of each deed."""


class Person:
    """Walks a check by what the screen shows. With `typing`, distances are typed; without, everything is tapped."""

    def __init__(self, *, typing: bool = True) -> None:
        self._typing = typing
        self._asked_drag: dict[float, str] = {}
        self._visited: list[float] = []
        """The heights of this test, one after the other."""
        self.heights: list[float] = []
        """The heights that were accepted."""

    def deeds(self, screen: str) -> tuple[str, ...]:
        """What to do now; nothing while there is something to wait for."""
        if any(word in screen for word in MOVING):
            return ()
        if "y Yes   n No" in screen:
            return self._decide(screen)
        if "↑↓ Select" in screen and ("Cancel the check" in screen or "Stop the plan" in screen):
            return self._choose(screen)
        if "✓ Accept" in screen:
            return self._drag(screen)
        if "✓ Done" in screen:
            return self._look(screen)
        return ()

    def _decide(self, screen: str) -> tuple[str, ...]:
        if (risky := RISKY.search(screen)) is not None:
            return ("yes",) if risky[2] == "µm" and number(risky[1]) <= SMALL else ("no",)
        if "simulated:" in screen and not SEEN.search(flat(screen)):
            return ()  # what can be seen is not told yet
        return ("yes",)

    def _choose(self, screen: str) -> tuple[str, ...]:
        words = flat(screen)
        if "simulated:" in screen and not SEEN.search(words):
            return ()
        gap = GAP.search(words)
        touching = gap is not None and "slides freely" not in words and number(gap[1]) < 1.0
        options = [match[2].lower() for line in screen.splitlines() if (match := OPTION.search(line))]
        wanted = next((n for n, told in enumerate(options, 1) if "touch" in told), 1) if touching else 1
        return (f"pick {wanted}",)

    def _drag(self, screen: str) -> tuple[str, ...]:
        """Down by the automatic steps until the paper drags or is stuck, then bisect until the bracket is narrow. Where
        it dragged rightly before, and is free just above, back to there."""
        height, feel = HEIGHT.search(screen), FEEL.search(screen)
        if height is None or feel is None:
            return ()
        here = number(height[1] or height[2])
        if "Put a sheet of paper under the nozzle" in screen:  # a test that has just begun
            self._asked_drag, self._visited = {}, []
        if here not in self._visited[-1:]:
            self._visited.append(here)
        self._asked_drag[here] = feel[1]
        if feel[1] == "drags" and not self._is_wide(screen, here):
            self.heights.append(here)
            return ("accept",)
        if feel[1] != "free":
            return ("bisect",)
        if any(self._asked_drag[z] == "drags" and self._narrow(z, here) for z in self._visited[-2:-1]):
            return ("undo",)
        return ("lower",) if set(self._asked_drag.values()) == {"free"} else ("bisect down",)

    def _is_wide(self, screen: str, here: float) -> bool:
        """Whether the bracket is wide and there is a free height to bisect towards: by the page, or by the heights that
        were tried where a small screen of a simulated printer has no room for it."""
        free = [height for height, feel in self._asked_drag.items() if feel == "free" and height > here]
        if not free:
            return False
        if self._narrow(here, min(free)):
            return False
        shown = PRECISION.search(screen)
        if shown is None:
            return True
        return number(shown[1]) * (1000.0 if shown[2] == "mm" else 1.0) > FINE

    @staticmethod
    def _narrow(dragging: float, free: float) -> bool:
        return 0.0 < round((free - dragging) / 2 * 1000.0, 3) <= FINE

    def _look(self, screen: str) -> tuple[str, ...]:
        seen = MARK.search(screen)
        if seen is None:
            return ()
        x = float(seen[2]) * (1 if seen[1] == "→" else -1)
        y = float(seen[4]) * (1 if seen[3] == "↑" else -1)
        far = max(abs(x), abs(y))
        if far <= ON_THE_MARK:
            return ("done",)
        if self._typing:
            return (f"go x {x:g} y {y:g}",)
        step = next((n for n, step in enumerate(JOG_STEPS, 1) if step <= far * 1.2), len(JOG_STEPS))
        way = ("right" if x > 0 else "left") if abs(x) >= abs(y) else ("back" if y > 0 else "front")
        return stepping(screen, step, way)


def stepping(screen: str, step: int, deed: str) -> tuple[str, ...]:
    """A move by the n-th step, which is chosen first where it is not yet."""
    line = next(line for line in screen.splitlines() if STEPS.match(line))
    chosen = next((n for n, size in enumerate(SIZE.finditer(line), 1) if size[1]), 0)
    return (deed,) if chosen == step else (f"step {step}", deed)


def number(text: str) -> float:
    """A number with whichever minus sign."""
    return float(text.replace("−", "-"))


def flat(screen: str) -> str:
    """The words of the box in front on one line: of each row what stands between its frames, not what it covers."""
    inside = (max(re.split("[│┃]", line), key=len) for line in screen.splitlines())
    return " ".join(re.sub("[╭╮╰╯─━┏┓┗┛]", " ", " ".join(inside)).split())


def place_of(deed: str, screen: str) -> tuple[int, int] | None:
    """Column and row, from zero, of what has to be tapped for a deed; None where it is not shown."""
    lines = screen.splitlines()
    kind, _, which = deed.partition(" ")
    if kind == "step":
        for y, line in enumerate(lines):
            if STEPS.match(line):
                return list(SIZE.finditer(line))[int(which) - 1].start(2), y
        return None
    if kind == "pick":
        for y, line in enumerate(lines):
            option = OPTION.search(line)
            if option and option[1] == which:
                return option.start(2), y
        return None
    return where(BUTTONS[deed], screen)


def where(pattern: str, screen: str) -> tuple[int, int] | None:
    """Column and row of the middle of the last place that shows this; None where none does."""
    found = [
        (math.floor((match.start() + match.end() - 1) / 2), y)
        for y, line in enumerate(screen.splitlines())
        for match in re.finditer(pattern, line)
    ]
    return found[-1] if found else None
