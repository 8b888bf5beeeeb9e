"""The verdict on z_offsets at places, and which rounds of an interrupted run are reused."""

import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from zcal_tui.checks.bias import BiasParameters
from zcal_tui.checks.bias.analysis import BiasReport, phrase, trigger_height
from zcal_tui.checks.bias.resume import finished_rounds
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, VerdictReached
from zcal_tui.model.record import Level, Record, Sample
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.places import Place, place_at
from zcal_tui.printer.state import PrinterState

PROBE = ProbeConfig("probe", "probe")
PLACES = tuple(
    place_at(name, bed, PROBE)
    for name, bed in (
        ("front left", (20.0, 20.0)),
        ("front right", (220.0, 20.0)),
        ("back right", (220.0, 220.0)),
        ("back left", (20.0, 220.0)),
    )
)


def report(true: list[float], rounds: int, sigma: float = 0.003, **parameters: object) -> BiasReport:
    made = BiasReport(BiasParameters(**parameters), PLACES, 0.00125)  # type: ignore[arg-type]
    draws = np.random.default_rng(3)
    for turn in range(1, rounds + 1):
        drift = 0.01 * turn
        for place, height in zip(PLACES, true, strict=True):
            made.add(place, turn, 1.5 + height + drift + sigma * float(draws.standard_normal()))
    return made


def verdict(made: BiasReport) -> tuple[VerdictReached, list[str]]:
    events = list(made.conclusion())
    assert isinstance(events[0], EstimateUpdated)
    assert isinstance(events[1], VerdictReached)
    return events[1], [event.text for event in events[2:] if isinstance(event, AdviceGiven)]


def test_a_probe_without_bias_passes_and_ends_early() -> None:
    made = report([0.0, 0.001, 0.0, -0.001], rounds=4)
    reached, advice = verdict(made)
    assert reached.verdict.level is Level.PASS
    assert "25 µm" in reached.verdict.reasons[0]
    assert made.further() == 0
    assert advice == []


def test_a_biased_probe_fails_and_the_direction_and_places_are_named() -> None:
    reached, advice = verdict(report([0.0, 0.08, 0.08, 0.0], rounds=2))
    assert reached.verdict.level is Level.FAIL
    assert re.search("highest at the (front|back) right", reached.verdict.reasons[0])
    assert any("towards the right" in text for text in advice)
    assert any("Bed_Level" in text for text in advice)


def test_one_place_that_differs_is_named() -> None:
    _, advice = verdict(report([0.0, 0.0, 0.0, -0.09], rounds=2))
    assert any("smaller at the back left" in text for text in advice)


def test_a_twist_is_named() -> None:
    _, advice = verdict(report([0.04, -0.04, 0.04, -0.04], rounds=2))
    assert any("opposite corners" in text for text in advice)


def test_data_that_do_not_decide_ask_for_more_tests_and_shape_nothing() -> None:
    made = report([0.0, 0.012, 0.012, 0.0], rounds=2, sigma=0.008)
    reached, advice = verdict(made)
    assert reached.verdict.level is Level.UNKNOWN
    assert 1 <= made.further() <= 4
    assert len(advice) == 1
    assert re.search(
        r"About \d+ tests in \d+ rounds decide, by these numbers\. Repeat with --max-tests", advice[0]
    )


def test_the_cap_is_kept() -> None:
    assert report([0.0, 0.02, 0.02, 0.0], rounds=4, sigma=0.01, max_rounds=4).further() == 0


def test_rounds_keep_their_numbers_where_places_are_left_out() -> None:
    """A round that measures other places than the one before is a round of its own."""
    made = report([0.0, 0.012, 0.012, 0.020], rounds=2, sigma=0.008)
    for turn, pair in ((3, PLACES[:2]), (4, PLACES[2:])):
        for place in pair:
            made.add(place, turn, 1.5)
    assert made.rounds == 4


def test_the_tests_to_come_are_those_of_the_open_places() -> None:
    made = report([0.0, 0.012, 0.012, 0.020], rounds=2, sigma=0.008)
    assert 2 <= made.further_tests() <= made.tests_left == 13
    assert 2 <= len(made.upcoming()) <= 4
    assert report([0.0, 0.08, 0.08, 0.0], rounds=2).further_tests() == 0


def test_at_least_as_many_rounds_as_asked_for() -> None:
    made = BiasReport(BiasParameters(rounds=5, max_rounds=3), PLACES, 0.00125)
    assert (made.further(), made.cap) == (5, 5)
    for place in PLACES:
        made.add(place, 1, 1.5)
    assert made.further() == 4


def test_every_place_has_its_estimate() -> None:
    made = report([0.0, 0.01, 0.0, 0.0], rounds=2)
    updated = next(event for event in made.conclusion() if isinstance(event, EstimateUpdated))
    assert set(updated.estimates) == {
        "spread",
        "z_offset@20,20",
        "z_offset@220,20",
        "z_offset@220,220",
        "z_offset@20,220",
    }
    found = updated.estimates["z_offset@220,20"]
    assert found.low is not None
    assert found.high is not None
    # The rounds drift by 10 µm each; their mean is 15 µm
    assert found.low < 1.525 < found.high
    spread = updated.estimates["spread"]
    assert spread.low is not None
    assert spread.high is not None
    assert spread.low <= 0.01 <= spread.high


def test_nothing_is_concluded_from_one_round() -> None:
    assert list(report([0.0] * 4, rounds=1).conclusion()) == []


def test_an_outlier_does_not_move_a_trigger_height() -> None:
    assert trigger_height([1.5, 1.501, 1.499, 1.45, 1.5]) == 1.5


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("front left", "at the front left"),
        ("centre", "in the centre"),
        ("near A", "near A"),
        ("opposite C", "opposite C"),
        ("30,40", "at 30,40"),
        ("-30,40", "at -30,40"),
    ],
)
def test_places_in_words(name: str, words: str) -> None:
    assert phrase(Place(name, (0.0, 0.0), (0.0, 0.0))) == words


NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
HOMED = PrinterState(settings={"probe": {"x_offset": 0.0, "y_offset": 0.0}}, homed_axes="xyz")


def interrupted(rounds: int, *, half: bool = False, **fields: object) -> Record:
    samples: list[Sample] = []
    for turn in range(1, rounds + 1 + half):
        for place in PLACES:
            heights = (1.499, 1.5, 1.501)
            samples += [
                Sample(0, 0.0, *place.toolhead, height, place=place.name, round=turn) for height in heights
            ]
        felt = PLACES[:1] if turn > rounds else PLACES
        samples += [
            Sample(0, 0.0, *place.bed, 0.1 * turn, kind="paper", place=place.name, round=turn)
            for place in felt
        ]
    values: dict[str, object] = {
        "started": (NOW - timedelta(hours=1)).isoformat().replace("+00:00", "Z"),
        "parameters": {"touches": 3},
        "context": {"config": {"probe": {"x_offset": 0.0, "y_offset": 0.0}}},
        **fields,
    }
    return Record("id", "bias", {}, samples=tuple(samples), **values)  # type: ignore[arg-type]


def test_finished_rounds_are_taken_over_and_the_broken_one_is_not() -> None:
    finished, why = finished_rounds(interrupted(2, half=True), BiasParameters(touches=3), PLACES, HOMED, NOW)
    assert why == ""
    assert [one.number for one in finished] == [1, 2]
    assert len(finished[0].samples) == 16
    assert [value for _, value in finished[1].z_offsets] == pytest.approx([1.3] * 4)


@pytest.mark.parametrize(
    ("record", "touches", "places", "state", "words"),
    [
        (interrupted(2, started="2026-04-30T20:00:00Z"), 3, PLACES, HOMED, "too old"),
        (interrupted(2), 3, PLACES, PrinterState(settings=HOMED.settings, homed_axes="xy"), "homed"),
        (interrupted(2), 5, PLACES, HOMED, "another number of samples"),
        (interrupted(0, half=True), 3, PLACES, HOMED, "no round"),
        (interrupted(2), 3, (*PLACES, place_at("centre", (120.0, 120.0), PROBE)), HOMED, "no round"),
        (interrupted(2), 3, (place_at("front left", (30.0, 30.0), PROBE), *PLACES[1:]), HOMED, "no round"),
        (
            interrupted(2, context={"config": {"probe": {"x_offset": 5.0, "y_offset": 0.0}}}),
            3,
            PLACES,
            HOMED,
            "offsets have changed",
        ),
        (interrupted(2, context={}), 3, PLACES, HOMED, "offsets have changed"),
    ],
)
def test_what_no_longer_holds_is_not_taken_over(
    record: Record, touches: int, places: tuple[Place, ...], state: PrinterState, words: str
) -> None:
    finished, why = finished_rounds(record, BiasParameters(touches=touches), places, state, NOW)
    assert finished == []
    assert words in why


def test_a_z_offset_that_was_saved_since_does_not_shift_the_rounds() -> None:
    """Else the nozzle would be brought down to 1 mm above a bed that is expected too low."""
    probe = {"x_offset": 0.0, "y_offset": 0.0, "z_offset": 0.0}
    record = interrupted(2, context={"config": {"probe": probe}})
    record = replace(record, samples=tuple(replace(s, bed_z=s.trigger_z) for s in record.samples))
    state = replace(HOMED, settings={"probe": {**probe, "z_offset": 2.3}})
    finished, why = finished_rounds(record, BiasParameters(touches=3), PLACES, state, NOW)
    assert why == ""
    assert [value for _, value in finished[1].z_offsets] == pytest.approx([1.3] * 4)


@pytest.mark.parametrize("then", [None, {"z_compensations": [0.0, 0.0, 0.0]}])
def test_rounds_with_another_axis_twist_compensation_are_not_taken_over(then: object) -> None:
    config = {"probe": {"x_offset": 0.0, "y_offset": 0.0}, "axis_twist_compensation": then}
    now = {**HOMED.settings, "axis_twist_compensation": {"z_compensations": (0.05, 0.0, -0.05)}}
    finished, why = finished_rounds(
        interrupted(2, context={"config": config}),
        BiasParameters(touches=3),
        PLACES,
        replace(HOMED, settings=now),
        NOW,
    )
    assert finished == [] and "twist compensation has changed" in why
    same = {**HOMED.settings, "axis_twist_compensation": {"z_compensations": (0.0, 0.0, 0.0)}}
    finished, why = finished_rounds(
        interrupted(2, context={"config": config}),
        BiasParameters(touches=3),
        PLACES,
        replace(HOMED, settings=same),
        NOW,
    )
    assert (why == "") is (then is not None)


def test_a_bias_along_one_axis_is_a_twist() -> None:
    twist = report([0.0, 0.09, 0.09, 0.0], 4).twist()
    assert twist is not None
    assert twist.axis == "x"
    assert twist.size == pytest.approx(0.09, abs=0.01)
    assert report([0.0, 0.0, 0.0, 0.0], 4).twist() is None
    corner = report([0.0, 0.0, 0.12, 0.0], 4).twist()
    assert corner is None


def test_a_place_counts_in_a_twist_by_how_often_it_was_measured() -> None:
    made = BiasReport(BiasParameters(), PLACES, 0.0)
    for turn in range(1, 7):
        for number, place in enumerate(PLACES):
            if turn <= 2 or number in (0, 1):  # the front is measured six times, the back twice
                spread = 0.001 * (-1) ** (turn + number)
                made.add(place, turn, 1.5 + (0.0, 0.09, 0.07, 0.0)[number] + spread)
    twist = made.twist()
    assert twist is not None and twist.axis == "x"
    # As precise, both would lead to 0.08; the front's difference has a third of the back's variance
    assert twist.size == pytest.approx(0.085, abs=0.0015)


@pytest.mark.slow
def test_the_precision_of_places_makes_a_twist_more_exact() -> None:
    """Root mean square errors (mm) of the proposed size, by it and with all places alike."""
    rng = np.random.default_rng(6)
    weighted, alike = [], []
    for _ in range(200):
        size = float(rng.uniform(0.035, 0.08))
        made = BiasReport(BiasParameters(), PLACES, 0.00125)
        while made.further() > 0:
            turn, upcoming = made.rounds + 1, made.upcoming()
            for number, place in enumerate(PLACES):
                if place in upcoming:
                    true = size * (0.0, 1.0, 1.0, 0.0)[number]
                    made.add(place, turn, 1.5 + true + 0.010 * float(rng.standard_normal()))
        twist = made.twist()
        estimates = next(event for event in made.conclusion() if isinstance(event, EstimateUpdated)).estimates
        at = [estimates[f"z_offset@{place.bed[0]:g},{place.bed[1]:g}"].value or math.nan for place in PLACES]
        if twist is not None and twist.axis == "x":
            weighted.append(twist.size - size)
            alike.append((at[1] + at[2] - at[0] - at[3]) / 2 - size)
    assert len(weighted) > 150
    by_precision, all_alike = (float(np.sqrt(np.mean(np.square(errors)))) for errors in (weighted, alike))
    print(f"by precision {by_precision:.4f}, all alike {all_alike:.4f}")
    assert by_precision < 0.97 * all_alike
