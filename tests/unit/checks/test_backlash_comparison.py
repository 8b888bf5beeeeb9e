"""Places compared from readings, some of whose pairs are outliers."""

import dataclasses

import numpy as np
import pytest

from zcal_tui.checks.backlash.analysis import BacklashReport
from zcal_tui.checks.backlash.comparison import ComparedVisits, compare_visits
from zcal_tui.checks.backlash.instrument import InstrumentProperties, Pair, Reading
from zcal_tui.model.events import AdviceGiven, VerdictReached
from zcal_tui.printer.places import Place

STEP = 0.00125
KNOWN = InstrumentProperties(2 * STEP, upper_bound_only=False, method="Measured by release.")
NAMES = ("left", "right", "back")


def readings(outliers: dict[tuple[str, int, int], float]) -> dict[str, list[Reading]]:
    """Five visits of four pairs to each place, which lose 20 µm, and some pairs that are off: place, visit, pair."""
    rng = np.random.default_rng(7)
    return {
        name: [
            Reading.of(
                [
                    Pair(
                        0.02 + float(rng.normal(0.0, 0.002)) + outliers.get((name, visit, pair), 0.0),
                        float(rng.normal(2.0, 0.002)) - outliers.get((name, visit, pair), 0.0),
                    )
                    for pair in range(4)
                ]
            )
            for visit in range(5)
        ]
        for name in NAMES
    }


def compared(outliers: dict[tuple[str, int, int], float]) -> ComparedVisits:
    found = compare_visits(readings(outliers), 2 * STEP, STEP)
    assert found is not None
    return found


OFF = {("left", 0, 1): -0.05, ("left", 3, 2): -0.05, ("back", 2, 0): -0.05}


def test_outliers_neither_shift_the_mean_nor_widen_it() -> None:
    clean, found = compared({}), compared(OFF)
    assert clean.left_out is None
    assert found.left_out is not None
    assert found.left_out.count == 3 and found.left_out.pairs == 60
    assert found.left_out.places == {"left": 2, "back": 1}
    assert found.left_out.farthest == pytest.approx(0.05, abs=0.006)
    mean, before = found.places.mean, clean.places.mean
    assert mean.value == pytest.approx(before.value, abs=0.0005)
    assert (
        mean.high is not None and mean.low is not None and before.high is not None and before.low is not None
    )
    assert mean.high - mean.low < 1.2 * (before.high - before.low)
    assert found.places.upper_bound > 0.02


def test_outliers_do_not_count_as_what_averages_rounding_out() -> None:
    step = 0.004
    quiet = {
        name: [dataclasses.replace(one, pairs=tuple(Pair(0.02, 2.0) for _ in one.pairs)) for one in several]
        for name, several in readings({}).items()
    }
    still = {name: [Reading.of(one.pairs) for one in several] for name, several in quiet.items()}
    apart = {name: list(several) for name, several in still.items()}
    apart["left"][0] = Reading.of([Pair(-0.03, 2.05), *still["left"][0].pairs[1:]])
    alone, with_outlier = compare_visits(still, 2 * step, step), compare_visits(apart, 2 * step, step)
    assert alone is not None and with_outlier is not None and with_outlier.left_out is not None
    assert with_outlier.places.mean == alone.places.mean


@pytest.mark.parametrize(
    ("outliers", "words"),
    [
        ({("left", 0, 1): -0.05}, "1 of 60 pairs is an outlier"),
        (OFF, "3 of 60 pairs are outliers"),
    ],
)
def test_the_verdict_names_them_and_the_probe(
    outliers: dict[tuple[str, int, int], float], words: str
) -> None:
    places = tuple(Place(name, (float(n), 0.0), (float(n), 0.0)) for n, name in enumerate(NAMES))
    report = BacklashReport(places, KNOWN, STEP)
    for name, several in readings(outliers).items():
        for reading in several:
            report.add(places[NAMES.index(name)], reading)
    events = list(report.conclusion())
    (verdict,) = (event.verdict for event in events if isinstance(event, VerdictReached))
    assert [reason for reason in verdict.reasons if words in reason and "left out" in reason]
    assert any("come from the probe" in event.text for event in events if isinstance(event, AdviceGiven))
