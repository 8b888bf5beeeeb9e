"""Which sections the page of a check must have, and that none is empty."""

import re
from collections.abc import Iterator

REQUIRED = (
    "What it measures",
    "How it works",
    "Formula",
    "Limits",
    "What can mislead it",
    "Plots",
    "Run it",
    "Options",
)

_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def faults(page: str) -> Iterator[str]:
    """What is wrong with the page of a check, a sentence each."""
    pieces = _HEADING.split(page)
    texts = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    for title in REQUIRED:
        if title not in texts:
            yield f"The section {title!r} is missing."
    for title, text in texts.items():
        if not _COMMENT.sub("", text).strip():
            yield f"The section {title!r} is empty."
