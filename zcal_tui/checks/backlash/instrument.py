"""What measures backlash on a printer: the [zcal] module, or a scanning probe's own command."""

from collections.abc import Callable
from typing import Protocol

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Sample
from zcal_tui.printer.places import Place


@dataclass(frozen=True, slots=True)
class Reading:
    """What one visit to a place measured, in mm: mean and standard deviation of a value, as if from `n` independent
    ones. `none`: the instrument's own test found no backlash, so the value is no more than a zero."""

    mean: float
    sd: float
    n: int
    none: bool = False
    t: float = 0.0
    """With `none`: the test's |t|."""
    dither: float = 0.0
    """The standard deviation of the single heights it was made of, by which rounding to steps averages out."""


@dataclass(frozen=True, slots=True)
class InstrumentProperties:
    """What an instrument's values contain, in mm."""

    step: float
    """What a value may be off by as a whole at each place, at random: half of it up or down."""
    upper_bound_only: bool
    """Whether the values contain something else that raises them everywhere alike."""
    method: str
    """How it measures, as a sentence for the verdict."""


class Instrument(Protocol):
    """Measures where the toolhead is."""

    @property
    def properties(self) -> InstrumentProperties:
        """What the values contain."""

    @property
    def per_visit(self) -> int:
        """How many samples a visit makes, for the progress."""

    async def visit(self, place: Place, turn: int, emit: Callable[[Sample], None]) -> Reading:
        """Measure once. Raises CheckCancelled, CheckFailed, TransportError."""
