"""The rounds of an interrupted run that are still valid."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from zcal_tui.checks.bias.analysis import trigger_height
from zcal_tui.checks.bias.parameters import BiasParameters
from zcal_tui.checks.probing import compensated_heights
from zcal_tui.model.codec import plain
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Record, Sample
from zcal_tui.printer.axis_twist import SECTION as TWIST_SECTION
from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.places import Place
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number
from zcal_tui.stats.verdicts.location import FIRST_LOOK

HOLDS_FOR = timedelta(hours=12)
"""A probe's bias is its mount's and the gantry's; within half a day they stay as they are while the printer is
homed."""


@dataclass(frozen=True, slots=True)
class FinishedRound:
    """A round in which every place that it began with was touched and felt."""

    number: int
    samples: tuple[Sample, ...]
    z_offsets: tuple[tuple[Place, float], ...]


def finished_rounds(
    interrupted: Record,
    parameters: BiasParameters,
    places: Sequence[Place],
    state: PrinterState,
    now: datetime | None = None,
) -> tuple[list[FinishedRound], str]:
    """The rounds that a new run may take over, or none and why.

    Each holds in itself, since touches and paper tests share its Z zero. All the same nothing is taken over once the
    printer is no longer homed: it may have been changed while it was off.
    """
    then = datetime.fromisoformat(interrupted.started)
    if (now or datetime.now(UTC)) - then > HOLDS_FOR:
        return [], "it is too old"
    if not state.homed():
        return [], "the printer is no longer homed"
    if interrupted.parameters.get("touches") != parameters.touches:
        return [], "it took another number of samples"
    if not _same_offsets(interrupted.context, state):
        return [], "the probe's offsets have changed"
    if not _same_twist(interrupted.context, state):
        return [], "the axis twist compensation has changed"
    finished = _rounds(interrupted.samples, places, _z_offset_then(interrupted.context, state))
    return finished, "" if finished else "no round of it was finished at these places"


def _same_offsets(context: Mapping[str, object], state: PrinterState) -> bool:
    """Whether x_offset and y_offset, which decide over which point the nozzle came, are what they were."""
    probe, then = probe_config(state), _probe_then(context, state)
    if probe is None or then is None:
        return False
    return (then.get("x_offset") or 0.0, then.get("y_offset") or 0.0) == (probe.x_offset, probe.y_offset)


def _probe_then(context: Mapping[str, object], state: PrinterState) -> Mapping[str, Any] | None:
    """The probe's options when that run began; None where its context does not have them."""
    probe, config = probe_config(state), context.get("config")
    then = config.get(probe.section) if probe is not None and isinstance(config, Mapping) else None
    then = then if isinstance(then, Mapping) else context.get("probe")
    return then if isinstance(then, Mapping) else None


def _z_offset_then(context: Mapping[str, object], state: PrinterState) -> float:
    """The z_offset (mm) that was in effect: `Sample.bed_z` is relative to it. Another may have been saved since."""
    then = _probe_then(context, state) or {}
    return 0.0 if "descend_z" in then else number(then.get("z_offset")) or 0.0


def _same_twist(context: Mapping[str, object], state: PrinterState) -> bool:
    """Whether Klipper runs with the axis twist compensation that the samples contain."""
    config = context.get("config")
    then = config.get(TWIST_SECTION) if isinstance(config, Mapping) else None
    return bool(then == plain(state.settings.get(TWIST_SECTION)))


def _rounds(samples: Sequence[Sample], places: Sequence[Place], offset: float) -> list[FinishedRound]:
    """The rounds from the first on that are complete, in their order."""
    by_round: dict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_round[sample.round].append(sample)
    finished: list[FinishedRound] = []
    while (own := by_round.get(len(finished) + 1)) is not None:
        z_offsets = [
            (place, z_offset) for place in places if (z_offset := _z_offset(own, place, offset)) is not None
        ]
        begun = {sample.place for sample in own}
        # Later rounds leave out the places that are decided
        wanted = len(places) if len(finished) < FIRST_LOOK else max(2, len(begun))
        if len(z_offsets) < wanted:
            break
        finished.append(FinishedRound(len(finished) + 1, tuple(own), tuple(z_offsets)))
    return finished


def _z_offset(samples: Sequence[Sample], place: Place, offset: float) -> float | None:
    """A place's z_offset out of one round's samples; None where it is not complete, or was measured elsewhere.
    `offset` is the z_offset that was configured then."""
    here = [sample for sample in samples if sample.place == place.name]
    touches = [sample for sample in here if sample.kind == "touch" and sample.recorded]
    papers = [sample for sample in here if sample.kind == "paper"]
    if not touches or len(papers) != 1:
        return None
    paper = papers[0]
    if max(abs(paper.x - place.bed[0]), abs(paper.y - place.bed[1])) > 0.5:
        return None
    return trigger_height(compensated_heights(touches, offset)) - paper.trigger_z
