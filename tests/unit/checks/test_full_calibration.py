"""The full calibration: what runs, what is skipped, and when the rest means nothing."""

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
from zcal_tui.model.capabilities import Capabilities
from zcal_tui.model.check_info import CHECK_INFO
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
    assert [check.info.name for check in chosen(skipped)] == [
        *("ready", "probe-xy", "z-offset", "accuracy", "auto-z", "first-layer"),
        "backlash",  # runs alone, so it comes last
    ]
    only = build(FullCalibrationParameters, {"only": "accuracy,ready"})
    assert [check.info.name for check in chosen(only)] == ["ready", "accuracy"]


def test_an_unknown_check_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"--skip: there is no check 'bais'"):
        build(FullCalibrationParameters, {"skip": "bais"})


@pytest.mark.parametrize(
    ("check", "capabilities", "person", "words"),
    [
        ("z-offset", Capabilities(probe=True, zcal=True), False, "needs a person"),
        ("backlash", Capabilities(probe=True), True, "needs [zcal]"),
        ("accuracy", Capabilities(zcal=True), True, "No probe"),
    ],
)
def test_what_does_not_apply_is_skipped_with_the_reason(
    check: str, capabilities: Capabilities, person: bool, words: str
) -> None:
    why = not_applicable(CHECK_INFO[check], capabilities, person=person)
    assert why is not None
    assert words in why


def test_a_scanner_with_a_backlash_command_needs_no_module_for_it() -> None:
    scanner = Capabilities(probe=True, backlash_command="CARTOGRAPHER_ESTIMATE_BACKLASH")
    assert not_applicable(CHECK_INFO["backlash"], scanner, person=False) is None


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
