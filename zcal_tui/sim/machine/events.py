"""What happened to the machine that a person would have noticed."""

from dataclasses import dataclass


@dataclass
class Event:
    """Something that happened at `t` seconds with the toolhead at (x, y); its `depth` (mm) grows while it lasts."""

    kind: str
    t: float
    x: float
    y: float
    depth: float = 0.0


class Collision:
    """Watches one way in which things are pressed together that should not be."""

    def __init__(self, kind: str, events: list[Event], allowed: float) -> None:
        self._kind = kind
        self._events = events
        self._allowed = allowed
        self._current: Event | None = None

    def update(self, depth: float, t: float, x: float, y: float) -> None:
        """`depth` by which they overlap, negative while apart."""
        if depth <= self._allowed:
            self._current = None
        elif self._current is None:
            self._current = Event(self._kind, t, x, y, depth)
            self._events.append(self._current)
        else:
            self._current.depth = max(self._current.depth, depth)
