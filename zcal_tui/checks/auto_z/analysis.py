"""From repeats of CALIBRATE_Z to the estimates of the check `auto-z`. Pure."""

import math
from collections.abc import Mapping, Sequence

from zcal_tui.checks.estimates import estimate
from zcal_tui.model import limits
from zcal_tui.model.record import Estimate, Record, Sample
from zcal_tui.printer.geometry import Xy
from zcal_tui.printer.z_calibration import AutomaticOffset, Height
from zcal_tui.stats.auto_offset import (
    Drift,
    FirstSampleHabit,
    Moved,
    compare,
    drift_per_repeat,
    first_sample_habit,
    known_scatter,
    mean_offset,
)
from zcal_tui.stats.combine import UncertaintyPart
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.offsets import Offset
from zcal_tui.stats.repeatability import Repeatability, analyse

NAMES = ("offset", "nozzle", "switch", "bed")
FETCHES = {"offset": 2, "nozzle": 0, "switch": 1, "bed": 1}
"""How many heights with the attached probe are in each."""


class Repeats:
    """The calibrations so far. `step` is the Z step distance in mm."""

    def __init__(self, step: float) -> None:
        self._step = step
        self.found: list[AutomaticOffset] = []

    @property
    def last(self) -> AutomaticOffset:
        """The newest one."""
        return self.found[-1]

    def values(self, name: str) -> list[float]:
        """One of NAMES over the repeats, mm."""
        if name == "offset":
            return [found.offset for found in self.found]
        return [found.heights[name].value for found in self.found]

    def mean(self, name: str) -> Offset | None:
        """Its mean with its interval; None where its uncertainty is unknown."""
        return mean_offset(self.values(name), self._step, self.sample_part(name), FETCHES[name])

    def drift(self, name: str) -> Drift | None:
        """Its drift from repeat to repeat."""
        return drift_per_repeat(
            self.values(name), self._step, self.sample_part(name), len(NAMES), fetches=FETCHES[name]
        )

    def first_sample(self, name: str) -> FirstSampleHabit | None:
        """The shift of the first sample of a height, over the repeats."""
        return first_sample_habit([found.heights[name].samples for found in self.found], self._step)

    def contact(self) -> Interval | None:
        """The toolhead Z of nozzle contact with its interval (mm): the offset, corrected by the half step by which the
        bed's trigger is seen late on average. The same half steps of nozzle and switch cancel."""
        mean = self.mean("offset")
        return None if mean is None else mean.mean.shifted(0.5 * self._step)

    def sample_part(self, name: str) -> UncertaintyPart | None:
        """The standard uncertainty of one repeat from its own samples, all repeats pooled; None for single samples."""
        names = NAMES[1:] if name == "offset" else (name,)
        parts = [self._pooled([found.heights[each] for found in self.found]) for each in names]
        return known_scatter([part for part in parts if part]) if all(parts) else None

    def _pooled(self, heights: Sequence[Height]) -> UncertaintyPart | None:
        known = [height for height in heights if height.standard_error is not None]
        if not known:
            return None
        dof = sum(len(height.samples) - 1 for height in known)
        squares = sum(
            (len(height.samples) - 1) * _floor(height.standard_error, self._step) ** 2 for height in known
        )
        return UncertaintyPart(math.sqrt(squares / dof), float(dof))

    def estimates(self) -> dict[str, Estimate]:
        """What is known so far, in the order in which people want it."""
        found: dict[str, Estimate] = {}
        for name in NAMES:
            mean = self.mean(name)
            values = self.values(name)
            contact = self.contact() if name == "offset" else None
            if mean is None:
                found[name] = Estimate(name, sum(values) / len(values), None, None)
            else:
                found[name] = estimate(name, contact or mean.mean)
            if name == "offset" and mean is not None and mean.sigma is not None:
                found["offset_sigma"] = estimate("offset_sigma", mean.sigma)
        return found


def _floor(error: float | None, step: float) -> float:
    """Samples that are all on one step still scatter by what rounding hides."""
    return max(error or 0.0, step / math.sqrt(12.0))


def endstop_repeatability(heights: Sequence[float], step: float) -> Repeatability:
    """The repeatability of the Z endstop from its trigger heights (mm). `step` is the Z step distance in mm."""
    return analyse(
        heights,
        step=step,
        limit=limits.RANGE_OF_TEN.value,
        systematic={"sampling": step / 2},
        adaptive=False,
    )


def samples_of(
    found: AutomaticOffset,
    turn: int,
    first: int,
    t: float,
    places: Mapping[str, Xy],
    facts: Mapping[str, float],
) -> list[Sample]:
    """A calibration as samples numbered from `first`: each sample that is known, then the offset with the heights and
    the `facts`. `places` are the toolhead's positions for the nozzle, the switch and the bed."""
    taken = [(name, z) for name, height in found.heights.items() for z in height.samples]
    samples = [
        Sample(first + i, t, *places[name], round(z, 6), kind=name, round=turn)
        for i, (name, z) in enumerate(taken)
    ]
    values = {name: round(height.value, 6) for name, height in found.heights.items()}
    if found.switch_offset is not None:
        values["switch_offset"] = found.switch_offset
    offset = Sample(
        first + len(taken),
        t,
        *places["bed"],
        round(found.offset, 6),
        kind="offset",
        round=turn,
        values={**values, **facts},
    )
    return [*samples, offset]


def moved_since(earlier: Record | None, new: Mapping[str, float]) -> tuple[Moved, ...]:
    """What moved since an earlier run of this check, the most first; nothing where that run did not get so far."""
    if earlier is None:
        return ()
    olds = [sample.values for sample in earlier.samples if sample.kind == "offset"]
    needed = {"nozzle", "switch", "bed", "switch_offset"}
    if not olds or not needed <= set(olds[-1]) or not needed <= set(new):
        return ()
    return compare(olds[-1], new)
