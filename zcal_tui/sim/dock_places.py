"""Where macros fetch and leave a docked probe, read from their moves.

A macro is followed line by line through the macros that it calls, as if each condition held; values come from macro
variables. The dock is the last place of the macro that leaves the probe which the one that fetches it visits too; the
move from there takes the probe off.
"""

import ast
import itertools
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from zcal_tui.klipper_config.configuration import Configuration, Section, sections_named

PAIRS = (
    ("ATTACH_PROBE", "DOCK_PROBE"),
    ("ATTACH_PROBE", "DETACH_PROBE"),
    ("DEPLOY_PROBE", "STOW_PROBE"),
    ("M401", "M402"),
)
RADIUS = 3.0
"""mm. Macros have several docks a little apart, for before and after levelling."""

Place = tuple[float, float]
_SET = re.compile(r"\{%-?\s*set\s+(\w+)\s*=\s*(.*?)\s*-?%\}")
_MOVE = re.compile(r"^\s*G[01]\s+(.*)$", re.IGNORECASE)
_AXIS = re.compile(r"([XY])\s*(\{[^}]*\}|-?[\d.]+)", re.IGNORECASE)
_MACRO = re.compile(r"""printer\s*\[\s*["']gcode_macro\s+(\w+)["']\s*\]""")
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
    for fetch, leave in PAIRS:
        if fetch in macros and leave in macros:
            found = _dock(list(_Walk(macros).places(fetch)), list(_Walk(macros).places(leave)))
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


class _Walk:
    """Follows the moves of macros."""

    def __init__(self, macros: Mapping[str, Section]) -> None:
        self._macros = macros
        self._at: dict[str, float] = {}

    def places(self, name: str, depth: int = 0) -> Iterator[Place]:
        """The places that a macro moves to, each as soon as X and Y are known."""
        values = self._variables(name)
        for line in (self._macros[name].get("gcode") or "").split("\n"):
            for key, expression in _SET.findall(line):
                values[key] = self._value(expression, values)
            move = _MOVE.match(line)
            if move is not None:
                before = dict(self._at)
                for axis, word in _AXIS.findall(move[1]):
                    value = self._value(word.strip("{}"), values)
                    if isinstance(value, int | float):
                        self._at[axis.upper()] = round(float(value), 3)
                if self._at != before and len(self._at) == 2:
                    yield self._at["X"], self._at["Y"]
                continue
            word = (line.split() or [""])[0].upper()
            if word in self._macros and depth < _DEEPEST:
                yield from self.places(word, depth + 1)

    def _variables(self, macro: str) -> dict[str, Any]:
        section = self._macros.get(macro.upper())
        found: dict[str, Any] = {}
        for name, option in section.options.items() if section is not None else ():
            if name.startswith("variable_"):
                try:
                    found[name.removeprefix("variable_")] = ast.literal_eval(option.value)
                except (ValueError, SyntaxError):  # klippy refuses it
                    continue
        return found

    def _value(self, expression: str, values: Mapping[str, Any]) -> Any:
        """What an expression of names, numbers and indices gives; None for any other."""
        text = _MACRO.sub(r"__macro__.\1", expression.partition("|")[0]).strip()
        try:
            return self._evaluate(ast.parse(text, mode="eval").body, values)
        except (SyntaxError, ValueError, TypeError, LookupError, ArithmeticError):
            return None

    def _evaluate(self, node: ast.expr, values: Mapping[str, Any]) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return values[name]
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
