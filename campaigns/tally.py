"""Counts the comparisons with the truth: coverage and errors of each estimate, wrong verdicts of each check."""

import math
from collections.abc import Sequence
from statistics import fmean

from campaigns.comparison import ComparedEstimate
from campaigns.judgement import Judged
from campaigns.report import Table

EVERY = "all"
LEAST = 0.93
"""Coverage of intervals that claim 95 %."""
RISK = 0.05
"""Risk, for each estimate, of reporting a coverage of LEAST as less than that."""


class Tally:
    """Grows by one calibration at a time."""

    COLUMNS = (
        "profile",
        "estimate",
        "n",
        "inside",
        "",
        "mean error",
        "rms error",
        "largest error",
        "half-width",
        "unit",
    )

    def __init__(self) -> None:
        self._compared: dict[tuple[str, str], list[ComparedEstimate]] = {}
        self._judged: dict[str, list[Judged]] = {}
        self.profiles: list[str] = []
        """The profiles that have runs."""

    def add(self, profile: str, compared: Sequence[ComparedEstimate], judged: Sequence[Judged]) -> None:
        """Add one calibration."""
        if profile not in self.profiles:
            self.profiles.append(profile)
        for one in compared:
            for group in (EVERY, profile):
                self._compared.setdefault((group, one.name), []).append(one)
        for verdict in judged:
            self._judged.setdefault(verdict.check, []).append(verdict)

    def rows(self) -> list[tuple[str, ...]]:
        """A row for each estimate, all profiles together first."""
        names = list(dict.fromkeys(name for _, name in self._compared))
        return [
            _row(group, name, self._compared[group, name])
            for group in (EVERY, *self.profiles)
            for name in names
            if (group, name) in self._compared
        ]

    def too_low(self) -> list[str]:
        """The estimates, all profiles together, whose coverage is significantly below LEAST."""
        found = []
        for (group, name), compared in self._compared.items():
            inside = sum(one.inside for one in compared)
            if group == EVERY and compared[0].claimed and at_most(inside, len(compared), LEAST) < RISK:
                found.append(name)
        return found

    def verdict_table(self) -> Table:
        """How often each check had which verdict, and how often that was wrong."""
        levels = ("pass", "warn", "fail", "unknown")
        rows = []
        for check, judged in self._judged.items():
            counts = [str(sum(one.level == level for one in judged)) for level in levels]
            beyond = str(sum(one.good is False for one in judged))
            wrong = [str(sum(one.wrong_pass for one in judged)), str(sum(one.false_alarm for one in judged))]
            rows.append((check, str(len(judged)), beyond, *counts, *wrong))
        return Table(("check", "n", "beyond its limit", *levels, "wrong passes", "false alarms"), rows)

    @property
    def verdicts(self) -> int:
        """All verdicts."""
        return sum(len(judged) for judged in self._judged.values())

    @property
    def undecided(self) -> int:
        """Those that the data do not decide."""
        return sum(one.level == "unknown" for judged in self._judged.values() for one in judged)

    def rms_error(self, name: str) -> float | None:
        """The rms error of an estimate over all profiles (mm); None where there is none."""
        errors = [one.error for one in self._compared.get((EVERY, name), ())]
        return math.sqrt(fmean(error * error for error in errors)) if errors else None

    @property
    def wrong_passes(self) -> int:
        """Those that pass what exceeds its limit."""
        return sum(one.wrong_pass for judged in self._judged.values() for one in judged)

    @property
    def false_alarms(self) -> int:
        """Alarms for what is within its limit."""
        return sum(one.false_alarm for judged in self._judged.values() for one in judged)


def _row(group: str, name: str, compared: Sequence[ComparedEstimate]) -> tuple[str, ...]:
    errors = [one.error for one in compared]
    unit = compared[0].unit
    factor, digits = (1000.0, 3) if "/" in unit else (1000.0, 1) if unit == "mm" else (100.0, 2)
    shown = {"mm": "µm", "mm/°C": "µm/°C", "": "%"}.get(unit, unit)
    inside = sum(one.inside for one in compared)
    widths = [0.5 * (one.high - one.low) for one in compared if one.low is not None and one.high is not None]

    def number(value: float, sign: str = "") -> str:
        return f"{factor * value:{sign}.{digits}f}".replace("-", "−")

    return (
        group,
        name,
        str(len(compared)),
        str(inside),
        f"{inside / len(compared):.0%}".replace("%", " %"),
        number(fmean(errors), "+"),
        number(math.sqrt(fmean(error * error for error in errors))),
        number(max(errors, key=abs), "+"),
        number(fmean(widths)) if widths else "–",
        shown,
    )


def at_most(count: int, of: int, share: float) -> float:
    """The probability of `count` or fewer successes in `of` trials that each succeed with probability `share`."""
    if not 0.0 < share < 1.0:
        return 1.0 if share <= 0.0 or count >= of else 0.0
    # By logarithms: the binomial coefficients of some thousand trials exceed a float
    whole = math.lgamma(of + 1)
    return math.fsum(
        math.exp(
            whole
            - math.lgamma(k + 1)
            - math.lgamma(of - k + 1)
            + k * math.log(share)
            + (of - k) * math.log1p(-share)
        )
        for k in range(count + 1)
    )
