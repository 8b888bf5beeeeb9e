"""What the screens ask of the app. They bubble up; the screens know nothing of the app."""

from dataclasses import dataclass

from textual.message import Message

from zcal_tui.model.questions import Answer
from zcal_tui.model.record import Record


class Request(Message):
    """Something a screen asks for."""


class StopRequested(Request):
    """The emergency stop."""


class FirmwareRestartRequested(Request):
    """Bring klippy back."""


class CancelRequested(Request):
    """End the running check."""


class PlanRequested(Request):
    """Back to the plan."""


@dataclass
class StartRequested(Request):
    """Run a check with the parameters last chosen, or go on with an interrupted run of it."""

    check: str
    resume: Record | None = None


@dataclass
class SettingsRequested(Request):
    """Show a check's form."""

    check: str


@dataclass
class RunWatched(Request):
    """Show the running check, or its result once it has ended."""

    check: str


@dataclass
class LineSaid(Request):
    """A line for the other programs at the printer, on its console."""

    line: str


@dataclass
class GcodeEntered(Request):
    """A line a person typed on the console."""

    script: str


@dataclass
class AnswerGiven(Request):
    """What a person said to the question of that number."""

    n: int
    answer: Answer
