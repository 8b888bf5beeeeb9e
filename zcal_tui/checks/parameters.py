"""A check's parameters: one frozen dataclass gives the flags, forms, documentation and errors."""

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from zcal_tui.model.lazy_dataclass import dataclass

T = TypeVar("T")


class ParameterError(ValueError):
    """A parameter's name or value was rejected; the text names the range or the nearest name."""


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """One parameter of a check."""

    name: str
    """Name in code; the flag is the same with dashes."""
    kind: type
    """int, float, str or bool."""
    default: Any
    """None where the printer's own configuration decides."""
    help: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    rule: Callable[[Any], Any] | None = None
    """A further rule: returns the value, or raises ParameterError."""

    @property
    def flag(self) -> str:
        """The command line flag."""
        return "--" + self.name.replace("_", "-")

    @property
    def range_text(self) -> str:
        """The allowed values in words: `2 to 100`, `0.1 to 50 mm/s`, `a or b`; empty where anything goes."""
        if self.choices:
            return " or ".join(self.choices)
        unit = f" {self.unit}" if self.unit else ""
        form = "d" if self.kind is int else "g"
        if self.minimum is not None and self.maximum is not None:
            return f"{self.minimum:{form}} to {self.maximum:{form}}{unit}"
        if self.minimum is not None:
            return f"at least {self.minimum:{form}}{unit}"
        if self.maximum is not None:
            return f"at most {self.maximum:{form}}{unit}"
        return ""

    def parse(self, text: str) -> Any:
        """Parse a value. Raises ParameterError, which names what is allowed."""
        if self.kind is bool:
            words = {
                "1": True,
                "yes": True,
                "true": True,
                "on": True,
                "0": False,
                "no": False,
                "false": False,
            }
            value: Any = {**words, "off": False}.get(text.strip().lower())
            if value is None:
                raise ParameterError(f"{self.flag}: {text!r} is neither yes nor no")
            return value
        if self.kind is str:
            return self.check(text)
        try:
            value = self.kind(text.strip())
        except ValueError:
            wanted = "a whole number" if self.kind is int else "a number"
            raise ParameterError(f"{self.flag}: {text!r} is not {wanted}{self._allowed()}") from None
        return self.check(value)

    def check(self, value: Any) -> Any:
        """`value` if it is allowed. Raises ParameterError, which names what is allowed."""
        if value is None:
            return value
        if self.choices:
            if value not in self.choices:
                near = difflib.get_close_matches(str(value), self.choices, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise ParameterError(f"{self.flag}: {value!r} is not {self.range_text}{hint}")
            return value
        if self.kind in (int, float):
            try:
                number = float(value)
            except OverflowError:  # a whole number beyond the floats
                number = math.inf
            low, high = self.minimum, self.maximum
            if (
                not math.isfinite(number)
                or (low is not None and number < low)
                or (high is not None and number > high)
            ):
                raise ParameterError(f"{self.flag}: {value} is out of range{self._allowed()}")
        if self.rule is not None:
            try:
                return self.rule(value)
            except ParameterError as error:
                raise ParameterError(f"{self.flag}: {error}") from error
        return value

    def _allowed(self) -> str:
        return f" ({self.range_text})" if self.range_text else ""


def parameter(
    default: Any,
    help: str,
    *,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    choices: Sequence[str] = (),
    rule: Callable[[Any], Any] | None = None,
) -> Any:
    """A field of a parameters dataclass, with what flags, forms and documentation need."""
    meta = {
        "help": help,
        "unit": unit,
        "minimum": minimum,
        "maximum": maximum,
        "choices": tuple(choices),
        "rule": rule,
    }
    return dataclasses.field(default=default, metadata=meta)


def home_parameter() -> Any:
    """Whether a check may home by itself."""
    return parameter(True, "home first if an axis is not homed")


def attach_parameter() -> Any:
    """The macro that attaches a docked probe."""
    return parameter(
        "auto", "macro that attaches a docked probe; auto finds it, none leaves the probe as it is"
    )


def detach_parameter() -> Any:
    """The macro that docks the probe."""
    return parameter("auto", "macro that docks the probe again; auto finds it")


def _kind(annotation: Any) -> type:
    if isinstance(annotation, types.UnionType):
        annotation = next(arm for arm in typing.get_args(annotation) if arm is not types.NoneType)
    return cast(type, annotation)


def specs(parameters: type) -> tuple[ParameterSpec, ...]:
    """The parameters a dataclass declares, in its order."""
    hints = typing.get_type_hints(parameters)
    return tuple(
        ParameterSpec(f.name, _kind(hints[f.name]), f.default, **f.metadata)
        for f in dataclasses.fields(parameters)
    )


def build(parameters: type[T], values: Mapping[str, Any]) -> T:
    """An instance from values by name, texts or already typed. Raises ParameterError."""
    known = {spec.name: spec for spec in specs(parameters)}
    checked: dict[str, Any] = {}
    for name, value in values.items():
        key = name.replace("-", "_")
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {known[near[0]].flag}?" if near else ""
            raise ParameterError(f"there is no parameter {name!r}{hint}")
        checked[key] = known[key].parse(value) if isinstance(value, str) else known[key].check(value)
    return parameters(**checked)
