"""The range of a series of normal values with σ 1 whose means are `offsets`; in units of σ."""

import math
from collections.abc import Iterator, Sequence

REACH = 10.0
STEPS = 2000


def range_exceeds(width: float, offsets: Sequence[float]) -> float:
    """The probability that the range exceeds `width`."""
    total = 0.0
    for x, dx in _places(offsets):
        inside = [_cdf(x + width - offset) - _cdf(x - offset) for offset in offsets]
        # One of them is the lowest, the others are at most `width` above it
        for lowest, offset in enumerate(offsets):
            density = math.exp(-((x - offset) ** 2) / 2.0)
            total += density * dx * math.prod(inside[:lowest] + inside[lowest + 1 :])
    return max(0.0, 1.0 - total / math.sqrt(2.0 * math.pi))


def expected_range(offsets: Sequence[float]) -> float:
    """The mean range."""
    return math.fsum(
        dx
        * (
            1.0
            - math.prod(_cdf(x - offset) for offset in offsets)
            - math.prod(1.0 - _cdf(x - offset) for offset in offsets)
        )
        for x, dx in _places(offsets)
    )


def _places(offsets: Sequence[float]) -> Iterator[tuple[float, float]]:
    low, high = min(offsets) - REACH, max(offsets) + REACH
    dx = (high - low) / STEPS
    for number in range(STEPS):
        yield low + (number + 0.5) * dx, dx


def _cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))
