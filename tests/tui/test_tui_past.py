"""The runs of a printer as the history shows them, without a screen."""

from tests.tui import stored_runs
from zcal_tui.results.trend import points
from zcal_tui.tui.history_model import trends
from zcal_tui.tui.widgets.trendplot import window


def test_what_a_check_measures_besides_has_a_trend_of_its_own() -> None:
    probe = [stored_runs.accuracy(2, day) for day in (1, 2, 3)]
    endstop = [stored_runs.accuracy(3, day, 0.0004, parameters={"what": "endstop"}) for day in (1, 2)]
    found = trends([*endstop, *probe], ())
    assert set(found) == {"accuracy", "accuracy/endstop"}
    assert len(found["accuracy"].points) == 3
    assert all(point.comparable for point in found["accuracy"].points)
    assert len(found["accuracy/endstop"].points) == 2


def test_of_many_runs_those_around_the_chosen_one_are_drawn() -> None:
    runs = [
        stored_runs.accuracy(1, 1, 0.002, id=f"r{n:03d}", started=f"2026-01-01T{n:06d}") for n in range(300)
    ]
    found = tuple(points(runs))
    assert [p.record.id for p in window(found, "", 30)] == [f"r{n:03d}" for n in range(270, 300)]
    assert [p.record.id for p in window(found, "r295", 30)] == [f"r{n:03d}" for n in range(270, 300)]
    assert [p.record.id for p in window(found, "r100", 30)] == [f"r{n:03d}" for n in range(86, 116)]
    assert [p.record.id for p in window(found, "r002", 30)] == [f"r{n:03d}" for n in range(30)]
    assert window(found[:5], "r002", 30) == found[:5]
