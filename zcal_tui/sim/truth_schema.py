"""Tables of a truth file as frozen dataclasses: declaring keys, checking values, naming what is wrong.

A key is declared with `number`, `whole`, `flag` or `word`, which attach its documentation, unit and range
to the dataclass field; everything else (parsing, live changes, the reference page) is derived from that.
"""

import dataclasses
import difflib
import math
import sys
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_args, get_type_hints

_TableT = TypeVar("_TableT")


class TruthError(Exception):
    """A truth file, or a live change of one value, cannot be used. The message is meant for people."""


@dataclasses.dataclass(frozen=True)
class KeyInfo:
    """What is declared about one key: its line of documentation, its unit and what it may be."""

    doc: str
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()

    def allowed(self) -> str:
        """The permitted values in words, empty where every value of the type will do."""
        if self.choices:
            return ", ".join(self.choices)
        if self.low == -math.inf and self.high == math.inf:
            return ""
        if self.high == math.inf:
            return f"{self.low:.10g} or more"
        if self.low == -math.inf:
            return f"{self.high:.10g} or less"
        return f"{self.low:.10g} to {self.high:.10g}"


def _declare(default: Any, info: KeyInfo) -> Any:
    return dataclasses.field(default=default, metadata={"key": info})


def number(
    default: float | None, doc: str, unit: str = "", low: float = -math.inf, high: float = math.inf
) -> Any:
    """A key that holds a number; `None` as the default means it may be left out."""
    return _declare(default, KeyInfo(doc, unit, low, high))


def whole(default: int | None, doc: str, low: float = -math.inf, high: float = math.inf) -> Any:
    """A key that holds a whole number."""
    return _declare(default, KeyInfo(doc, "", low, high))


def flag(default: bool, doc: str) -> Any:
    """A key that holds true or false."""
    return _declare(default, KeyInfo(doc))


def word(default: str, doc: str, choices: tuple[str, ...]) -> Any:
    """A key that holds one of a few words."""
    return _declare(default, KeyInfo(doc, choices=choices))


def key_info(field: "dataclasses.Field[Any]") -> KeyInfo:
    """What was declared about this field."""
    info = field.metadata["key"]
    assert isinstance(info, KeyInfo)
    return info


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint naming the known key closest to `name`, or all of them where none is close."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"Did you mean {close[0]}?"
    return "Known here: " + ", ".join(names) + "."


def field_of(table: type, key: str, where: str) -> "dataclasses.Field[Any]":
    """The field `key` of a table's dataclass; TruthError with the nearest key if there is none."""
    fields = {field.name: field for field in dataclasses.fields(table)}
    if key not in fields:
        raise TruthError(f"{where}: there is no key {key}. {nearest(key, fields)}")
    return fields[key]


def check_value(table: type, key: str, value: object, where: str) -> Any:
    """`value` as this key wants it (a whole number becomes a float where a float is meant), or TruthError."""
    field = field_of(table, key, where)
    info = key_info(field)
    hint = get_type_hints(table)[key]
    kinds = set(get_args(hint)) or {hint}
    if bool in kinds:
        if not isinstance(value, bool):
            raise TruthError(f"{where}: {key} is {value!r}, but it must be true or false.")
        return value
    if str in kinds:
        if value not in info.choices:
            raise TruthError(f"{where}: {key} is {value!r}, but it must be one of: {info.allowed()}.")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TruthError(f"{where}: {key} is {value!r}, but it must be a number{_in_unit(info)}.")
    if int in kinds and float not in kinds and not isinstance(value, int):
        raise TruthError(f"{where}: {key} is {value!r}, but it must be a whole number.")
    if not max(info.low, -sys.float_info.max) <= value <= min(info.high, sys.float_info.max):
        limits = info.allowed() or "finite"
        shown = f"{value:g}" if isinstance(value, float) else value
        raise TruthError(f"{where}: {key} is {shown}, but it must be {limits}{_in_unit(info)}.")
    return value if float not in kinds else float(value)


def _in_unit(info: KeyInfo) -> str:
    return f" ({info.unit})" if info.unit else ""


def build_table(table: type[_TableT], values: object, where: str) -> _TableT:
    """A table's dataclass from the TOML table `values`; TruthError names the key at fault."""
    if not isinstance(values, Mapping):
        raise TruthError(f"{where}: this must be a table of keys, not {values!r}.")
    return table(**{key: check_value(table, key, value, where) for key, value in values.items()})
