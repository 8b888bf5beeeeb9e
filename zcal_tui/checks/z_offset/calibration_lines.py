"""What a scanner's plugin prints while it calibrates by itself: its latest line, and how far it is where it says so.

Source: cartographer3d-plugin 1.10.1, macros/touch/calibrate.py. CARTOGRAPHER_SCAN_CALIBRATE, Beacon and Klipper print
what they do, but no count.
"""

import contextlib
import re
from collections.abc import Iterator

from zcal_tui.checks.base import Context
from zcal_tui.model.events import Progress, Stage
from zcal_tui.model.outside_text import one_line
from zcal_tui.printer.console import clean
from zcal_tui.printer.printer import Heard

LONGEST = 120
"""Characters of a plugin's line that are shown."""
_RANGE = re.compile(r"Starting touch calibration \(speed=[\d.]{1,9}, range=(\d{1,9})-(\d{1,9})\)")
_THRESHOLD = re.compile(r"(?:Screening|Threshold|Verification) (\d{1,9})\b")


class CalibrationLines:
    """Reads one plugin's lines."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.latest = ""
        """The last line that was shown."""
        self._range: tuple[int, int] | None = None
        self._reached = -1

    def read(self, heard: Heard) -> None:
        """Take a console line, and show it."""
        line = one_line(clean(heard.text).split("\n", 1)[0])[:LONGEST]
        if not line or line == self.latest:
            return
        self.latest = line
        # Short, and the line early: 80 columns show one line of it
        self._context.emit(Stage("calibrate", f"The plugin reports: {line}"))
        if (found := _RANGE.search(line)) is not None:
            self._range = int(found[1]), int(found[2])
            self._progress(self._range[0])
        elif (found := _THRESHOLD.match(line)) is not None:
            self._progress(int(found[1]))

    def ended(self) -> None:
        """The command has finished: nothing is left to try."""
        if self._range is not None:
            self._progress(self._range[1])

    def _progress(self, threshold: int) -> None:
        """The thresholds that were tried, out of the range; it ends at the first that repeats. Never back."""
        if self._range is None:
            return
        first, last = self._range
        if last <= first or not first <= threshold <= last or threshold <= self._reached:
            return
        self._reached = threshold
        self._context.emit(Progress(threshold - first, last - first))


@contextlib.contextmanager
def calibration_lines(context: Context, doing: str) -> Iterator[CalibrationLines]:
    """The time in which a plugin calibrates, its lines shown as the stage. `doing` is shown until it prints one."""
    context.emit(Stage("calibrate", doing))
    lines = CalibrationLines(context)
    stop = context.printer.listen_console(lines.read)
    try:
        yield lines
        lines.ended()
    finally:
        stop()
