"""A run as it stands: what the faces show while a check goes on, folded from its events."""

from dataclasses import dataclass, field, replace

from zcal_tui.model.events import (
    AdviceGiven,
    Answered,
    Asked,
    ChangesUpdated,
    EstimateUpdated,
    Event,
    Notice,
    Progress,
    RunEnded,
    RunProblem,
    RunStarted,
    SampleTaken,
    Stage,
    VerdictReached,
)
from zcal_tui.model.record import Record


@dataclass(frozen=True, slots=True)
class RunView:
    """The record so far and what is going on. `record.finished` is None while the run goes on."""

    record: Record
    stage: Stage | None = None
    progress: Progress | None = None
    notices: tuple[str, ...] = field(default=())

    @property
    def running(self) -> bool:
        """Whether the run still goes on."""
        return self.record.finished is None


def begin(event: RunStarted) -> RunView:
    """The view of a run that has just started."""
    return RunView(
        Record(
            id=event.id,
            check=event.check,
            printer=event.printer,
            started=event.started,
            context=event.context,
            parameters=event.parameters,
            unknown=event.unknown,
        )
    )


def fold(view: RunView, event: Event) -> RunView:
    """The view after `event`. Events of a finished run change nothing but the record they carry."""
    record = view.record
    match event:
        case RunStarted():
            return begin(event)
        case Stage():
            return replace(view, stage=event)
        case Progress():
            return replace(view, progress=event)
        case SampleTaken(sample):
            return replace(view, record=replace(record, samples=(*record.samples, sample)))
        case EstimateUpdated(estimates):
            return replace(view, record=replace(record, estimates=dict(estimates)))
        case AdviceGiven(text, changes):
            record = replace(record, advice=(*record.advice, text), changes=(*record.changes, *changes))
            return replace(view, record=record)
        case VerdictReached(verdict):
            return replace(view, record=replace(record, verdict=verdict))
        case RunProblem(problem):
            return replace(view, record=replace(record, problem=problem))
        case Notice(text):
            return replace(view, notices=(*view.notices, text))
        case ChangesUpdated(changes):
            return replace(view, record=replace(record, changes=changes))
        case Asked() | Answered():
            return view  # what is asked at this moment is the session's to show
        case RunEnded(final):
            return replace(view, record=final)
