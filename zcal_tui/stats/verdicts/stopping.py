"""When a series is long enough: looks at planned numbers of samples, with one error rate shared by all of them.

The question is how often a series of ten samples spans more than the limit. A probe is *fit* if that happens in fewer
than `limits.FIT_SHARE` of series, *unfit* if it happens in more than `limits.UNFIT_SHARE`; between, it is neither. The
documentation judges one series, and one series of a probe cannot show more than "usually" and "hardly ever".

At each look the probe passes if the data rule out that it is unfit and the estimate says fit. It fails if they rule
out that it is fit, the estimate says unfit, and ten samples in a row have exceeded the limit. A wrong verdict is a pass
for an unfit probe or a failure for a fit one.

Look j may be wrong with probability e_j, and the e_j add up to the plan's error rate, so the probability of a wrong
verdict at any look is at most that. The share spent up to n of N samples is n / N.

Five samples can pass a probe that is far better than needed. They cannot fail one: below `effects.MIN_SAMPLES` an
outlier cannot be distinguished from scatter. Below `NAMED_BY` two outliers are too many to be named, so a failure needs
a range above the limit without them. Where the first sample is off, the series starts again (`restarted`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from zcal_tui.model import limits
from zcal_tui.stats.effects import MIN_SAMPLES
from zcal_tui.stats.repeatability import Repeatability
from zcal_tui.stats.two_states import TwoStates

Suitability = Literal["fit", "marginal", "unfit", "undecided"]
Outcome = Literal["pass", "fail", "continue", "cap"]

DEFAULT_LOOKS = (5, 8, 12, 15, 20, 30, 40)
ADAPTIVE_ERROR_RATE = 0.02
"""Of a plan with several looks."""
STARTS, START_SAMPLES = 4, 4
"""How often, and with how many samples each time, a series starts again where its first sample was off."""
MOST_RESTARTED = 30
"""Samples in all, where a series has started again."""
NAMED_BY = 15
"""Samples of which two may be named as outliers. With fewer, a failure does not rest on two of them."""
THOROUGH_SAMPLES = 60
"""Without an outlier in so many samples, outliers are rarer than 5 % (95 %)."""


@dataclass(frozen=True, slots=True)
class StoppingPlan:
    """At which numbers of samples to look, and what may be concluded there. The last look is the cap.

    `precision`, if given, is the relative half-width of sigma's interval to continue to after the verdict is clear.
    ValueError where the looks do not ascend from at least two samples, or a share or rate is not between 0 and 1.
    """

    looks: tuple[int, ...] = DEFAULT_LOOKS
    error_rate: float = ADAPTIVE_ERROR_RATE
    fit_below: float = field(default_factory=lambda: limits.FIT_SHARE.value)
    unfit_above: float = field(default_factory=lambda: limits.UNFIT_SHARE.value)
    precision: float | None = None

    def __post_init__(self) -> None:
        if (
            not self.looks
            or self.looks[0] < 2
            or any(b <= a for a, b in zip(self.looks, self.looks[1:], strict=False))
        ):
            raise ValueError("looks must be ascending numbers of samples, the first at least two")
        if not 0.0 < self.error_rate < 1.0:
            raise ValueError("the error rate must lie between 0 and 1")
        if not 0.0 < self.fit_below < self.unfit_above < 1.0:
            raise ValueError(
                "the share that is fit must be below the share that is unfit, both between 0 and 1"
            )
        if self.precision is not None and self.precision <= 0.0:
            raise ValueError("the precision must be positive")

    @classmethod
    def fixed(cls, samples: int, error_rate: float = 0.05) -> StoppingPlan:
        """Exactly `samples` samples: one look, at the end."""
        return cls((samples,), error_rate)

    @property
    def cap(self) -> int:
        """The largest number of samples."""
        return self.looks[-1]

    def error_at(self, n: int) -> float:
        """The error rate of the look at `n` samples; between looks, that of the look before (or of the first)."""
        position = max([i for i, look in enumerate(self.looks) if look <= n], default=0)
        before = self.looks[position - 1] if position else 0
        return self.error_rate * (self.looks[position] - before) / self.cap

    @staticmethod
    def starts_after(n: int) -> int:
        """How often a series of `n` samples starts again: at least once, and within MOST_RESTARTED if it can."""
        return max(1, min(STARTS, (MOST_RESTARTED - n) // START_SAMPLES))

    def restarted(self, n: int) -> StoppingPlan:
        """The plan of a series that starts again after `n` samples; what was spent up to there stays spent. At the cap
        the last look's share is left: it gave no verdict."""
        starts = n + self.starts_after(n) * START_SAMPLES
        most = max(starts, MOST_RESTARTED)
        spent = self.error_rate * max((look for look in self.looks[:-1] if look <= n), default=0) / self.cap
        looks = (starts,) if most == starts else (starts, most)
        return replace(self, looks=looks, error_rate=self.error_rate - spent)

    def next_look(self, n: int) -> int | None:
        """The next look after `n` samples; None at the cap."""
        return next((look for look in self.looks if look > n), None)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to continue. `low` and `high` bound the share of series over the limit at this look's error rate.

    "cap": the samples are used up and the data do not decide. `why` is a sentence for a person.
    """

    outcome: Outcome
    suitability: Suitability
    why: str
    n: int
    next_look: int | None
    error: float
    low: float
    high: float


def normal_range(result: Repeatability) -> float:
    """The range (mm) of ten samples that is normal for this printer."""
    return max(result.step, limits.NORMAL_RANGE.value)


def notable_states(result: Repeatability) -> TwoStates | None:
    """The two heights between which the probe changes; None where it has one, or they are no farther apart than is
    normal."""
    states = result.states
    return states if states is not None and states.apart > normal_range(result) else None


def suitability_of(result: Repeatability, plan: StoppingPlan) -> tuple[Suitability, float, float]:
    """Whether the probe is fit, at the error rate of the look at this number of samples, with the bounds that decide.

    "marginal": the estimate lies between fit and unfit, and the data rule out at least one of the two.
    """
    low, high = result.exceed_bounds(plan.error_at(result.n))
    share = result.exceed.value
    not_unfit = high < plan.unfit_above
    not_fit = low > plan.fit_below
    if not_unfit and share < plan.fit_below:
        return "fit", low, high
    # The shares assume normal noise. What has never exceeded the limit does not fail by an assumption
    if result.stays_within and notable_states(result) is not None:
        return "marginal", low, high
    if not_fit and share > plan.unfit_above:
        few = result.n < MIN_SAMPLES or (result.n < NAMED_BY and result.range_of_most <= result.limit)
        unknown = result.stays_within or (few and plan.next_look(result.n) is not None)
        return ("undecided" if unknown else "unfit"), low, high
    if (not_unfit or not_fit) and plan.fit_below <= share <= plan.unfit_above:
        return "marginal", low, high
    return "undecided", low, high


def decide(result: Repeatability, plan: StoppingPlan) -> Decision:
    """Whether the series may stop at `result.n` samples. Between looks it always continues."""
    suitability, low, high = suitability_of(result, plan)
    upcoming = plan.next_look(result.n)
    error = plan.error_at(result.n)

    def decision(outcome: Outcome, why: str) -> Decision:
        return Decision(outcome, suitability, why, result.n, upcoming, error, low, high)

    if result.n not in plan.looks and upcoming is not None:
        return decision("continue", f"The next decision is at {upcoming} samples.")
    clear: dict[Suitability, Outcome] = {"fit": "pass", "unfit": "fail"}
    outcome = clear.get(suitability, "cap")
    if suitability == "marginal" and notable_states(result) is not None:
        return decision("cap", f"{result.n} samples show two heights. More of them do not change that.")
    limit = f"{result.limit * 1000:g} µm"
    if outcome == "cap":
        if upcoming is not None:
            return decision(
                "continue",
                f"{result.n} samples do not decide yet. The next decision is at {upcoming} samples.",
            )
        return decision(
            "cap", f"{result.n} samples, as planned, do not decide whether the range stays within {limit}."
        )
    if upcoming is not None and plan.precision is not None:
        width = result.sigma.relative_half_width()
        if width is None or width > plan.precision:
            return decision(
                "continue", f"The verdict is clear. More samples bring sigma within ±{plan.precision:.0%}."
            )
    word = "stays within" if outcome == "pass" else "exceeds"
    return decision(outcome, f"{result.n} samples are enough: the range of ten usually {word} {limit}.")
