"""How much a person's paper tests vary, learned over all runs of that person.

The prior of the paper test is about people. What a person's earlier tests show is about this person: from LEARNED_DOF
degrees of freedom on it replaces the prior, so that Student's t covers equally often whatever the scatter is. Which of
the two applies depends on how many tests there were, never on what they showed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

PRIOR_SIGMA = 0.010
"""mm. Our assumption about the scatter of one paper test; no source has a figure for it."""

PRIOR_DOF = 6.0
"""With it 95 % of persons are taken to have a sigma between 0.64 and 2.2 times the prior's."""

LEARNED_DOF = 4.0
"""Degrees of freedom from which a person's own tests replace the prior: Student's t is then 2.8, 1.4 times the
normal's."""

SHARED = "shared"
"""The operator where nobody is named. Several people may use it, so its tests never make an interval narrower."""


@dataclass(frozen=True, slots=True)
class ScatterPrior:
    """What is known of the scatter of one test before a run: `sigma` (mm), as well as from `dof` + 1 tests. `learned`:
    from the person's own tests alone."""

    sigma: float = PRIOR_SIGMA
    dof: float = PRIOR_DOF
    learned: bool = False


@dataclass(frozen=True, slots=True)
class PaperTests:
    """What paper tests of one height or of several show about their scatter: the sum of `squares` (mm²) about what they
    have in common, with `dof` degrees of freedom. `rounding` (mm²) is what rounding alone adds to the squares: the
    least they are taken to be."""

    squares: float = 0.0
    dof: float = 0.0
    rounding: float = 0.0
    tests: int = 0


@dataclass(frozen=True, slots=True)
class OperatorScatter:
    """An operator's name, and what all earlier tests under it show."""

    name: str = SHARED
    earlier: PaperTests = PaperTests()

    @property
    def sigma(self) -> float | None:
        """The scatter of one test (mm) by the earlier tests alone; None before any was repeated."""
        earlier = self.earlier
        if earlier.dof <= 0.0:
            return None
        return math.sqrt(max(earlier.squares, earlier.rounding) / earlier.dof)

    @property
    def one_step(self) -> bool:
        """Whether the earlier tests differ by less than rounding explains, so that sigma is a bound only."""
        return self.earlier.dof > 0.0 and self.earlier.squares < self.earlier.rounding

    @property
    def prior(self) -> ScatterPrior:
        """The prior for this operator's next run."""
        own, dof = self.sigma, self.earlier.dof
        if own is None:
            return ScatterPrior()
        if self.name != SHARED and dof >= LEARNED_DOF:
            return ScatterPrior(own, dof, learned=True)
        pooled = math.sqrt((PRIOR_DOF * PRIOR_SIGMA**2 + dof * own**2) / (PRIOR_DOF + dof))
        if self.name != SHARED:
            return ScatterPrior(pooled, PRIOR_DOF + dof)
        # The next test may be somebody else's, so more tests do not make the scatter better known
        return ScatterPrior(max(PRIOR_SIGMA, pooled))


def together(several: Iterable[PaperTests]) -> PaperTests:
    """The tests of several runs of one person."""
    squares = dof = rounding = 0.0
    tests = 0
    for one in several:
        squares += one.squares
        dof += one.dof
        rounding += one.rounding
        tests += one.tests
    return PaperTests(squares, dof, rounding, tests)
