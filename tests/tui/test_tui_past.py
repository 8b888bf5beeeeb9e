"""The runs of a printer as the history shows them, without a screen."""

import kept
from zcal_tui.tui.past import trends


def test_what_a_check_measures_besides_has_a_trend_of_its_own() -> None:
    probe = [kept.accuracy(2, day) for day in (1, 2, 3)]
    endstop = [kept.accuracy(3, day, 0.0004, parameters={"what": "endstop"}) for day in (1, 2)]
    found = trends([*endstop, *probe], ())
    assert set(found) == {"accuracy", "accuracy/endstop"}
    assert len(found["accuracy"].points) == 3
    assert all(point.comparable for point in found["accuracy"].points)
    assert len(found["accuracy/endstop"].points) == 2
