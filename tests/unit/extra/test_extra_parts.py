"""The parts of [zcal] that need no klippy: parameters and the status object."""

import contextlib
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klippy_extra.zcal.errors import CommandRefused
from klippy_extra.zcal.options import OPTIONS
from klippy_extra.zcal.parameters import CommandParameters
from klippy_extra.zcal.status import KEPT_RUNS, RECENT, ZcalStatus, plain

if TYPE_CHECKING:
    from klippy.gcode import GCodeCommand


class Command:
    """A gcode command as Klipper passes it."""

    error = Exception

    def __init__(self, **given: str) -> None:
        self._given = given

    def get_command(self) -> str:
        return "ZCAL_TEST"

    def get_commandline(self) -> str:
        return "ZCAL_TEST"

    def get_command_parameters(self) -> dict[str, str]:
        return self._given

    def respond_info(self, msg: str, log: bool = True) -> None:
        raise AssertionError(msg)

    def respond_raw(self, msg: str) -> None:
        raise AssertionError(msg)

    def get(self, name: str, default: Any = None) -> Any:
        return self._given.get(name, default)


def parameters_of(**given: str) -> CommandParameters:
    """The parameters of a command."""
    return CommandParameters(cast("GCodeCommand", Command(**given)))


@given(st.text())
def test_any_text_is_a_number_in_range_or_refused(text: str) -> None:
    parameters = parameters_of(SPEED=text, SAMPLES=text)
    with contextlib.suppress(CommandRefused):
        assert 0.1 <= parameters.number("SPEED", 5.0, 0.1, 100.0) <= 100.0
    with contextlib.suppress(CommandRefused):
        assert 1 <= parameters.whole("SAMPLES", 5, 1, 100) <= 100


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", "", "x", "0", "101", "-5"])
def test_what_is_no_number_in_range_is_refused_by_name(text: str) -> None:
    with pytest.raises(CommandRefused, match="SPEED"):
        parameters_of(SPEED=text).number("SPEED", 5.0, 0.1, 100.0)


def test_a_mistyped_parameter_is_refused_with_the_nearest() -> None:
    parameters = parameters_of(SAMPEL="5")
    parameters.whole("SAMPLES", 5, 1, 100)
    with pytest.raises(CommandRefused, match="Did you mean SAMPLES"):
        parameters.done()


def test_a_choice_is_one_of_the_choices() -> None:
    assert parameters_of(METHOD="Scan").choice("METHOD", "auto", ("auto", "scan")) == "scan"
    with pytest.raises(CommandRefused):
        parameters_of(METHOD="scna").choice("METHOD", "auto", ("auto", "scan"))


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(json_like)
def test_what_is_published_is_plain_and_finite(value: Any) -> None:
    json.dumps(plain(value), allow_nan=False)


def test_a_change_is_a_new_object() -> None:
    status = ZcalStatus()
    status.begin("ZCAL_PROBE")
    before = status.fields
    status.sample({"n": 1, "z": math.nan})
    assert status.fields is not before
    assert before["recent"] == [] and before["count"] == 0
    assert status.fields["recent"] == [{"n": 1, "z": None}]


def test_the_status_does_not_grow_and_the_rest_can_be_asked_for() -> None:
    status = ZcalStatus()
    run = status.begin("ZCAL_PROBE_ACCURACY")
    for n in range(1, 31):
        status.sample({"n": n})
    assert [sample["n"] for sample in status.fields["recent"]] == list(range(31 - RECENT, 31))
    assert status.fields["count"] == 30
    found = status.report(run, 27)
    assert found is not None and [sample["n"] for sample in found["samples"]] == [28, 29, 30]


def test_old_runs_are_forgotten() -> None:
    status = ZcalStatus()
    runs = [status.begin("ZCAL_PROBE") for _ in range(KEPT_RUNS + 3)]
    assert status.runs() == runs[-KEPT_RUNS:]
    assert status.report(runs[0], 0) is None


def test_a_run_is_found_by_its_tag_after_others_have_begun() -> None:
    status = ZcalStatus()
    assert status.tagged("mine") is None
    run = status.begin("ZCAL_PROBE", "mine")
    status.sample({"n": 1})
    status.change(state="done", result={"trigger_z": 1.5})
    status.begin("ZCAL_PROBE_ACCURACY", "another's")
    assert status.tagged("mine") == run
    assert status.report(run, 0) == {
        "run": run,
        "tag": "mine",
        "command": "ZCAL_PROBE",
        "state": "done",
        "result": {"trigger_z": 1.5},
        "error": None,
        "samples": [{"n": 1}],
    }


def test_every_option_is_documented_with_its_default() -> None:
    page = (Path(__file__).parents[3] / "docs" / "zcal.md").read_text()
    for option in OPTIONS:
        default = "left out" if option.default is None else f"{option.default:g}"
        bounds = f"{option.lowest:g} to {option.highest:g}"
        assert f"| `{option.name}` | {default} | {bounds} | {option.help} |" in page
