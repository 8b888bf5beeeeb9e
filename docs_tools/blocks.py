"""Parts of a page that are made from the program: from `<!-- made: NAME WORD … -->` to `<!-- end -->`."""

import re
from collections.abc import Callable, Mapping, Sequence

Maker = Callable[[Sequence[str]], str]
"""From the words behind the name to Markdown."""

_BLOCK = re.compile(r"(?P<begin><!-- made: (?P<words>[^>]+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)
_OPENED = re.compile(r"<!-- made:")


class PageError(ValueError):
    """A page that cannot be made; the text says what is wrong with it."""


def filled(page: str, makers: Mapping[str, Maker]) -> str:
    """The page with every block as of today. Raises PageError."""
    if len(_OPENED.findall(page)) != len(_BLOCK.findall(page)):
        raise PageError("a block is not closed by <!-- end -->")

    def block(match: re.Match[str]) -> str:
        name, *words = match["words"].split()
        if name not in makers:
            raise PageError(f"nothing makes a block {name!r}; there are {', '.join(sorted(makers))}")
        return f"{match['begin']}{makers[name](words).rstrip()}\n{match['end']}"

    return _BLOCK.sub(block, page)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table. Bars in cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return (
        "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
        + "\n"
    )
