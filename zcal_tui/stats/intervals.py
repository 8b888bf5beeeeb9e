"""An estimate with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and the interval that covers the truth with probability `confidence`.

    `low` or `high` is None where the data bound the truth from one side only. `components` lists what the
    interval's half-width is made of, by name, as standard uncertainties in the unit of the value.
    """

    value: float
    low: float | None
    high: float | None
    confidence: float
    components: dict[str, float] = field(default_factory=dict)

    def covers(self, truth: float) -> bool:
        """Whether the interval contains `truth`; an open side contains everything on that side."""
        return (self.low is None or self.low <= truth) and (self.high is None or truth <= self.high)

    def negated(self) -> Interval:
        """The interval of the value with the other sign."""
        low = None if self.high is None else -self.high
        high = None if self.low is None else -self.low
        return Interval(-self.value, low, high, self.confidence, self.components)

    def shifted(self, by: float) -> Interval:
        """The interval of the value plus a number that is exactly known."""
        low = None if self.low is None else self.low + by
        high = None if self.high is None else self.high + by
        return Interval(self.value + by, low, high, self.confidence, self.components)

    def relative_half_width(self) -> float | None:
        """Half the interval's width over its value; None where it is one-sided or the value is zero."""
        if self.low is None or self.high is None or self.value == 0.0:
            return None
        return (self.high - self.low) / (2.0 * abs(self.value))
