"""Lazily made dataclasses behave like the standard library's."""

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, asdict, astuple, field, fields, is_dataclass, replace
from typing import Any, ClassVar

import pytest

from zcal_tui.model.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Slotted:
    """With every kind of field."""

    a: int
    b: str = "b"
    c: list[int] = field(default_factory=list)
    hidden: float = field(default=0.0, repr=False, compare=False)
    unhashed: dict[str, int] = field(default_factory=dict, repr=False, hash=False)
    KIND: ClassVar[str] = "kind"


@dataclass(frozen=True)
class Open:
    """Without slots."""

    x: float
    twice: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "twice", 2 * self.x)


@dataclass(frozen=True)
class Derived(Open):
    """Of another one."""

    y: float = 1.0


@dataclass(frozen=True, slots=True)
class Own:
    """With a method of its own."""

    a: int

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 7


@dataclass(frozen=True, slots=True)
class Keywords:
    """With fields that are given by name alone, and fields that are not given at all."""

    first: int
    named: int = field(kw_only=True)
    also: list[int] = field(default_factory=list, kw_only=True)
    fixed: str = field(default="fixed", init=False)
    own: list[int] = field(default_factory=list, init=False)


@dataclass(frozen=True, slots=True)
class Nothing:
    """Without fields."""


def standard(cls: type) -> Any:
    """The standard library's dataclass of the same fields."""
    given = [
        (f.name, f.type, field(repr=f.repr, compare=f.compare, default=f.default))
        if f.default is not dataclasses.MISSING
        else (f.name, f.type, field(repr=f.repr, default_factory=f.default_factory))
        if f.default_factory is not dataclasses.MISSING
        else (f.name, f.type)
        for f in fields(cls)
    ]
    return dataclasses.make_dataclass(cls.__name__, given, frozen=True, slots=True)


def test_values_defaults_and_comparison() -> None:
    one, other = Slotted(1, c=[2]), Slotted(a=1, c=[2], hidden=5.0)
    assert (one.a, one.b, one.c, one.hidden) == (1, "b", [2], 0.0)
    assert one == other
    assert one != Slotted(2, c=[2])
    assert (one == (1, "b", [2])) is False  # type: ignore[comparison-overlap]
    assert Slotted(1).c is not Slotted(1).c
    assert Nothing() == Nothing()
    assert hash(Open(1.0)) == hash(Open(1.0)) != hash(Open(2.0))
    assert hash(Own(1)) == 7
    assert Slotted(1, unhashed={"a": 1}) != Slotted(1)
    assert hash(replace(Slotted(1), c=())) == hash(replace(Slotted(1, unhashed={"a": 1}), c=()))  # type: ignore[arg-type]
    assert Own(1) == 5


def test_an_instance_cannot_be_changed() -> None:
    one = Slotted(1)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'a'"):
        one.a = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'a'"):
        del one.a
    with pytest.raises(FrozenInstanceError):
        Derived(1.0).y = 3.0  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        Open(1.0).unknown = 3.0  # type: ignore[attr-defined]


@pytest.mark.parametrize("given", [{}, {"a": 1, "z": 2}, {"b": "x"}])
def test_wrong_arguments_are_refused_as_by_the_standard_library(given: dict[str, Any]) -> None:
    with pytest.raises(TypeError) as ours:
        bare: Any = type("Slotted", (), {"__annotations__": {"a": int, "b": str}})
        dataclass(frozen=True, slots=True)(bare)(**given)
    with pytest.raises(TypeError) as theirs:
        dataclasses.make_dataclass("Slotted", [("a", int), ("b", str)], frozen=True)(**given)
    assert str(ours.value) == str(theirs.value)


def test_what_the_standard_library_does_with_dataclasses() -> None:
    one = Slotted(1, c=[3])
    assert is_dataclass(one)
    assert [f.name for f in fields(Slotted)] == ["a", "b", "c", "hidden", "unhashed"]
    assert replace(one, b="x") == Slotted(1, "x", [3])
    assert asdict(one) == {"a": 1, "b": "b", "c": [3], "hidden": 0.0, "unhashed": {}}
    assert astuple(Derived(2.0)) == (2.0, 4.0, 1.0)
    assert pickle.loads(pickle.dumps(one)) == one
    assert copy.deepcopy(one) == one
    assert repr(one) == repr(standard(Slotted)(1, c=[3])) == "Slotted(a=1, b='b', c=[3])"
    match one:
        case Slotted(a, b):
            assert (a, b) == (1, "b")
    assert not hasattr(one, "__dict__")


def test_methods_are_compiled_with_the_first_instance_only() -> None:
    @dataclass(frozen=True, slots=True)
    class Fresh:
        a: int

    before = Fresh.__init__
    Fresh(1)
    assert Fresh.__init__ is not before
    after = Fresh.__init__
    Fresh(2)
    assert Fresh.__init__ is after


def test_fields_by_name_alone_and_fields_that_are_not_given() -> None:
    made, other = Keywords(1, named=2), Keywords(1, named=2, also=[3])
    assert (made.first, made.named, made.also, made.fixed, made.own) == (1, 2, [], "fixed", [])
    assert other.also == [3]
    assert made.own is not other.own
    make: Any = Keywords
    for given, named in (((1,), {}), ((1, 2), {}), ((1,), {"named": 2, "fixed": ""})):
        with pytest.raises(TypeError):
            make(*given, **named)
