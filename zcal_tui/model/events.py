"""What a running check says while it runs. On disk first, then shown or printed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zcal_tui.model.questions import Question
from zcal_tui.model.record import Change, Estimate, Problem, Record, Sample, Verdict, unknown_keys


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run began: its identity, its printer and what it was asked to do."""

    id: str
    check: str
    started: str
    printer: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    unknown: Mapping[str, Any] = unknown_keys()


@dataclass(frozen=True, slots=True)
class Stage:
    """The one thing that is being done now, in a sentence for a person."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the run is. `total` is the most it can take; `seconds_left` is None while nothing is known. `timed` says
    that done and total are seconds; else they are counts."""

    done: int
    total: int
    seconds_left: float | None = None
    timed: bool = False


@dataclass(frozen=True, slots=True)
class SampleTaken:
    """A measurement arrived."""

    sample: Sample


@dataclass(frozen=True, slots=True)
class EstimateUpdated:
    """The estimates so far, by name."""

    estimates: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class AdviceGiven:
    """Something to do next, and the config values that do it, if any."""

    text: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class VerdictReached:
    """The answer."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know that is not an answer: a link that came back, say."""

    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The person is asked something; the run waits for the answer."""

    question: Question


@dataclass(frozen=True, slots=True)
class Answered:
    """What the person said."""

    key: str
    answer: str


@dataclass(frozen=True, slots=True)
class ChangesUpdated:
    """What has become of the proposed config values: they replace those told before."""

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class RunProblem:
    """The run cannot go on."""

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
