"""The JSON Schema of every line that `--json` prints and of the files of runs, made from the model.

`python -m zcal_tui.results.schema > zcal_tui/results/record.schema.json` writes it; a test compares the two.
"""

import ast
import inspect
import json
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import Any, Literal

from zcal_tui.model import events, questions, record
from zcal_tui.model.codec import UNKNOWN
from zcal_tui.model.record import SCHEMA_VERSION

Schema = dict[str, Any]

EVENTS: Mapping[str, type] = {
    "started": events.RunStarted,
    "stage": events.Stage,
    "progress": events.Progress,
    "sample": record.Sample,
    "estimate": events.EstimateUpdated,
    "advice": events.AdviceGiven,
    "verdict": record.Verdict,
    "notice": events.Notice,
    "answer": events.Answered,
    "changes": events.ChangesUpdated,
    "problem": record.Problem,
    "record": record.Record,
}
"""The lines by their `event`; questions, which have a kind as well, are in QUESTIONS."""

QUESTIONS: Mapping[str, type] = {
    "confirm": questions.Confirm,
    "choose": questions.Choose,
    "paper": questions.PaperStep,
    "jog": questions.JogStep,
}
VERSIONED = ("started", "record")
"""Lines that contain the schema's version."""
AT = "The address of the printer that the line is from; only with several printers."
NAME = "Its name in the file of --printers, else its address; only with several printers."

_NUMBER: Schema = {"type": ["number", "null"]}
_WORD: Schema = {"type": ["string", "null"]}
_FLAG: Schema = {"type": ["boolean", "null"]}
NORMAL: Mapping[str, Schema] = {
    "estimate": {"type": "string"},
    "unit": {"type": "string"},
    "value": _NUMBER,
    "low": _NUMBER,
    "high": _NUMBER,
    "runs": {"type": "integer", "description": "Earlier runs that it is made of."},
    "left": {"type": "boolean", "description": "Whether the value is outside."},
}
_NUMBERS: Schema = {"type": "object", "additionalProperties": _NUMBER}

CONTEXT: Mapping[str, tuple[Schema, str]] = {
    "program": ({"type": "string"}, "This program's version."),
    "software_version": ({"type": "string"}, "Klipper's version."),
    "homed_axes": ({"type": "string"}, "Out of `xyz`."),
    "position": ({"type": ["array", "null"], "items": _NUMBER}, "The toolhead's position in mm."),
    "gcode_offset": ({"type": "array", "items": _NUMBER}, "The live G-code offset (homing_origin) in mm."),
    "bed_mesh": (_WORD, "The active mesh's profile; null if none is active."),
    "temperatures": (_NUMBERS, "Heaters, °C."),
    "targets": (_NUMBERS, "Heaters' targets, °C."),
    "sensors": (_NUMBERS, "Other temperature sensors, °C."),
    "quad_gantry_level_applied": (
        _FLAG,
        "Whether the gantry is levelled; null if the printer does not level it.",
    ),
    "z_tilt_applied": (_FLAG, "The same for z_tilt."),
    "frame": (
        {
            "type": ["object", "null"],
            "properties": dict.fromkeys(("eventtime", "start", "homed_at", "levelled_at"), _NUMBER),
        },
        "Homing and levelling in force, in klippy's seconds: now, micro-controller started, Z homed, gantry levelled.",
    ),
    "probe_section": (_WORD, "The probe's section in the configuration."),
    "pending": ({"type": "object"}, "What SAVE_CONFIG would write, by section and option."),
    "extra": (_WORD, "The [zcal] module's version; null if it is not installed."),
    "config": (
        {"type": "object", "additionalProperties": {"type": "object"}},
        "The config values that heights depend on, by section and option; a long text as its digest.",
    ),
    "config_hash": ({"type": "string"}, "A digest of `config`."),
    "continues": ({"type": "string"}, "The interrupted run that this one resumes."),
}
"""What a record's context contains; more may be added, so readers ignore unknown keys."""


def make() -> Schema:
    """The whole schema."""
    made = _Maker()
    lines = [made.line(name, kind) for name, kind in EVENTS.items()]
    lines += [made.line("question", kind, name) for name, kind in QUESTIONS.items()]
    lines.append(made.summary())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of zcal-tui",
        "description": (
            f"Version {SCHEMA_VERSION}. One object a line; the last line of a run that ended is its record. Lengths "
            "are mm, times of the printer seconds. A number that is not known, or not finite, is null. "
            "Objects may hold more keys than are named here: newer versions add some, and readers ignore them."
        ),
        "oneOf": lines,
        "$defs": dict(sorted(made.definitions.items())),
    }


class _Maker:
    """Collects the definitions that the lines refer to."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}

    def line(self, event: str, kind: type, question: str = "") -> Schema:
        """One kind of line."""
        made = self._object(kind)
        first: Schema = {"event": {"const": event}}
        if event in VERSIONED:
            first["schema"] = {"const": SCHEMA_VERSION, "description": "Readers refuse a higher one."}
        if question:
            first["kind"] = {"const": question}
        made_line = _object_schema({**first, **made["properties"], **first}, made["description"])
        made_line["properties"]["at"] = {"type": "string", "description": AT}
        made_line["properties"]["printer_name"] = {"type": "string", "description": NAME}
        return made_line

    def summary(self) -> Schema:
        """The last line of a run on several printers."""
        printer = {
            "printer_name": {"type": "string", "description": "As in the lines of its run."},
            "at": {"type": "string", "description": "The printer's address."},
            "exit_code": {"type": "integer", "description": "The exit code of its run."},
            "record": {"anyOf": [{"type": "object"}, {"type": "null"}], "description": "Null without a run."},
            "normal": {
                "anyOf": [_object_schema(dict(NORMAL), "A range."), {"type": "null"}],
                "description": "The range of the printer's own earlier runs; null without enough of them.",
            },
        }
        return _object_schema(
            {
                "event": {"const": "summary"},
                "schema": {"const": SCHEMA_VERSION, "description": "Readers refuse a higher one."},
                "check": {"type": "string"},
                "printers": {"type": "array", "items": _object_schema(printer, "One printer's run.")},
            },
            "The results of a check on several printers.",
        )

    def _object(self, kind: type) -> Schema:
        hints, described = typing.get_type_hints(kind), _descriptions(kind)
        properties = {}
        for field in fields(kind):
            if field.name == UNKNOWN or (kind is record.Estimate and field.name == "name"):
                continue  # keys of a newer version; an estimate's name is its key
            special = self._special(kind, field.name)
            made = special if special is not None else self._of(hints[field.name])
            properties[field.name] = made | (
                {"description": described[field.name]} if field.name in described else {}
            )
        return _object_schema(properties, _line(kind.__doc__))

    def _special(self, kind: type, name: str) -> Schema | None:
        if name == "context":
            properties = {key: schema | {"description": text} for key, (schema, text) in CONTEXT.items()}
            return {"type": "object", "properties": properties}
        return None

    def _of(self, hint: Any) -> Schema:
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (types.UnionType, typing.Union):
            return self._either([argument for argument in arguments if argument is not types.NoneType], hint)
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin is tuple:
            return self._tuple(arguments)
        if origin in (Mapping, dict):
            return self._mapping(arguments)
        if origin in (Sequence, list):
            return {"type": "array", "items": self._of(arguments[0])}
        if hint is Any:
            return {}
        if inspect.isclass(hint) and issubclass(hint, StrEnum):
            return {"enum": [member.value for member in hint]}
        if is_dataclass(hint):
            return self._reference(typing.cast(type, hint))
        plain = {str: "string", int: "integer", bool: "boolean"}
        # A number that is not finite becomes null in JSON
        return dict(_NUMBER) if hint is float else {"type": plain[hint]}

    def _either(self, arms: Sequence[Any], hint: Any) -> Schema:
        made = [self._of(arm) for arm in arms]
        if len(made) == 1 and isinstance(made[0].get("type"), str):
            return {**made[0], "type": [made[0]["type"], "null"]}
        if made == [_NUMBER]:
            return dict(_NUMBER)
        optional = types.NoneType in typing.get_args(hint)
        return {"anyOf": [*made, *([{"type": "null"}] if optional else [])]}

    def _tuple(self, arguments: tuple[Any, ...]) -> Schema:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return {"type": "array", "items": self._of(arguments[0])}
        size = len(arguments)
        items = [self._of(argument) for argument in arguments]
        return {"type": "array", "prefixItems": items, "minItems": size, "maxItems": size}

    def _mapping(self, arguments: tuple[Any, ...]) -> Schema:
        values = self._of(arguments[1])
        return {"type": "object", "additionalProperties": values} if values else {"type": "object"}

    def _reference(self, kind: type) -> Schema:
        name = kind.__name__
        if name not in self.definitions:
            self.definitions[name] = {}  # for a kind that contains itself
            self.definitions[name] = self._object(kind)
        return {"$ref": f"#/$defs/{name}"}


def _object_schema(properties: Schema, description: str) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
    }


def _line(text: str | None) -> str:
    return " ".join((text or "").split())


def _descriptions(kind: type) -> dict[str, str]:
    """The docstrings below a dataclass's fields, which Python does not store."""
    tree = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for statement, following in zip(tree.body, tree.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
            and isinstance(following.value.value, str)
        ):
            found[statement.target.id] = _line(following.value.value)
    return found


def text() -> str:
    """The text of the schema's file."""
    return json.dumps(make(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
