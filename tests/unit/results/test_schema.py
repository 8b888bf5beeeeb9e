"""The documented schema is the model's, and every line that can be written keeps to it."""

import json
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.unit.fakes import records
from zcal_tui.model import events
from zcal_tui.model.codec import event_to_json, record_to_json
from zcal_tui.model.record import Record
from zcal_tui.results import schema
from zcal_tui.results.store import Store

SCHEMA = json.loads(files("zcal_tui.results").joinpath("record.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

VALUES = st.text(max_size=5) | st.floats() | st.none()
FACTS = st.dictionaries(st.text(max_size=5), VALUES, max_size=2)
UNKNOWN = st.dictionaries(st.text(max_size=5).map("new {}".format), VALUES, max_size=2)
"""Keys of a newer version: a reader never puts one that it knows, such as `event`, among them."""


def anything(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a field's type, numbers that are not finite included."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return st.one_of(*[st.none() if a is types.NoneType else anything(a) for a in arguments])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return st.lists(anything(arguments[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*map(anything, arguments))
    if origin is Mapping:
        return (
            FACTS
            if arguments[1] is Any
            else st.dictionaries(st.text(max_size=5), anything(arguments[1]), max_size=2)
        )
    if is_dataclass(hint):
        return made(typing.cast(type, hint))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    return {str: st.text(max_size=8), int: st.integers(0, 999), float: st.floats(), bool: st.booleans()}[hint]


def made(kind: type) -> st.SearchStrategy[Any]:
    """Instances of a dataclass with every field drawn."""
    hints = typing.get_type_hints(kind)
    drawn = {f.name: anything(hints[f.name]) for f in fields(kind)}
    if "unknown" in drawn:
        drawn["unknown"] = UNKNOWN
    for name in ("context", "schema"):  # documented in detail, and fixed
        drawn.pop(name, None)
    return st.builds(kind, **drawn)


EVENTS = st.one_of(*map(made, typing.get_args(events.Event)))


def test_it_is_a_schema_and_the_models() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert schema.make() == SCHEMA, "python -m zcal_tui.results.schema > zcal_tui/results/record.schema.json"


def test_it_knows_every_event() -> None:
    kinds = {line["properties"]["event"]["const"] for line in SCHEMA["oneOf"]}
    assert len(kinds - {"summary"}) == len(typing.get_args(events.Event))


def test_fields_are_described_by_their_docstrings() -> None:
    sample = next(line for line in SCHEMA["oneOf"] if line["properties"]["event"]["const"] == "sample")
    assert "toolhead Z" in sample["properties"]["trigger_z"]["description"].replace("Toolhead", "toolhead")
    assert "description" in sample


@settings(max_examples=300)
@given(EVENTS)
def test_every_event_keeps_to_it(event: Any) -> None:
    line = json.loads(json.dumps(event_to_json(event), allow_nan=False))
    assert [error.message for error in VALIDATOR.iter_errors(line)] == []


@pytest.mark.parametrize("record", records.everything(), ids=lambda record: record.check)
def test_records_as_checks_leave_them_keep_to_it(record: Record) -> None:
    assert VALIDATOR.is_valid(json.loads(json.dumps(record_to_json(record))))


def test_every_line_on_disk_keeps_to_it(tmp_path: Path) -> None:
    (path,) = records.keep(Store(tmp_path), records.auto_z())
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == 10
    assert all(VALIDATOR.is_valid(line) for line in lines)


@pytest.mark.parametrize(
    "wrong",
    [
        {"event": "sample", "n": 1},
        {"event": "purr"},
        {**record_to_json(records.accuracy()), "schema": 2},
        {**record_to_json(records.accuracy()), "outcome": "well"},
        {**record_to_json(records.accuracy()), "context": {"temperatures": 3}},
    ],
    ids=["missing", "unknown event", "newer", "unknown outcome", "context"],
)
def test_what_is_wrong_is_refused(wrong: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(json.loads(json.dumps(wrong)))


def test_an_object_may_hold_more_keys_than_this_version_knows() -> None:
    assert VALIDATOR.is_valid({"event": "notice", "text": "x", "more": 1})
    grown = record_to_json(records.accuracy())
    grown["samples"] = [{**sample, "more": {"x": 1}} for sample in grown["samples"]]
    assert VALIDATOR.is_valid(json.loads(json.dumps({**grown, "more": None})))
