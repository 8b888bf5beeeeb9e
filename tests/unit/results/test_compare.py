"""Comparison of two runs: what differs, and whether significantly."""

import random
from pathlib import Path

import pytest

from tests.unit.fakes import records
from zcal_tui.model.record import Estimate, Record
from zcal_tui.results.compare import Difference, compare, difference_interval
from zcal_tui.results.find import NotFound, by_id, recent, two
from zcal_tui.results.store import Store
from zcal_tui.results.versions import bed_frame, crossed, faulty, klipper_version


def difference(first: Record, second: Record, name: str) -> Difference:
    return next(d for d in compare(first, second).differences if d.name == name)


def test_a_difference_beyond_both_intervals_is_more_than_chance() -> None:
    found = difference(records.accuracy(1, 0.002), records.accuracy(2, 0.004), "sigma")
    assert found.value == pytest.approx(0.002)
    assert found.significant is True


def test_a_small_one_is_within_chance() -> None:
    assert difference(records.accuracy(1, 0.002), records.accuracy(2, 0.0021), "sigma").significant is False


def test_the_interval_of_a_difference_covers() -> None:
    draw = random.Random(2)
    missed = 0
    for _ in range(2000):
        a, b = draw.gauss(1.0, 0.1), draw.gauss(1.3, 0.2)
        low, high = difference_interval(
            Estimate("x", a, a - 0.196, a + 0.196), Estimate("x", b, b - 0.392, b + 0.392)
        )
        assert low is not None
        assert high is not None
        missed += not low <= 0.3 <= high
    assert missed / 2000 == pytest.approx(0.05, abs=0.015)


def test_an_open_interval_says_what_it_can() -> None:
    bound = Estimate("sigma", 0.0, None, 0.001)
    assert difference_interval(bound, Estimate("sigma", 0.005, 0.004, 0.006))[0] == pytest.approx(
        0.003586, abs=1e-5
    )
    assert difference_interval(bound, Estimate("sigma", 0.005, 0.004, 0.006))[1] is None
    first = records.record("accuracy", estimates={"sigma": bound})
    assert difference(first, records.accuracy(2, 0.005), "sigma").significant is True
    assert difference(records.accuracy(2, 0.0005), first, "sigma").significant is None


def test_an_estimate_that_only_one_run_has_is_named() -> None:
    found = difference(records.accuracy(1), records.record("accuracy", 2), "sigma")
    assert found.value is None
    assert found.note == "only one run has it"
    unknown = records.record("accuracy", 2, estimates={"sigma": Estimate("sigma", None, None, 0.1)})
    assert difference(records.accuracy(1), unknown, "sigma").note == "no value in one run"
    other = records.record("accuracy", 2, estimates={"sigma": Estimate("sigma", 1.0, 1.0, 1.0, unit="s")})
    assert difference(records.accuracy(1), other, "sigma").note == "different units"


def test_settings_and_conditions_are_listed_if_they_differ() -> None:
    warm = records.context({"probe": {"speed": 2.0}}, temperatures={"extruder": 24.9, "heater_bed": 60.0})
    second = records.accuracy(2, context=warm, parameters={"samples": 20})
    found = {c.what: (c.first, c.second) for c in compare(records.accuracy(1), second).context_differences}
    assert found == {
        "heater_bed": ("23 °C", "60 °C"),
        "[probe] speed": ("5", "2"),
        "--samples": ("—", "20"),
    }


def test_config_values_that_matter_to_the_check_come_first() -> None:
    other = records.context(
        {"z_tilt": {"retries": 9}, "probe": {"speed": 2.0}, "bed_mesh": {"mesh_min": [0, 0]}}
    )
    found = [
        c.what for c in compare(records.accuracy(1), records.accuracy(2, context=other)).context_differences
    ]
    assert found[0] == "[probe] speed"
    assert found[1:] == ["[bed_mesh] mesh_min", "[z_tilt] retries"]


def test_klippers_change_of_frame_is_noted_and_heights_are_compared_in_one_frame() -> None:
    old = records.accuracy(1, version="v0.13.0-475-gaaaaaaaaa")
    found = compare(old, records.accuracy(2))
    assert any("v0.13.0-476" in note for note in found.notes)
    assert difference(old, records.accuracy(2), "mean").value == 0.0


def test_with_the_axis_twist_in_one_of_them_heights_are_not_compared() -> None:
    twist = records.context({"axis_twist_compensation": {"calibrate_y": 1}})
    old = records.accuracy(1, version="v0.13.0-475-gaaaaaaaaa", context=twist)
    found = difference(old, records.accuracy(2, context=twist), "mean")
    assert found.value is None
    assert "axis twist" in found.note


def test_a_restart_between_them_is_noted() -> None:
    later = records.accuracy(2, context=records.context(start=9000.0, eventtime=9100.0))
    assert any("restarted" in note for note in compare(records.accuracy(1), later).notes)


@pytest.mark.parametrize(
    ("version", "app", "numbers", "bed"),
    [
        ("v0.13.0-476-g2a1027ce4", "Klipper", (0, 13, 0, 476), True),
        ("v0.13.0-475-gaaaaaaaaa-dirty", "Klipper", (0, 13, 0, 475), False),
        ("v0.13.0", "Klipper", (0, 13, 0, 0), False),
        ("v0.14.0", "Klipper", (0, 14, 0, 0), True),
        ("v2026.07.00-30-gf2532ee34", "Kalico", None, False),
        ("?", "Klipper", None, None),
        ("", "Klipper", None, None),
    ],
)
def test_versions(version: str, app: str, numbers: object, bed: bool | None) -> None:
    printer = {"software_version": version, "app": app}
    assert klipper_version(version) == numbers
    assert bed_frame(printer) is bed
    assert not crossed(printer, printer)


def test_builds_with_known_faults() -> None:
    for version, wrong in (
        ("v0.13.0-475-gaaaaaaa", False),
        ("v0.13.0-500-gaaaaaaa", True),
        ("v0.13.0-535-gaaaaaaa", False),
    ):
        assert faulty({"software_version": version}) is wrong


@pytest.fixture
def store(tmp_path: object) -> Store:
    made = Store(tmp_path)  # type: ignore[arg-type]
    records.keep(
        made, records.accuracy(1), records.accuracy(2), records.bias(3), records.refused("accuracy", 4)
    )
    return made


def test_runs_are_found_by_the_beginning_of_their_id(store: Store) -> None:
    assert by_id(store, "20260102").id == records.accuracy(2).id
    assert by_id(store, records.accuracy(2).id).check == "accuracy"
    with pytest.raises(NotFound, match="beginning of 4 runs"):
        by_id(store, "2026")
    with pytest.raises(NotFound, match="did you mean 20260101T120000"):
        by_id(store, "20260101T120000-000001-accuracy")
    with pytest.raises(NotFound, match="no run ''"):
        by_id(store, "")


def test_the_last_and_the_previous_are_finished_runs(store: Store) -> None:
    assert recent(store, "last", "accuracy").id == records.accuracy(2).id
    assert recent(store, "previous", "accuracy").id == records.accuracy(1).id
    with pytest.raises(NotFound, match="one finished run of bias, so no previous"):
        recent(store, "previous", "bias")
    with pytest.raises(NotFound, match="no finished run of backlash"):
        recent(store, "last", "backlash")


@pytest.mark.parametrize(
    "words",
    [
        ["previous", "accuracy", "last", "accuracy"],
        ["20260101", "20260102"],
        ["accuracy"],
        ["20260101", "last", "accuracy"],
    ],
)
def test_two_runs_in_any_words(store: Store, words: list[str]) -> None:
    assert [r.id for r in two(store, words)] == [records.accuracy(1).id, records.accuracy(2).id]


@pytest.mark.parametrize("words", [["last"], ["20260101"], ["20260101", "20260102", "20260103"]])
def test_what_does_not_name_two_runs_is_refused(store: Store, words: list[str]) -> None:
    with pytest.raises(NotFound):
        two(store, words)


def test_without_stored_runs_it_says_so(tmp_path: object) -> None:
    with pytest.raises(NotFound, match="no runs are stored"):
        by_id(Store(tmp_path), "x")  # type: ignore[arg-type]


def test_what_is_recent_is_so_on_one_printer(tmp_path: Path) -> None:
    store = Store(tmp_path)
    other = {**records.accuracy(3).printer, "name": "delta"}
    first, second, elsewhere = (
        records.accuracy(1),
        records.accuracy(2),
        records.accuracy(3, printer=other),
    )
    records.keep(store, first, second, elsewhere)
    there = store.printers()
    assert len(there) == 2
    home = next(name for name in there if name != "delta")
    assert [run.id for run in two(store, ["accuracy"], None, home)] == [first.id, second.id]
    with pytest.raises(NotFound, match="one finished run"):
        two(store, ["accuracy"], None, "delta")
    mixed = two(store, [first.id, "last", "accuracy"], None, "delta")
    assert [run.id for run in mixed] == [first.id, elsewhere.id], "an id is looked for on every printer"
