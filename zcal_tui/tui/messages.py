"""What the screens ask of the app. They bubble up; the screens know nothing of the app.

Nobody compares them, and each method that a dataclass compiles would hold up the first frame.
"""

from dataclasses import dataclass
from typing import Any

from textual.message import Message

from zcal_tui.model.questions import Answer
from zcal_tui.model.record import Record


class ScreenRequest(Message):
    """Something a screen asks for."""


class StopRequested(ScreenRequest):
    """The emergency stop."""


class FirmwareRestartRequested(ScreenRequest):
    """Bring klippy back."""


class CancelRequested(ScreenRequest):
    """End the running check."""


class PlanRequested(ScreenRequest):
    """Back to the plan."""


@dataclass(eq=False, repr=False)
class RelaunchRequested(ScreenRequest):
    """Start the program again with these arguments; with none, as it was started."""

    arguments: tuple[str, ...] = ()


@dataclass(eq=False, repr=False)
class StartRequested(ScreenRequest):
    """Run a check with the parameters last chosen, or with these, or resume an interrupted run of it."""

    check: str
    resume: Record | None = None
    parameters: Any = None


@dataclass(eq=False, repr=False)
class SaveRequested(ScreenRequest):
    """Save what this run found: show what changes and ask, then write it."""

    record: Record


@dataclass(eq=False, repr=False)
class DiscardRequested(ScreenRequest):
    """Discard this result; its record stays stored."""

    record: Record


@dataclass(eq=False, repr=False)
class SettingsRequested(ScreenRequest):
    """Show a check's form."""

    check: str


@dataclass(eq=False, repr=False)
class RunWatched(ScreenRequest):
    """Show the running check, or its result once it has ended."""

    check: str


@dataclass(eq=False, repr=False)
class AnnounceRequested(ScreenRequest):
    """Print a line on the printer's console, for the other programs there."""

    line: str


@dataclass(eq=False, repr=False)
class GcodeEntered(ScreenRequest):
    """A line a person typed on the console."""

    script: str


@dataclass(eq=False, repr=False)
class AnswerGiven(ScreenRequest):
    """The answer to the question of that number."""

    n: int
    answer: Answer
