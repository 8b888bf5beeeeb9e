"""Whether a version meets the conditions that pyproject.toml sets."""

import operator
import re
from collections.abc import Callable, Mapping

_CONDITION = re.compile(r"(>=|<=|==|!=|~=|>|<)\s*([0-9][0-9.]*)")
_COMPARISONS: Mapping[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}


def satisfies(version: str, wanted: str) -> bool:
    """Whether a version meets conditions such as `>=8.2,<9`; those that cannot be read count as met."""
    have = version_numbers(version)
    return all(_meets(have, sign, text) for sign, text in _CONDITION.findall(wanted))


def _meets(have: tuple[int, ...], sign: str, text: str) -> bool:
    want, same = version_numbers(text), text.count(".")
    if sign == "~=":
        return have >= want and have[:same] == want[:same]
    return _COMPARISONS[sign](have, want)


def version_numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, without zeros at the end: 8.2.0 is 8.2."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, re.sub(r"(?:\.0+)+$", "", found[0]).split("."))) if found else ()
