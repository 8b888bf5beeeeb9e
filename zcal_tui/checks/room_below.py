"""The room between the lowest allowed Z and the height at which the bed is met, and what to do without it."""

from collections.abc import Iterator

from zcal_tui.checks.errors import CheckFailed
from zcal_tui.model.events import AdviceGiven, Event, VerdictReached
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Change, Level, Verdict
from zcal_tui.model.units import millimetres
from zcal_tui.printer.config_view import is_delta, z_rail
from zcal_tui.printer.geometry import z_limits
from zcal_tui.printer.start_bounds import POSITION_MIN_ROOM
from zcal_tui.printer.state import PrinterState
from zcal_tui.stats.verdicts.rule import consequence, not_measured

ENOUGH = -1.0
"""mm. A paper test may have to go that far below the present zero (Klipper docs: position_min −2)."""
ADVISED_MINIMUM = -2.0
UNSURE = 0.1
"""mm by which the expected height of the bed is usually wrong: a z_offset that was never measured well."""
SOURCE = "Klipper docs, Bed_Level"
_NO_TRIGGER = "No trigger on probe after full movement"


@dataclass(frozen=True)
class LowestZ:
    """The lowest Z that Klipper allows, mm, and the option that sets it."""

    limit: float
    section: str
    option: str

    @property
    def text(self) -> str:
        """The limit, for people."""
        return millimetres(self.limit, digits=2)

    @property
    def changes(self) -> tuple[Change, ...]:
        """The option with the value that Klipper's documentation advises; empty where it is that low already."""
        if self.limit <= ADVISED_MINIMUM:
            return ()
        return (Change(self.section, self.option, f"{self.limit:g}", f"{ADVISED_MINIMUM:g}"),)

    @property
    def remedy(self) -> str:
        """What to do."""
        if not self.changes:
            return (
                f"{self.option} in [{self.section}] is low enough. Check why Z 0 is that far above the bed: the "
                "probe's z_offset, position_endstop, or the place of the endstop. Then repeat the check."
            )
        return f"Set {self.option} in [{self.section}] to {ADVISED_MINIMUM:g}, then RESTART and repeat the check."


class OutOfReach(CheckFailed):
    """The nozzle may not go low enough: the person ended a paper test there, or the bed is `expected` (mm) below."""

    def __init__(self, lowest: LowestZ, expected: float | None = None) -> None:
        self.why = f"The lowest allowed Z is {lowest.text}, and the nozzle was not on the paper there."
        if expected is not None:
            self.why = (
                f"The bed is expected at {millimetres(expected, digits=2)}, and the lowest allowed Z is {lowest.text} "
                f"({lowest.option} in [{lowest.section}])."
            )
        super().__init__("The nozzle cannot reach the paper.", self.why, lowest.remedy)
        self.lowest = lowest
        self.gap = None if expected is None else lowest.limit - expected
        """How far (mm) above the bed the nozzle has to stay; None where that is not known."""


def lowest_z(state: PrinterState) -> LowestZ | None:
    """The lowest allowed Z; None where the printer does not report it."""
    limits, rail = z_limits(state), z_rail(state)
    if limits is None or rail is None:
        return None
    section, option = ("printer", "minimum_z_position") if is_delta(state) else (rail.section, "position_min")
    return LowestZ(limits[0], section, option)


def without_room(state: PrinterState, z_offset: float, message: str) -> LowestZ | None:
    """The lowest allowed Z where it explains Klipper's `message` that the probe did not trigger: it leaves less than
    0.5 mm below the height at which the probe should. None where something else has to be wrong."""
    lowest = lowest_z(state)
    if lowest is None or _NO_TRIGGER not in message or z_offset - lowest.limit >= POSITION_MIN_ROOM:
        return None
    return lowest


def require_room(state: PrinterState, expected: float) -> None:
    """Before the first step of a paper test: the bed, expected at this toolhead Z (mm), can be reached. A limit that is
    as low as advised is trusted, since the expectation may be wrong. Raises OutOfReach."""
    lowest = lowest_z(state)
    if lowest is not None and lowest.limit > ENOUGH and expected < lowest.limit - UNSURE:
        raise OutOfReach(lowest, expected)


def probe_conclusion(lowest: LowestZ, z_offset: float) -> Iterator[Event]:
    """The verdict of a probe that did not trigger above the lowest allowed Z."""
    reason = (
        f"A probing move ends at the lowest allowed Z, {lowest.text}. The probe should trigger at z_offset, "
        f"{millimetres(z_offset, digits=2)}. Limit: {millimetres(POSITION_MIN_ROOM, digits=1)} of room below, since no "
        f"bed is flat. ({SOURCE})"
    )
    yield VerdictReached(
        Verdict(
            Level.FAIL,
            "The probe cannot be used: it did not trigger above the lowest allowed Z.",
            (reason, not_measured()),
        )
    )
    yield AdviceGiven(lowest.remedy, lowest.changes)


def paper_conclusion(ended: OutOfReach) -> Iterator[Event]:
    """The verdict of a paper test that could not reach the paper."""
    lowest = ended.lowest
    reason = f"{ended.why} Limit: {millimetres(ADVISED_MINIMUM, digits=0)}. ({SOURCE})"
    end = not_measured()
    if ended.gap is not None:
        end = consequence(ended.gap, "The gap that is expected to remain, {},")
    yield VerdictReached(Verdict(Level.FAIL, "The nozzle cannot reach the bed.", (reason, end)))
    yield AdviceGiven(lowest.remedy, lowest.changes)
