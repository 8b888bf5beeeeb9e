"""What measures backlash on a printer: the [zcal] module, or a scanning probe's own command."""

import math
from collections.abc import Callable, Collection, Sequence
from statistics import fmean
from typing import Protocol, Self

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Sample
from zcal_tui.printer.places import Place


@dataclass(frozen=True, slots=True)
class Pair:
    """A value (mm) of one approach from above and one from below, and the height (mm) of the first."""

    value: float
    height: float


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
    pairs: tuple[Pair, ...] = ()
    """What it was made of, where that is known."""

    @classmethod
    def of(cls, pairs: Sequence[Pair]) -> Self:
        """The reading that these pairs make, one at least."""
        values, heights = [pair.value for pair in pairs], [pair.height for pair in pairs]
        return cls(
            fmean(values), _deviation(values), len(pairs), dither=_deviation(heights), pairs=tuple(pairs)
        )

    def without(self, indices: Collection[int]) -> "Reading":
        """The reading that the other pairs make."""
        return Reading.of([pair for i, pair in enumerate(self.pairs) if i not in indices])


def _deviation(values: Sequence[float]) -> float:
    """The sample standard deviation (n − 1); 0 of a single value."""
    if len(values) < 2:
        return 0.0
    mean = fmean(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


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
