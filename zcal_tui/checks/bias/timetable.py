"""How long a location bias run takes: predicted before it starts, and corrected by how it goes."""

from zcal_tui.model.events import Progress

TRAVEL = 8.0
"""s between two places."""
TOUCH = 2.5
"""s for one touch."""
PAPER = 75.0
"""s for one paper test, our estimate for a practised person."""
DOCKING = 40.0
"""s in a round to attach and dock a probe."""


class Timetable:
    """Seconds of the printer's clock."""

    def __init__(self, *, places: int, touches: int, docks: bool) -> None:
        self._of_touching = TRAVEL + touches * TOUCH + (DOCKING / places if docks else 0.0)
        self._of_paper = TRAVEL + PAPER
        self._began = 0.0
        self._tests = 0
        self._touched = self._felt = 0
        self._spent = 0.0

    def seconds(self, tests: int) -> float:
        """How long so many paper tests take with their samples, by how it went so far."""
        return tests * (self._of_touching + self._of_paper) * self._pace

    def begin(self, now: float, tests: int) -> None:
        """The measuring begins, with so many paper tests to come."""
        self._began = now
        self._tests = tests

    def plan(self, further: int) -> None:
        """So many paper tests are still to come after those that were made."""
        self._tests = self._felt + further

    def touched(self, now: float) -> None:
        """One place's touches are done."""
        self._touched += 1
        self._spent = now - self._began

    def felt(self, now: float) -> None:
        """One paper test is done."""
        self._felt += 1
        self._spent = now - self._began

    def progress(self, now: float, most: int) -> Progress:
        """Paper tests done, of the `most` that it can take, and the time that the planned ones still take."""
        left = (self._tests - self._touched) * self._of_touching + (self._tests - self._felt) * self._of_paper
        since = now - self._began - self._spent
        return Progress(self._felt, max(self._tests, most), round(max(0.0, left * self._pace - since), 1))

    @property
    def _pace(self) -> float:
        """How much longer it takes than predicted, once there is something to judge by."""
        if not self._felt:
            return 1.0
        predicted = self._touched * self._of_touching + self._felt * self._of_paper
        return self._spent / predicted if predicted > 0 and self._spent > 0 else 1.0
