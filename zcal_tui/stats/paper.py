"""The paper test: the height at which a person feels the nozzle touch, and the z_offset that follows from it.

Persons differ in how well they feel the paper drag, and one test shows nothing about that. So the scatter of one test
has a prior (`operator_scatter`), of people or of this person. The tests of a run are pooled with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from zcal_tui.stats.combine import UncertaintyPart, combine
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.offsets import Offset, mean_of_repeats
from zcal_tui.stats.operator_scatter import ScatterPrior
from zcal_tui.stats.quantiles import normal_ppf

PEOPLE = ScatterPrior()


@dataclass(frozen=True, slots=True)
class PaperResult:
    """`height`: toolhead Z (mm) at which the paper drags; components "feel", "resolution", "step".

    `sigma` (mm) is the person's scatter from test to test, tests and prior pooled; None after one test. It is bounded
    from above only: below, a few tests leave the interval to the prior, and a steadier hand does no harm. `dof`
    are the degrees of freedom of both.
    """

    height: Interval
    sigma: Interval | None
    n: int
    dof: float


def paper_height(
    heights: Sequence[float],
    resolution: float,
    prior: ScatterPrior = PEOPLE,
    *,
    step: float = 0.0,
    confidence: float = 0.95,
) -> PaperResult:
    """The height (mm) of one or more paper tests.

    `resolution` (mm) is half the last bracket: the paper dragged somewhere within ± that. Tests that start at the same
    height halve the same brackets, so it does not average out. `step` (mm) is the Z step distance.
    ValueError on no height or one that is not finite.
    """

    def pooled(confidence: float) -> Offset:
        return mean_of_repeats(
            heights,
            step=step,
            systematic={"resolution": resolution},
            prior_sigma=prior.sigma,
            prior_dof=prior.dof,
            confidence=confidence,
        )

    found = pooled(confidence)
    # An interval that leaves out as much on each side ends where a bound on one side does
    two_sided = pooled(2.0 * confidence - 1.0).sigma
    sigma = None if two_sided is None else Interval(two_sided.value, None, two_sided.high, confidence)
    components = {
        ("feel" if name == "random" else name): size for name, size in found.mean.components.items()
    }
    mean = found.mean
    height = Interval(mean.value, mean.low, mean.high, mean.confidence, components)
    return PaperResult(height, sigma, found.n, found.dof)


def z_offset(
    trigger: Interval,
    paper: PaperResult,
    step: float,
    *,
    shift: float = 0.0,
    sheet: float = 0.0,
    late: float | None = None,
) -> Interval:
    """z_offset (mm): the mean trigger height over the height at which the paper drags.

    A switch is checked at each step down, so its trigger is seen `late` (mm), half a step on average. The height of the
    paper has no such delay.

    `trigger` is the mean of the samples, its components as `repeatability.analyse` names them: "random", "step", and
    what else was systematic, which is called "sampling" here. `step` (mm) counts once for the samples and once for
    the paper. `shift` (mm) is added, for an offset that counts from elsewhere. Components: "touches", "feel",
    "resolution", "step", "sampling". The thickness of the paper is in it, as it is in Klipper's own; where `shift`
    subtracts it, it is known to within `sheet` (mm), the component "paper".
    """
    late = 0.5 * step if late is None else late
    own = dict(trigger.components)
    # The cost of the samples' few degrees of freedom is kept in the size, so that the part counts as exactly known.
    known = _equivalent_size(trigger) / math.hypot(*own.values()) if any(own.values()) else 1.0
    random = own.pop("random", 0.0) * max(1.0, known) if own else _equivalent_size(trigger)
    rounding = step / math.sqrt(12.0)
    samples_step = own.pop("step", rounding)
    paper_step = max(paper.height.components.get("step", 0.0), rounding)
    parts = {
        "touches": UncertaintyPart(random),
        "feel": UncertaintyPart(paper.height.components["feel"], paper.dof),
        "resolution": UncertaintyPart(paper.height.components["resolution"]),
        "step": UncertaintyPart(math.hypot(samples_step, paper_step)),
        "sampling": UncertaintyPart(math.hypot(*own.values())),
    }
    if sheet > 0.0:
        parts["paper"] = UncertaintyPart(sheet / math.sqrt(3.0))
    return combine(trigger.value + late - paper.height.value + shift, parts, paper.height.confidence)


def _equivalent_size(interval: Interval) -> float:
    """The standard uncertainty whose normal interval is as wide as this one."""
    if interval.low is None or interval.high is None:
        raise ValueError("the trigger height needs an interval with two ends")
    return 0.5 * (interval.high - interval.low) / normal_ppf(0.5 + 0.5 * interval.confidence)
