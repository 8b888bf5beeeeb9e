"""The level of an input pin over time, as its reader sees it: late by the pin's delay."""


class PinTrace:
    """What is known of a pin's level. All times are clock values."""

    def __init__(self, delay: int, clock: int, level: bool) -> None:
        self._delay = delay
        self._changes: list[tuple[int, bool]] = [(clock, level)]
        self._seen = clock

    @property
    def known(self) -> int:
        """The last clock at which the level is known."""
        return self._seen + self._delay

    @property
    def last(self) -> bool:
        """The last level seen, without the delay."""
        return self._changes[-1][1]

    def at(self, clock: int) -> bool:
        """The level at a clock; before the trace begins it is the first level known."""
        wanted = clock - self._delay
        for changed, level in reversed(self._changes):
            if changed <= wanted:
                return level
        return self._changes[0][1]

    def next_change(self, clock: int) -> int | None:
        """The first clock after `clock` at which the level is another than before, if known."""
        wanted = clock - self._delay
        for changed, _ in self._changes[1:]:
            if changed > wanted:
                return changed + self._delay
        return None

    def extend(self, clock: int, change: int | None) -> None:
        """Make known the level up to `clock`, with its one change since the last time."""
        if change is not None:
            self._changes.append((change, not self.last))
        self._seen = clock

    def cut(self, clock: int) -> None:
        """Forget what was seen later than `clock`."""
        if clock < self._seen:
            while len(self._changes) > 1 and self._changes[-1][0] > clock:
                self._changes.pop()
            self._seen = clock

    def forget(self, clock: int) -> None:
        """No reader will ask for a time before `clock`."""
        wanted = clock - self._delay
        while len(self._changes) > 1 and self._changes[1][0] <= wanted:
            self._changes.pop(0)
