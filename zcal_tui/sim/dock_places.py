"""Where macros fetch and leave a docked probe, read from their moves.

A macro is followed line by line through the macros that it calls, as if each condition held but those that the call's
parameters rule out. Values come from macro variables, and from what SET_GCODE_VARIABLE sets them to when klippy starts.
The dock is the last place of the macro that leaves the probe which the one that fetches it visits too; the move from
there takes the probe off.
"""

import ast
import itertools
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from zcal_tui.klipper_config.configuration import Configuration, Section, sections_named
from zcal_tui.sim.macro_scripts import SET, Branches, lines, parameters

PAIRS = (
    ("ATTACH_PROBE", "DOCK_PROBE"),
    ("ATTACH_PROBE", "DETACH_PROBE"),
    ("DEPLOY_PROBE", "STOW_PROBE"),
    ("M401", "M402"),
)
RADIUS = 3.0
"""mm. Macros have several docks a little apart, for before and after levelling."""

_FILTERS: Mapping[str, Callable[[str], Any]] = {"lower": str.lower, "upper": str.upper}
Place = tuple[float, float]
Variables = Mapping[str, Mapping[str, Any]]
"""Values of variables, by the macro in capitals."""
_MOVE = re.compile(r"^\s*G[01]\s+(.*)$", re.IGNORECASE)
_AXIS = re.compile(r"([XY])\s*(\{[^}]*\}|-?[\d.]+)", re.IGNORECASE)
_MACRO = re.compile(r"""printer\s*\[\s*["']gcode_macro\s+(\w+)["']\s*\]""")
_ASSIGNMENT = re.compile(r"^SET_GCODE_VARIABLE\s+MACRO=(\w+)\s+VARIABLE=(\w+)\s+VALUE=(.+)$", re.IGNORECASE)
_DEEPEST = 5
_OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def dock_of(configuration: Configuration) -> tuple[Place, Place] | None:
    """The dock and where the probe comes off; None where the macros do not tell."""
    macros = {
        section.name.partition(" ")[2].strip().upper(): section
        for section in sections_named(configuration, "gcode_macro")
    }
    started = _set_at_start(configuration, macros)
    for fetch, leave in PAIRS:
        if fetch in macros and leave in macros:
            found = _dock(
                list(_Walk(macros, started).places(fetch)), list(_Walk(macros, started).places(leave))
            )
            if found is not None:
                return found
    return None


def _dock(fetching: list[Place], leaving: list[Place]) -> tuple[Place, Place] | None:
    for place, after in reversed(list(itertools.pairwise(leaving))):
        if place not in fetching or math.dist(place, after) <= 2 * RADIUS:
            continue
        if (
            after not in fetching[fetching.index(place) :]
        ):  # else the probe would come off as soon as it is fetched
            return place, after
    return None


def _set_at_start(configuration: Configuration, macros: Mapping[str, Section]) -> Variables:
    """The variables of macros that klippy's start sets."""
    walk = _Walk(macros, {})
    for section in sections_named(configuration, "delayed_gcode"):
        if (section.get("initial_duration") or "0").strip().strip("0.") != "":
            for _ in walk.follow(section.get("gcode") or "", {}, {}):
                pass
    return walk.assigned


class _Walk:
    """Follows the moves of macros."""

    def __init__(self, macros: Mapping[str, Section], started: Variables) -> None:
        self._macros = macros
        self._started = started
        self._at: dict[str, float] = {}
        self.assigned: dict[str, dict[str, Any]] = {}
        """Variables that were set on the way, by the macro in capitals."""

    def places(self, name: str, depth: int = 0) -> Iterator[Place]:
        """The places that a macro moves to, each as soon as X and Y are known."""
        return self.follow(self._script(name), self._variables(name), {}, depth)

    def follow(
        self, script: str, values: dict[str, Any], certain: dict[str, Any], depth: int = 0
    ) -> Iterator[Place]:
        """The same of a script with these values, of which those are `certain` that nothing changes later."""
        branches = Branches(lambda condition: self._decide(condition, certain))
        for line in lines(script):
            branches.pass_tag(line)
            if not branches.is_taken:
                continue
            for key, expression in SET.findall(line):
                values[key] = self._value(expression, values)
                known = _MACRO.search(expression) is None and branches.is_certain
                certain[key] = self._value(expression, certain) if known else None
            self._assign(line, values)
            move = _MOVE.match(line)
            if move is not None:
                yield from self._move(move[1], values)
                continue
            word = (line.split() or [""])[0].upper()
            if word in self._macros and depth < _DEEPEST:
                yield from self._call(word, line, certain, depth + 1)

    def _script(self, macro: str) -> str:
        return self._macros[macro].get("gcode") or ""

    def _call(self, macro: str, command: str, certain: Mapping[str, Any], depth: int) -> Iterator[Place]:
        """The places of a macro that another one calls."""
        given: dict[str, str] = {}
        for name, text in parameters(command).items():
            value = self._value(text.strip("{}"), certain) if "{" in text else text.strip("\"'")
            if value is not None:
                given[name] = str(value)
        yield from self.follow(
            self._script(macro), {**self._variables(macro), "params": given}, {"params": given}, depth
        )

    def _move(self, words: str, values: Mapping[str, Any]) -> Iterator[Place]:
        before = dict(self._at)
        for axis, word in _AXIS.findall(words):
            value = self._value(word.strip("{}"), values)
            if isinstance(value, int | float):
                self._at[axis.upper()] = round(float(value), 3)
        if self._at != before and len(self._at) == 2:
            yield self._at["X"], self._at["Y"]

    def _assign(self, line: str, values: Mapping[str, Any]) -> None:
        found = _ASSIGNMENT.match(line.partition(";")[0].strip())
        if found is not None:
            macro, key, text = found.groups()
            self.assigned.setdefault(macro.upper(), {})[key.lower()] = self._assigned(text, values)

    def _variables(self, macro: str) -> dict[str, Any]:
        section = self._macros.get(macro.upper())
        started = self._started.get(macro.upper(), {})
        found: dict[str, Any] = {}
        for name, option in section.options.items() if section is not None else ():
            if name.startswith("variable_"):
                try:
                    found[name.removeprefix("variable_")] = ast.literal_eval(option.value)
                except (ValueError, SyntaxError):  # klippy refuses it
                    continue
        return found | {name: value for name, value in started.items() if value is not None}

    def _assigned(self, text: str, values: Mapping[str, Any]) -> Any:
        """The value of an assignment: an expression in braces, or one as it is written."""
        text = text.strip().strip("\"'")
        if text.startswith("{") and text.endswith("}"):
            inner = self._value(text[1:-1], values)
            if inner is not None:
                return inner
        return self._value(text, values)

    def _value(self, expression: str, values: Mapping[str, Any]) -> Any:
        """What an expression of names, numbers and indices gives; None for any other."""
        source, *filters = (part.strip() for part in expression.split("|"))
        try:
            value = self._evaluate(ast.parse(_MACRO.sub(r"__macro__.\1", source), mode="eval").body, values)
        except (SyntaxError, ValueError, TypeError, LookupError, ArithmeticError):
            return None
        if isinstance(value, str):
            for name in filters:
                value = _FILTERS[name](value) if name in _FILTERS else value
        return value

    def _decide(self, condition: str, values: Mapping[str, Any]) -> bool | None:
        """Whether a condition holds; None where these values do not decide it."""
        try:
            return self._holds(ast.parse(condition, mode="eval").body, values)
        except SyntaxError:
            return None

    def _holds(self, node: ast.expr, values: Mapping[str, Any]) -> bool | None:
        match node:
            case ast.BoolOp(op=sign, values=parts):
                decisive = isinstance(sign, ast.Or)
                found = [self._holds(part, values) for part in parts]
                return decisive if decisive in found else None if None in found else not decisive
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                found_one = self._holds(operand, values)
                return None if found_one is None else not found_one
            case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq() as sign], comparators=[right]):
                try:
                    one, other = self._evaluate(left, values), self._evaluate(right, values)
                except (ValueError, TypeError, LookupError, ArithmeticError):
                    return None
                return None if None in (one, other) else (one == other) is isinstance(sign, ast.Eq)
        return None

    def _evaluate(self, node: ast.expr, values: Mapping[str, Any]) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return values[name]
            case ast.List(elts=entries) | ast.Tuple(elts=entries):
                return [self._evaluate(entry, values) for entry in entries]
            case ast.Dict(keys=keys, values=entries) if None not in keys:
                return {
                    self._evaluate(key, values): self._evaluate(entry, values)
                    for key, entry in zip(keys, entries, strict=True)
                    if key is not None
                }
            case ast.Attribute(value=ast.Name(id="__macro__"), attr=macro):
                return self._variables(macro)
            case ast.Attribute(value=owner, attr=name):
                return self._evaluate(owner, values)[name]
            case ast.Subscript(value=owner, slice=index):
                return self._evaluate(owner, values)[self._evaluate(index, values)]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._evaluate(operand, values)
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
                return _OPERATORS[type(sign)](self._evaluate(left, values), self._evaluate(right, values))
        raise ValueError(f"{type(node).__name__} is not followed")
