"""The lines of a macro's script, and which of its branches a call can take."""

import re
from collections.abc import Callable, Iterator, Mapping

SET = re.compile(r"\{%-?\s*set\s+(\w+)\s*=\s*(.*?)\s*-?%\}")
_TAG = re.compile(r"\{%.*?%\}", re.DOTALL)
_BRANCH = re.compile(r"\{%-?\s*(if|elif|else|endif|for|endfor)\b\s*(.*?)\s*-?%\}")
_OPENING, _CLOSING = ("if", "for"), ("endif", "endfor")
_PARAMETER = re.compile(r"""(?<![\w.])(\w+)=("[^"]*"|'[^']*'|\{[^}]*\}|\S+)""")


def lines(script: str) -> Iterator[str]:
    """Commands and tags, each in a line of its own.

    A tag may span several lines. One that chooses between parts of a single command stays in it.
    """
    joined = _TAG.sub(lambda tag: " ".join(tag[0].split()), script)
    for line in map(str.strip, joined.split("\n")):
        if not line.startswith("{%") and _is_whole(line):
            yield line
            continue
        end = 0
        for tag in _TAG.finditer(line):
            yield line[end : tag.start()].strip()
            yield tag[0]
            end = tag.end()
        yield line[end:].strip()


def _is_whole(line: str) -> bool:
    """Whether a line opens no branch that it does not close."""
    names = [tag[1] for tag in _BRANCH.finditer(line)]
    return sum(name in _OPENING for name in names) == sum(name in _CLOSING for name in names)


def parameters(command: str) -> Mapping[str, str]:
    """What a call of a macro gives it, as it is written, by names in capitals."""
    return {name.upper(): text for name, text in _PARAMETER.findall(command.partition(";")[0])}


class Branches:
    """Follows the branches of a script. Each is taken but those whose condition is known not to hold."""

    def __init__(self, holds: Callable[[str], bool | None]) -> None:
        """`holds` says whether a condition does; None where that is not known."""
        self._holds = holds
        self._open: list[tuple[bool, bool, bool]] = []
        """Of each: whether what is around it is taken, whether it is, whether an earlier part is known to be."""

    @property
    def is_taken(self) -> bool:
        """Whether the line at hand is reached."""
        return not self._open or self._open[-1][1]

    @property
    def is_certain(self) -> bool:
        """Whether it is reached in every case."""
        return not self._open

    def pass_tag(self, line: str) -> None:
        """A line was reached that may be the tag of a branch."""
        tag = _BRANCH.fullmatch(line)
        if tag is None:
            return
        name, condition = tag.groups()
        if name in _OPENING:
            self._enter(self.is_taken, settled=False, condition=condition if name == "if" else None)
        elif self._open:
            around, _, settled = self._open.pop()
            if name not in _CLOSING:
                self._enter(around, settled=settled, condition=condition if name == "elif" else None)

    def _enter(self, around: bool, *, settled: bool, condition: str | None) -> None:
        held = self._holds(condition) if condition is not None else None
        self._open.append((around, around and not settled and held is not False, settled or held is True))
