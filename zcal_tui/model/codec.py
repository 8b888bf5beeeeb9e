"""Events and records as JSON objects: the format of `--json` and of the files on disk."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

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
from zcal_tui.model.validate import fault

UNKNOWN = "unknown"
"""The field that holds the keys this version does not know."""


class SchemaError(ValueError):
    """A JSON object is not in the documented format, or of a version that this program does not know."""


class UnknownEvent(SchemaError):
    """A line of a kind that this version does not know. Readers skip it."""


def plain(value: Any) -> Any:
    """`value` as JSON knows it: dataclasses as objects, tuples as lists, non-finite numbers as null."""
    if is_dataclass(value) and not isinstance(value, type):
        known = {f.name: plain(getattr(value, f.name)) for f in fields(value) if f.name != UNKNOWN}
        return {**plain(getattr(value, UNKNOWN, {})), **known}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (str, bool, int, float)):
        return str(value) if isinstance(value, (Level, Outcome)) else value
    return str(value)


def estimate_to_json(estimate: Estimate) -> dict[str, Any]:
    """An estimate without its name, which is its key."""
    data: dict[str, Any] = plain(estimate)
    del data["name"]
    return data


def record_to_json(record: Record) -> dict[str, Any]:
    """A record as the object that `--json` prints last and that the file of a run ends with."""
    data = plain(record)
    data["estimates"] = {name: estimate_to_json(e) for name, e in record.estimates.items()}
    return {"event": "record", "schema": data.pop("schema"), **data}


def event_to_json(event: Event) -> dict[str, Any]:
    """An event as one JSON object, its kind under `event`."""
    match event:
        case RunStarted():
            return {"event": "started", "schema": SCHEMA_VERSION, **plain(event)}
        case Stage():
            return {"event": "stage", **plain(event)}
        case Progress():
            return {"event": "progress", **plain(event)}
        case SampleTaken(sample):
            return {"event": "sample", **plain(sample)}
        case EstimateUpdated(estimates):
            return {"event": "estimate", "estimates": {n: estimate_to_json(e) for n, e in estimates.items()}}
        case AdviceGiven():
            return {"event": "advice", **plain(event)}
        case VerdictReached(verdict):
            return {"event": "verdict", **plain(verdict)}
        case Notice():
            return {"event": "notice", **plain(event)}
        case Asked(question):
            return {"event": "question", "kind": _KINDS[type(question)], **plain(question)}
        case Answered():
            return {"event": "answer", **plain(event)}
        case ChangesUpdated():
            return {"event": "changes", **plain(event)}
        case RunProblem(problem):
            return {"event": "problem", **plain(problem)}
        case RunEnded(record):
            return record_to_json(record)


def _fields(kind: type, data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `kind` in a JSON object, and its other keys as `unknown` if `kind` preserves them."""
    names, preserves = _names(kind)
    if data.keys() <= names:
        return dict(data)
    known = {key: value for key, value in data.items() if key in names}
    if preserves and len(known) < len(data):
        known[UNKNOWN] = {key: value for key, value in data.items() if key not in names}
    return known


@cache
def _names(kind: type) -> tuple[frozenset[str], bool]:
    names = frozenset(f.name for f in fields(kind))
    return names - {UNKNOWN}, UNKNOWN in names


def _sample(data: Mapping[str, Any]) -> Sample:
    return Sample(**_fields(Sample, data))


def _estimates(data: Mapping[str, Any]) -> dict[str, Estimate]:
    return {name: Estimate(**{**_fields(Estimate, item), "name": name}) for name, item in data.items()}


def _verdict(data: Mapping[str, Any]) -> Verdict:
    known = _fields(Verdict, data)
    return Verdict(**{**known, "level": Level(known["level"]), "reasons": tuple(known["reasons"])})


def _changes(data: Any) -> tuple[Change, ...]:
    return tuple(Change(**_fields(Change, item)) for item in data)


_KINDS: Mapping[type, str] = {Confirm: "confirm", Choose: "choose", PaperStep: "paper", JogStep: "jog"}


def _question(data: Mapping[str, Any]) -> Question:
    rest: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
    match rest.pop("kind"):
        case "confirm":
            return Confirm(**_fields(Confirm, rest))
        case "choose":
            rest["options"] = tuple(Option(**_fields(Option, option)) for option in rest["options"])
            return Choose(**_fields(Choose, rest))
        case "paper":
            return PaperStep(**_fields(PaperStep, rest))
        case "jog":
            return JogStep(**_fields(JogStep, rest))
        case kind:
            raise UnknownEvent(f"unknown kind of question {kind!r}")


def _part(data: Mapping[str, Any]) -> RecordPart:
    known = _fields(RecordPart, data)
    level = known["level"]
    return RecordPart(**{**known, "outcome": Outcome(known["outcome"]), "level": level and Level(level)})


def record_from_json(data: Mapping[str, Any]) -> Record:
    """The record that `record_to_json` wrote. Raises SchemaError if it is not one."""
    try:
        if data["schema"] > SCHEMA_VERSION:
            raise SchemaError(f"the record has schema {data['schema']}, newer than {SCHEMA_VERSION}")
        own = dict(data)
        own.pop("event", None)
        # Plain fields come as they are; those that are more than JSON knows are made here
        record = Record(
            **{
                **_fields(Record, own),
                "outcome": Outcome(data["outcome"]),
                "samples": tuple(_sample(item) for item in data["samples"]),
                "estimates": _estimates(data["estimates"]),
                "verdict": _verdict(data["verdict"]) if data["verdict"] else None,
                "advice": tuple(data["advice"]),
                "problem": Problem(**_fields(Problem, data["problem"])) if data["problem"] else None,
                "changes": _changes(data["changes"]),
                "parts": tuple(_part(item) for item in data.get("parts", ())),
            }
        )
        if (wrong := fault(record)) is not None:
            raise SchemaError(f"not a record of zcal-tui: {wrong}")
        return record
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, SchemaError):
            raise
        raise SchemaError(f"not a record of zcal-tui: {error!r}") from error


def event_from_json(data: Mapping[str, Any]) -> Event:
    """The event that `event_to_json` wrote. Raises SchemaError if it is not one."""
    if not isinstance(data, Mapping):
        raise SchemaError("not an event: the line is not a JSON object")
    kind = data.get("event")
    rest = {key: value for key, value in data.items() if key != "event"}
    try:
        match kind:
            case "started":
                if rest.pop("schema") > SCHEMA_VERSION:
                    raise SchemaError("the run was written by a newer version of zcal-tui")
                return RunStarted(**_fields(RunStarted, rest))
            case "stage":
                return Stage(**_fields(Stage, rest))
            case "progress":
                return Progress(**_fields(Progress, rest))
            case "sample":
                return SampleTaken(_sample(rest))
            case "estimate":
                return EstimateUpdated(_estimates(rest["estimates"]))
            case "advice":
                return AdviceGiven(rest["text"], _changes(rest["changes"]))
            case "verdict":
                return VerdictReached(_verdict(rest))
            case "notice":
                return Notice(**_fields(Notice, rest))
            case "question":
                return Asked(_question(rest))
            case "answer":
                return Answered(**_fields(Answered, rest))
            case "changes":
                return ChangesUpdated(_changes(rest["changes"]))
            case "problem":
                return RunProblem(Problem(**_fields(Problem, rest)))
            case "record":
                return RunEnded(record_from_json(data))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, SchemaError):
            raise
        raise SchemaError(f"not an event of zcal-tui: {error!r}") from error
    raise UnknownEvent(f"unknown event {kind!r}")
