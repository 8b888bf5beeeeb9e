"""Makes zcal_tui/stats/sigma_table.py: the critical shares of sigma's posterior, by simulation.

Run as `python tests/unit/stats/make_sigma_table.py > zcal_tui/stats/sigma_table.py`; takes a quarter of an hour.

For every number of samples n and every true ratio r = sigma / step it draws series with the mean anywhere against the
steps, asks the posterior for its share below r, and finds the two shares outside of which 5 % of the series lie: as
near to 2.5 % above as the lumps of probability allow, the rest below.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from zcal_tui.stats.noise import FINE_FROM, SMALLEST_RATIO, noise_evidence

FloatArray = NDArray[np.float64]
Pattern = tuple[int, ...]

COUNTS = (5, 6, 7, 8, 9, 10, 12, 14, 15, 17, 19, 20, 22, 25, 29, 30, 34, 39, 40, 60)
RANGES = ((SMALLEST_RATIO, 0.2, 22), (0.2, 1.1, 80))
RATIOS = np.concatenate([np.geomspace(*RANGES[0], endpoint=False), np.geomspace(*RANGES[1])])
DRAWS = 40_000
ERROR = 0.05
SLACK = 0.01
"""How much more than the error rate may be cut off where a lump leaves no better choice."""


def pattern(levels: NDArray[np.int64]) -> Pattern:
    """Readings per level, turned so that mirror images are the same."""
    counts = tuple(int(c) for c in np.bincount(levels - levels.min()))
    return min(counts, counts[::-1])


def patterns(levels: NDArray[np.int64]) -> list[Pattern]:
    """The pattern of every row; rows that scatter too far for rounding to matter are known by their squares alone."""
    squares = levels.shape[1] * (levels**2).sum(axis=1) - levels.sum(axis=1) ** 2
    variances = squares / (levels.shape[1] * (levels.shape[1] - 1))
    representative: dict[int, Pattern] = {}
    found = []
    for row, square, variance in zip(levels, squares, variances, strict=True):
        if variance <= FINE_FROM**2:
            found.append(pattern(row))
            continue
        if square not in representative:
            representative[square] = pattern(row)
        found.append(representative[square])
    return found


def shares_below(counts: Pattern) -> FloatArray:
    """The posterior's share below every ratio, for readings with these counts per level."""
    readings = np.repeat(np.arange(len(counts), dtype=np.float64), counts)
    evidence = noise_evidence(readings.tolist(), dof=len(readings) - 1, step=1.0)
    shares: FloatArray = np.interp(np.log(RATIOS), np.log(evidence.sigma), evidence.cdf, left=0.0, right=1.0)
    return shares


def cut(shares: FloatArray, target: float, most: float) -> tuple[float, float]:
    """Where to cut off about `target` of the shares at their low end, and how much that is.

    Equal shares are one lump, cut off only if at least half of it is within the target and no more than `most` goes.
    """
    values, lumps = np.unique(shares, return_counts=True)
    weights = lumps / len(shares)
    before = np.cumsum(weights) - weights
    off = (before + 0.5 * weights <= target) & (before + weights <= most)
    count = int(off.argmin()) if not off.all() else len(off) - 1
    if count == 0:
        return 0.0, 0.0
    return 0.5 * float(values[count - 1] + values[count]), float(weights[:count].sum())


def critical_shares(n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Lower and upper critical shares for every ratio."""
    noise = rng.standard_normal((DRAWS, n))
    phase = rng.random((DRAWS, 1))
    known: dict[Pattern, FloatArray] = {}
    low, high = np.zeros(len(RATIOS)), np.ones(len(RATIOS))
    for i, ratio in enumerate(RATIOS):
        drawn = patterns(np.floor(ratio * noise + phase).astype(np.int64))
        for counts in set(drawn) - known.keys():
            known[counts] = shares_below(counts)
        shares = np.array([known[counts][i] for counts in drawn])
        above, cut_off = cut(1.0 - shares, 0.5 * ERROR, ERROR)
        high[i] = 1.0 - above
        low[i], _ = cut(shares, ERROR - cut_off, ERROR + SLACK - cut_off)
    return low, high


def _digits(name: str, values: FloatArray) -> str:
    """A string literal in lines of at most 110 characters, each share as a number of ten-thousandths."""
    words = [str(round(10_000 * value)) for value in values]
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) + 1 > 90:
            lines.append(line)
            line = ""
        line += word + " "
    lines.append(line.rstrip())
    return "\n".join([f"        (  # {name}", *(f'            "{text}"' for text in lines), "        ),"])


def main() -> None:
    rng = np.random.default_rng(20261120)
    print(
        '"""Critical shares of sigma\'s posterior. Made by tests/unit/stats/make_sigma_table.py; see `calibration`."""'
    )
    print("\nCOUNTS = " + repr(COUNTS))
    print(f"RATIO_RANGES = {RANGES}")
    print(
        "\n# For each count: the lower critical shares and one minus the upper ones, in ten-thousandths, by ratio."
    )
    print("CRITICAL_SHARES: tuple[tuple[str, str], ...] = (")
    for n in COUNTS:
        print(f"calibrating {n} samples", file=sys.stderr)
        low, high = critical_shares(n, rng)
        print("    (")
        print(_digits(f"{n} samples, lower", low))
        print(_digits(f"{n} samples, upper", 1.0 - high))
        print("    ),", flush=True)
    print(")")


if __name__ == "__main__":
    main()
