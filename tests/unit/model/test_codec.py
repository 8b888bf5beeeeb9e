"""Events and records survive the way to JSON and back, whatever is in them."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.model.codec import SchemaError, event_from_json, event_to_json, record_from_json, record_to_json
from zcal_tui.model.events import (
    AdviceGiven,
    EstimateUpdated,
    Notice,
    Progress,
    RunEnded,
    RunProblem,
    RunStarted,
    SampleTaken,
    Stage,
    VerdictReached,
)
from zcal_tui.model.record import (
    SCHEMA_VERSION,
    Change,
    Estimate,
    Level,
    Outcome,
    Problem,
    Record,
    Sample,
    Verdict,
)

number = st.floats(allow_nan=False, allow_infinity=False)
maybe = st.none() | number
words = st.text(max_size=20)
facts = st.dictionaries(words, words | number | st.none() | st.booleans(), max_size=3)
samples = st.builds(
    Sample,
    n=st.integers(1, 999),
    t=number,
    x=number,
    y=number,
    trigger_z=number,
    bed_z=maybe,
    recorded=st.booleans(),
)
changes = st.builds(Change, section=words, option=words, old=st.none() | words, new=words)
verdicts = st.builds(Verdict, level=st.sampled_from(Level), summary=words, reasons=st.tuples(words))
problems = st.builds(Problem, what=words, cause=words, remedy=words, raw=words)


@st.composite
def estimates(draw: st.DrawFn) -> dict[str, Estimate]:
    names = draw(st.lists(words, unique=True, max_size=3))
    return {
        name: Estimate(
            name,
            draw(maybe),
            draw(maybe),
            draw(maybe),
            components=draw(st.dictionaries(words, number, max_size=2)),
        )
        for name in names
    }


records = st.builds(
    Record,
    id=words,
    check=words,
    printer=facts,
    started=words,
    finished=st.none() | words,
    outcome=st.sampled_from(Outcome),
    context=facts,
    parameters=facts,
    samples=st.lists(samples, max_size=3).map(tuple),
    estimates=estimates(),
    verdict=st.none() | verdicts,
    advice=st.tuples(words),
    problem=st.none() | problems,
    changes=st.lists(changes, max_size=2).map(tuple),
)
events = st.one_of(
    st.builds(
        RunStarted, id=words, check=words, started=words, printer=facts, context=facts, parameters=facts
    ),
    st.builds(Stage, key=words, text=words),
    st.builds(Progress, done=st.integers(0), total=st.integers(1), seconds_left=maybe),
    st.builds(SampleTaken, sample=samples),
    st.builds(EstimateUpdated, estimates=estimates()),
    st.builds(AdviceGiven, text=words, changes=st.lists(changes, max_size=2).map(tuple)),
    st.builds(VerdictReached, verdict=verdicts),
    st.builds(Notice, text=words),
    st.builds(RunProblem, problem=problems),
    st.builds(RunEnded, record=records),
)


@given(events)
def test_an_event_comes_back_as_it_went(event: object) -> None:
    assert event_from_json(json.loads(json.dumps(event_to_json(event), allow_nan=False))) == event  # type: ignore[arg-type]


@given(records)
def test_a_record_names_its_schema(record: Record) -> None:
    data = record_to_json(record)
    assert data["event"] == "record"
    assert data["schema"] == SCHEMA_VERSION


def test_a_number_that_json_cannot_say_becomes_null() -> None:
    sample = Sample(1, math.nan, 0.0, 0.0, 1.5)
    assert event_to_json(SampleTaken(sample))["t"] is None


def test_a_newer_schema_is_refused_by_its_number() -> None:
    data = record_to_json(Record(id="a", check="accuracy", printer={}, started="now"))
    with pytest.raises(SchemaError, match="newer than"):
        record_from_json({**data, "schema": SCHEMA_VERSION + 1})


@given(
    st.dictionaries(st.sampled_from(["event", "schema", "id", "text", "samples"]), words | st.none() | number)
)
def test_what_is_no_event_is_refused_as_such(data: dict[str, object]) -> None:
    try:
        event_from_json(data)
    except SchemaError:
        return
    assert data["event"] in ("notice", "started")
