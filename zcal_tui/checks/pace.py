"""How long samples take, for the time left."""


class Pace:
    """How long the samples take, for the time left. The first one, which comes from farther up, counts too."""

    def __init__(self, now: float) -> None:
        self._began = now

    def left(self, now: float, done: int, planned: int) -> float | None:
        """Seconds left, once there are two samples to judge by."""
        if done < 2:
            return None
        return round(max(0.0, (now - self._began) / done * (planned - done)), 1)
