"""Every page of docs/ as of today."""

from collections.abc import Callable
from pathlib import Path

from docs_tools import check_parts, messages, module_parts
from docs_tools.blocks import Maker, PageError, filled
from zcal_tui.model import limits_page
from zcal_tui.sim import truth_docs
from zcal_tui.tui import key_docs

DOCS = Path(__file__).parents[1] / "docs"

MAKERS: dict[str, Maker] = {
    "estimates": check_parts.estimates,
    "limits": check_parts.limits_table,
    "messages": messages.messages,
    "options": check_parts.options,
    "stale": check_parts.stale,
    "zcal-options": module_parts.zcal_options,
}

WHOLE: dict[str, Callable[[str], str]] = {
    "keys.md": key_docs.updated,
    "limits.md": lambda _: limits_page.reference(),
    "truth.md": lambda _: truth_docs.reference(),
}
"""Pages with a maker of their own, from the page as it is."""


def as_of_today(name: str, page: str) -> str:
    """The page `name` (relative to docs/) with everything made from the program. Raises PageError."""
    if whole := WHOLE.get(name):
        return whole(page)
    try:
        return filled(page, MAKERS)
    except PageError as error:
        raise PageError(f"docs/{name}: {error}") from error


def update() -> list[str]:
    """Rewrite what changed; returns the names. Raises PageError."""
    changed = []
    for path in sorted(DOCS.rglob("*.md")):
        name = path.relative_to(DOCS).as_posix()
        before = path.read_text(encoding="utf-8")
        after = as_of_today(name, before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed.append(name)
    return changed
