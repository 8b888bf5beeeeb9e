"""A claim of the statistics, and how often it was true in simulations."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from campaigns.tally import at_most

CLAIMS_TOGETHER = 200
"""Claims of a campaign, about: with a risk of 2.5 % each, five true ones would be reported in every run."""
RISK = 0.05 / CLAIMS_TOGETHER
"""Risk, for each claim, of reporting it as broken although it is true; 5 % for all of them together."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One simulation: whether what the claim counts happened, whether the data did not decide, and what it cost."""

    hit: bool
    undecided: bool | None = None
    cost: float | None = None
    half_width: float | None = None
    """Of the interval, mm."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What is claimed: in simulations under `condition`, `counted` happens in at most (`nominal`) or, where `least`, at
    least that share. Without `nominal` the share is shown and nothing is claimed."""

    quantity: str
    condition: str
    counted: str
    nominal: float | None
    simulate: Callable[[np.random.Generator], Tried]
    least: bool = False
    cost_unit: str = ""
    share_of_runs: float = 1.0
    """Slow simulations take fewer runs, a tenth at least."""


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """A claim after its simulations."""

    claim: Claim
    tried: tuple[Tried, ...]

    COLUMNS = (
        "quantity",
        "condition",
        "n",
        "counted",
        "nominal",
        "measured",
        "undecided",
        "half-width",
        "cost",
    )

    @property
    def hits(self) -> int:
        """How often what is counted happened."""
        return sum(one.hit for one in self.tried)

    @property
    def broken(self) -> bool:
        """Whether the share differs significantly from what is claimed, on the wrong side."""
        claim, count = self.claim, len(self.tried)
        if claim.nominal is None:
            return False
        if claim.least:
            return at_most(self.hits, count, claim.nominal) < RISK
        return at_most(count - self.hits, count, 1.0 - claim.nominal) < RISK

    def row(self) -> tuple[str, ...]:
        """Its row, in the order of COLUMNS."""
        claim = self.claim
        nominal = "–"
        if claim.nominal is not None:
            nominal = f"{'≥' if claim.least else '≤'} {_percent(claim.nominal)}"
        undecided = [one.undecided for one in self.tried if one.undecided is not None]
        widths = [one.half_width for one in self.tried if one.half_width is not None]
        costs = [one.cost for one in self.tried if one.cost is not None]
        return (
            claim.quantity,
            claim.condition,
            str(len(self.tried)),
            claim.counted,
            nominal,
            _percent(self.hits / len(self.tried)),
            _percent(sum(undecided) / len(undecided)) if undecided else "–",
            f"{1000.0 * sum(widths) / len(widths):.1f} µm" if widths else "–",
            f"{sum(costs) / len(costs):.1f} {claim.cost_unit}" if costs else "–",
        )


def _percent(share: float) -> str:
    return f"{100.0 * share:.1f}".removesuffix(".0") + " %"
