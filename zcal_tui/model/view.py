"""The state of a run, folded from its events: what user interfaces show while a check is running."""

from dataclasses import field, replace

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
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Record


@dataclass(frozen=True, slots=True)
class RunView:
    """The record so far, and the present stage and progress. `record.finished` is None while the run is active."""

    record: Record
    stage: Stage | None = None
    progress: Progress | None = None
    notices: tuple[str, ...] = field(default=())

    @property
    def running(self) -> bool:
        """Whether the run is still active."""
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
    """The view after `event`."""
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
            return view  # the open question is in the session's snapshot
        case RunEnded(final):
            return replace(view, record=final)
