"""A frozen dataclass whose methods cost nothing until they are used.

`dataclasses.dataclass(frozen=True)` compiles six methods for each class when its module is imported: for the hundred
classes that the first screens import, as much time as a third of Textual. Here the methods are shared functions, and
`__init__` is compiled when the first instance is made. Fields, comparison, `replace`, `asdict`, `match` and pickling
are those of the standard library.
"""

import dataclasses
import operator
import reprlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass  # what type checkers see
else:

    def dataclass(cls=None, /, *, frozen=False, slots=False, **others):
        """Like `dataclasses.dataclass`; a frozen one without other options is made lazily."""
        if not frozen or others:
            return dataclasses.dataclass(cls, frozen=frozen, slots=slots, **others)
        return _lazy(slots) if cls is None else _lazy(slots)(cls)


def _lazy(slots: bool) -> Callable[[type], type]:
    def make(cls: type) -> type:
        made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
        # A class with its own __eq__ has None for __hash__
        own = {name for name, value in cls.__dict__.items() if value is not None}
        for name, method in _methods(made, slots).items():
            if name not in own:
                setattr(made, name, method)
        return cast(type, made)

    return make


def _methods(made: Any, slots: bool) -> dict[str, Any]:
    """The methods that the standard library would compile. They look at the fields when they are first called."""
    fields = dataclasses.fields(made)
    names = frozenset(field.name for field in fields)
    key = _key(tuple(f.name for f in fields if f.compare))
    hashed = _key(tuple(f.name for f in fields if (f.compare if f.hash is None else f.hash)))

    def initialise(self: Any, *arguments: Any, **keywords: Any) -> None:
        compiled = _compiled_init(made)
        made.__init__ = compiled
        compiled(self, *arguments, **keywords)

    def refuse_change(self: Any, name: str, value: Any) -> None:
        if type(self) is made or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(made, self).__setattr__(name, value)

    def refuse_deletion(self: Any, name: str) -> None:
        if type(self) is made or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(made, self).__delattr__(name)

    def is_equal(self: Any, other: Any) -> Any:
        if other.__class__ is self.__class__:
            return key(self) == key(other)
        return NotImplemented

    def hash_of(self: Any) -> int:
        return hash(hashed(self))

    @reprlib.recursive_repr()
    def shown(self: Any) -> str:
        values = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields if f.repr)
        return f"{self.__class__.__qualname__}({values})"

    methods = {
        "__init__": initialise,
        "__setattr__": refuse_change,
        "__delattr__": refuse_deletion,
        "__eq__": is_equal,
        "__hash__": hash_of,
        "__repr__": shown,
    }
    return {**methods, "__getstate__": _state, "__setstate__": _set_state} if slots else methods


def _key(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """A function that gives the values of these fields as a tuple."""
    match names:
        case ():
            return lambda _: ()
        case (name,):
            return lambda instance: (getattr(instance, name),)
        case _:
            return operator.attrgetter(*names)


def _compiled_init(made: Any) -> Callable[..., None]:
    """An `__init__` as the standard library compiles it, alone: `make_dataclass` would take four times as long. Used by
    every instance from the second on."""
    scope: dict[str, Any] = {"_set": object.__setattr__, "_missing": dataclasses.MISSING}
    parameters, keywords, body = ["_self"], ["*"], ["pass"]
    for number, field in enumerate(dataclasses.fields(made)):
        default, value = "", field.name
        if field.default is not dataclasses.MISSING:
            default = f"_default{number}"
            scope[default] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            default, factory = "_missing", f"_factory{number}"
            scope[factory] = field.default_factory
            value = f"{factory}() if {value} is _missing else {value}" if field.init else f"{factory}()"
        if field.init:
            of = keywords if field.kw_only else parameters
            of.append(f"{field.name}={default}" if default else field.name)
        elif default != "_missing":
            if not default:
                continue
            value = default
        body.append(f"_set(_self, {field.name!r}, {value})")
    if hasattr(made, "__post_init__"):
        body.append("_self.__post_init__()")
    arguments = ", ".join([*parameters, *(keywords if len(keywords) > 1 else [])])
    exec(f"def __init__({arguments}):\n " + "\n ".join(body), scope)
    init: Callable[..., None] = scope["__init__"]
    init.__qualname__ = f"{made.__qualname__}.__init__"
    init.__annotations__ = {field.name: field.type for field in dataclasses.fields(made) if field.init}
    return init


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
