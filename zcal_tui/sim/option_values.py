"""Which values a klippy accepts for an option, read from its source text without running any of it.

klippy's modules read options as config.getfloat("speed", 5.0, above=0.0): the call has the type and the bounds. Where
several calls read the same option, a value is accepted that one of them accepts.
Source: Klipper, klippy/configfile.py (ConfigWrapper).
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from configparser import RawConfigParser
from dataclasses import dataclass
from pathlib import Path

_TYPES = {"getfloat": "number", "getint": "whole number", "getboolean": "boolean", "getchoice": "choice"}
_OURS = {"_number": "number"}
"""A method of the companion modules around getfloat."""
_BOUNDS = ("minval", "maxval", "above", "below")
_REPLACED = "${"
"""What Kalico replaces before it reads the value."""


@dataclass(frozen=True, slots=True)
class ValueRule:
    """What one call accepts."""

    type: str
    bounds: tuple[tuple[str, float], ...] = ()
    choices: tuple[str, ...] = ()
    """Empty where they are not written in the call."""

    def problem(self, text: str) -> str:
        """Why a value is not accepted, as the end of a sentence; empty where it is."""
        if _REPLACED in text or (self.type == "choice" and not self.choices):
            return ""
        if self.type == "choice":
            return "" if text in self.choices else f"must be one of {', '.join(self.choices)}"
        if self.type == "boolean":
            known = text.lower() in RawConfigParser.BOOLEAN_STATES
            return "" if known else "must be True or False"
        try:
            value = float(text) if self.type == "number" else int(text)
        except ValueError:
            return f"must be a {self.type}"
        broken = (_beyond(value, bound, limit) for bound, limit in self.bounds)
        return next((why for why in broken if why), "")


def _beyond(value: float, bound: str, limit: float) -> str:
    match bound:
        case "minval" if value < limit:
            return f"must not be below {limit:g}"
        case "maxval" if value > limit:
            return f"must not be above {limit:g}"
        case "above" if value <= limit:
            return f"must be above {limit:g}"
        case "below" if value >= limit:
            return f"must be below {limit:g}"
    return ""


def value_rules(paths: Sequence[Path]) -> Mapping[str, tuple[ValueRule, ...]]:
    """The rules in these modules, by the option's name in lower case. An option that is also read as a text, as a list
    or in a way that is not known here has none."""
    found: dict[str, list[ValueRule]] = {}
    free: set[str] = set()
    for path in paths:
        try:
            tree = ast.parse(path.read_text(encoding="utf-8", errors="replace"))
        except SyntaxError:  # another version of Python, or no module at all
            continue
        for option, rule in _rules(tree):
            if rule is None:
                free.add(option)
            else:
                found.setdefault(option, []).append(rule)
    return {option: tuple(rules) for option, rules in found.items() if option not in free}


def refused_value(rules: Sequence[ValueRule], text: str) -> str:
    """Why no rule accepts a value; empty where one does, or without any."""
    problems = [rule.problem(text) for rule in rules]
    return problems[0] if problems and all(problems) else ""


def _rules(tree: ast.AST) -> Iterator[tuple[str, ValueRule | None]]:
    lists = _named_choices(tree)
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args):
            continue
        first = call.args[0]
        if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
            continue
        method = call.func.attr
        if method in _OURS and _name(call.func.value) == "self":
            yield first.value.lower(), ValueRule(_OURS[method], tuple(_bounds(call)))
        elif _name(call.func.value) in ("config", "_config") and method.startswith("get"):
            choices = _choices(call.args[1], lists) if len(call.args) > 1 else ()
            rule = ValueRule(_TYPES[method], tuple(_bounds(call)), choices) if method in _TYPES else None
            yield first.value.lower(), rule


def _name(node: ast.expr) -> str:
    """The last name of `config` or `self.config`; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _bounds(call: ast.Call) -> Iterator[tuple[str, float]]:
    """The bounds that are written as numbers; others depend on what klippy has read before."""
    for keyword in call.keywords:
        if keyword.arg in _BOUNDS:
            try:
                value = ast.literal_eval(keyword.value)
            except ValueError:
                continue
            if isinstance(value, int | float):
                yield keyword.arg, float(value)


def _named_choices(tree: ast.AST) -> Mapping[str, tuple[str, ...]]:
    """The lists of choices that have a name; none where a name stands for several."""
    found: dict[str, tuple[str, ...]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            found[name] = () if name in found else _choices(node.value, {})
    return found


def _choices(node: ast.expr, lists: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    if isinstance(node, ast.Name):
        return lists.get(node.id, ())
    if isinstance(node, ast.Dict):
        nodes: Sequence[ast.expr | None] = node.keys
    elif isinstance(node, ast.List | ast.Tuple):
        nodes = node.elts
    else:
        return ()
    texts = [one.value for one in nodes if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return tuple(texts) if len(texts) == len(nodes) else ()
