"""The events of a running check. Each is stored first, then shown or printed."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.questions import Question
from zcal_tui.model.record import Change, Estimate, Problem, Record, Sample, Verdict, unknown_keys


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run began: its id, printer and parameters."""

    id: str
    check: str
    started: str
    printer: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    unknown: Mapping[str, Any] = unknown_keys()


@dataclass(frozen=True, slots=True)
class Stage:
    """What the check is doing now, in a sentence."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a run. `total` is the maximum; `seconds_left` is None while unknown. `done` and `total` are
    counts, or seconds if `timed`."""

    done: int
    total: int
    seconds_left: float | None = None
    timed: bool = False


@dataclass(frozen=True, slots=True)
class SampleTaken:
    """A sample was taken."""

    sample: Sample


@dataclass(frozen=True, slots=True)
class EstimateUpdated:
    """The estimates so far, by name."""

    estimates: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class AdviceGiven:
    """A next step, and the config values for it, if any."""

    text: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class VerdictReached:
    """The verdict."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know that is not a result, such as a restored connection."""

    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the person; the run waits for the answer."""

    question: Question


@dataclass(frozen=True, slots=True)
class Answered:
    """The person's answer."""

    key: str
    answer: str


@dataclass(frozen=True, slots=True)
class ChangesUpdated:
    """The proposed config values with their new states; they replace those of earlier events."""

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class RunProblem:
    """The run cannot continue."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The last event of a run: the whole record."""

    record: Record


Event = (
    RunStarted
    | Stage
    | Progress
    | SampleTaken
    | EstimateUpdated
    | AdviceGiven
    | VerdictReached
    | Notice
    | Asked
    | Answered
    | ChangesUpdated
    | RunProblem
    | RunEnded
)
