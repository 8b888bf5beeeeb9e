"""Events and records survive the way to JSON and back, whatever is in them."""

import json
import math
from dataclasses import fields
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.model.codec import SchemaError, event_from_json, event_to_json, record_from_json, record_to_json
from zcal_tui.model.events import (
    AdviceGiven,
    Answered,
    Asked,
    ChangesUpdated,
    EstimateUpdated,
    Event,
    Notice,
    Progress,
    RunEnded,
    RunProblem,
    RunStarted,
    SampleTaken,
    Stage,
    VerdictReached,
)
from zcal_tui.model.questions import Choose, Confirm, JogStep, Option, PaperStep, Question
from zcal_tui.model.record import (
    SCHEMA_VERSION,
    Change,
    Estimate,
    Level,
    Outcome,
    Problem,
    Record,
    RecordPart,
    Sample,
    Verdict,
)

BUILT: set[type] = set()


def build(target: type, /, **draws: st.SearchStrategy[object]) -> st.SearchStrategy[Any]:
    """Draws for every field, so that one that is added is not forgotten here."""
    assert set(draws) == {field.name for field in fields(target)} - {"schema", "unknown"}, target
    BUILT.add(target)
    return st.builds(target, **draws)


number = st.floats(allow_nan=False, allow_infinity=False)
maybe = st.none() | number
words = st.text(max_size=20)
numbers = st.dictionaries(words, number, max_size=3)
facts = st.dictionaries(words, words | number | st.none() | st.booleans(), max_size=3)
samples = build(
    Sample,
    n=st.integers(1, 999),
    t=number,
    x=number,
    y=number,
    trigger_z=number,
    bed_z=maybe,
    recorded=st.booleans(),
    kind=words,
    place=words,
    round=st.integers(1, 99),
    bed=maybe,
    hotend=maybe,
    values=numbers,
)
changes = build(
    Change,
    section=words,
    option=words,
    old=st.none() | words,
    new=words,
    state=st.sampled_from(["proposed", "declined", "staged", "saved"]),
    saves=st.booleans(),
    effect=words,
)
verdicts = build(Verdict, level=st.sampled_from(Level), summary=words, reasons=st.tuples(words))
problems = build(Problem, what=words, cause=words, remedy=words, raw=words, key=words)
parts = build(
    RecordPart,
    id=words,
    check=words,
    outcome=st.sampled_from(Outcome),
    level=st.none() | st.sampled_from(Level),
    summary=words,
)
xyz = st.tuples(number, number, number)
options = build(Option, key=words, label=words, help=words)
questions = st.one_of(
    build(
        Confirm,
        key=words,
        text=words,
        detail=words,
        yes=words,
        no=words,
        danger=st.booleans(),
        facts=numbers,
        when_halted=st.booleans(),
        consent=st.booleans(),
    ),
    build(
        Choose,
        key=words,
        text=words,
        options=st.lists(options, max_size=3).map(tuple),
        detail=words,
        facts=numbers,
        consent=st.booleans(),
    ),
    build(
        PaperStep,
        key=words,
        text=words,
        height=number,
        lower=maybe,
        upper=maybe,
        start=number,
        lowest=number,
        expected=maybe,
        step=number,
        name=words,
        old=maybe,
        base=number,
        sign=st.sampled_from([-1, 1]),
        moves_nozzle=st.booleans(),
        measured=st.booleans(),
        test=st.integers(1, 9),
        tests=st.integers(1, 9),
        place=words,
        tried=st.lists(number, max_size=3).map(tuple),
        detail=words,
        opener=words,
        accept=words,
        agreed=maybe,
        free=st.lists(number, max_size=3).map(tuple),
        dragging=st.lists(number, max_size=3).map(tuple),
    ),
    build(
        JogStep,
        key=words,
        text=words,
        x=number,
        y=number,
        z=number,
        low=xyz,
        high=xyz,
        probed=st.tuples(number, number),
        old=st.tuples(number, number),
        test=st.integers(1, 9),
        tests=st.integers(1, 9),
        detail=words,
    ),
)


@st.composite
def estimates(draw: st.DrawFn) -> dict[str, Estimate]:
    names = draw(st.lists(words, unique=True, max_size=3))
    return {
        name: Estimate(
            name,
            draw(maybe),
            draw(maybe),
            draw(maybe),
            unit=draw(words),
            confidence=draw(number),
            components=draw(numbers),
        )
        for name in names
    }


records = build(
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
    parts=st.lists(parts, max_size=2).map(tuple),
)
events = st.one_of(
    build(RunStarted, id=words, check=words, started=words, printer=facts, context=facts, parameters=facts),
    build(Stage, key=words, text=words),
    build(Progress, done=st.integers(0), total=st.integers(1), seconds_left=maybe, timed=st.booleans()),
    build(SampleTaken, sample=samples),
    build(EstimateUpdated, estimates=estimates()),
    build(AdviceGiven, text=words, changes=st.lists(changes, max_size=2).map(tuple)),
    build(VerdictReached, verdict=verdicts),
    build(Notice, text=words),
    build(Asked, question=questions),
    build(Answered, key=words, answer=words),
    build(ChangesUpdated, changes=st.lists(changes, max_size=2).map(tuple)),
    build(RunProblem, problem=problems),
    build(RunEnded, record=records),
)


@given(events)
def test_an_event_comes_back_as_it_went(event: object) -> None:
    assert event_from_json(json.loads(json.dumps(event_to_json(event), allow_nan=False))) == event  # type: ignore[arg-type]


def test_no_kind_of_event_or_question_is_left_out_here() -> None:
    assert {*get_args(Event), *get_args(Question)} <= BUILT


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


def test_a_record_of_before_there_were_parts_is_read() -> None:
    data = record_to_json(Record(id="a", check="accuracy", printer={}, started="now"))
    del data["parts"]
    assert record_from_json(data).parts == ()


def test_a_sample_of_before_there_were_kinds_is_a_touch() -> None:
    data = event_to_json(SampleTaken(Sample(1, 0.0, 1.0, 2.0, 1.5)))
    for name in ("kind", "place", "round", "bed", "hotend", "values"):
        del data[name]
    assert event_from_json(data) == SampleTaken(Sample(1, 0.0, 1.0, 2.0, 1.5))


def test_a_kind_of_question_that_is_not_known_is_refused() -> None:
    with pytest.raises(SchemaError, match="'riddle'"):
        event_from_json({"event": "question", "kind": "riddle", "key": "a", "text": "b"})


def test_an_axis_without_an_end_becomes_null() -> None:
    question = PaperStep("paper", "", 1.0, None, None, 5.0, -math.inf, None, 0.0025)
    assert event_to_json(Asked(question))["lowest"] is None


more = st.dictionaries(words.map(lambda word: f"new {word}"), words | number | st.none() | facts, max_size=2)


def with_keys(data: Any, keys: dict[str, Any]) -> Any:
    """A record's JSON with these keys added to each object in it that can grow."""
    grown = {**keys, **data}
    for name in ("samples", "changes", "parts"):
        grown[name] = [{**keys, **item} for item in data[name]]
    grown["estimates"] = {name: {**keys, **item} for name, item in data["estimates"].items()}
    for name in ("verdict", "problem"):
        grown[name] = data[name] and {**keys, **data[name]}
    return grown


@given(records, more)
def test_keys_of_a_newer_version_are_ignored_and_written_again(record: Record, keys: dict[str, Any]) -> None:
    data = json.loads(json.dumps(with_keys(record_to_json(record), keys)))
    read = record_from_json(data)
    assert record_to_json(read) == data
    bare = record_from_json(json.loads(json.dumps(record_to_json(record))))
    known = [
        f.name
        for f in fields(Record)
        if f.name not in ("unknown", "samples", "estimates", "changes", "parts")
    ]
    for name in known:
        if name not in ("verdict", "problem"):
            assert getattr(read, name) == getattr(bare, name)
    assert [sample.trigger_z for sample in read.samples] == [sample.trigger_z for sample in bare.samples]


@given(events, more)
def test_a_line_with_keys_of_a_newer_version_is_read(event: Event, keys: dict[str, Any]) -> None:
    written = json.loads(json.dumps(event_to_json(event), allow_nan=False))
    again = event_to_json(event_from_json({**keys, **written}))
    assert {key: value for key, value in again.items() if key not in keys} == written
    assert {key: value for key, value in again.items() if key in keys} in ({}, keys)


def test_a_record_holds_no_more_than_before_where_nothing_is_unknown() -> None:
    data = record_to_json(Record(id="a", check="accuracy", printer={}, started="now"))
    assert "unknown" not in data
    assert hash(Verdict(Level.PASS, "")) == hash(Verdict(Level.PASS, ""))
