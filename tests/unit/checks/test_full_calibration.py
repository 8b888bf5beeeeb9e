"""The guided order: what is done, what is passed over, and when the rest means nothing."""

from dataclasses import replace

import pytest

from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.full_calibration import (
    DECLARED,
    FullCalibrationParameters,
    chosen,
    not_applicable,
    stops_rest,
)
from zcal_tui.checks.parameters import ParameterError, build
from zcal_tui.model.record import Level, Outcome, Problem, Record, Verdict

ORDER = [
    "ready",
    "probe-xy",
    "z-offset",
    "accuracy",
    "bias",
    "temperature",
    "backlash",
    "auto-z",
    "first-layer",
]


def record(check: str, outcome: Outcome = Outcome.FINISHED, level: Level | None = Level.PASS) -> Record:
    verdict = None if level is None else Verdict(level, "")
    return Record(id="1", check=check, printer={}, started="", outcome=outcome, verdict=verdict)


def test_the_checks_stand_in_the_order_in_which_they_build_on_each_other() -> None:
    assert list(CHECKS) == ORDER
    assert [*DECLARED] == [*ORDER, "all"]


def test_a_person_may_leave_some_out() -> None:
    skipped = build(FullCalibrationParameters, {"skip": "bias, temperature"})
    assert [check.name for check in chosen(skipped)] == [n for n in ORDER if n not in ("bias", "temperature")]
    only = build(FullCalibrationParameters, {"only": "accuracy,ready"})
    assert [check.name for check in chosen(only)] == ["ready", "accuracy"]


def test_an_unknown_check_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"--skip: there is no check 'bais'"):
        build(FullCalibrationParameters, {"skip": "bais"})


@pytest.mark.parametrize(
    ("check", "settings", "person", "extra", "words"),
    [
        ("z-offset", {"probe": {"pin": "PB1"}}, False, True, "needs a person"),
        ("backlash", {"probe": {"pin": "PB1"}}, True, False, "companion extra"),
        ("accuracy", {}, True, True, "no probe"),
    ],
)
def test_what_does_not_apply_is_passed_over_with_the_reason(
    check: str, settings: dict[str, dict[str, str]], person: bool, extra: bool, words: str
) -> None:
    why = not_applicable(CHECKS[check], settings, person=person, can_extra=lambda: extra)
    assert why is not None
    assert words in why


@pytest.mark.parametrize(
    ("ended", "stops"),
    [
        (record("accuracy"), False),
        (record("accuracy", level=Level.WARN), False),
        (record("accuracy", level=Level.FAIL), True),
        (record("bias", level=Level.FAIL), False),
        (record("ready", level=Level.FAIL), True),
        (record("z-offset", Outcome.REFUSED, None), True),
        (record("temperature", Outcome.REFUSED, None), False),
        (record("backlash", Outcome.ERROR, None), True),
        (record("bias", Outcome.LOST, None), True),
        (record("bias", Outcome.CANCELLED, None), True),
    ],
)
def test_it_stops_where_the_rest_would_mean_nothing(ended: Record, stops: bool) -> None:
    assert (stops_rest(ended) is not None) is stops


def test_it_stops_where_a_value_was_to_be_saved_and_was_not() -> None:
    stuck = replace(record("z-offset"), problem=Problem("Klipper did not come back after saving.", "", ""))
    assert "could not be saved" in (stops_rest(stuck) or "")
