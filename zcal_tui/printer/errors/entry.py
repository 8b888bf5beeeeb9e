"""What `explain` knows of one error."""

from typing import NamedTuple


class ErrorEntry(NamedTuple):
    """A pattern for the error's text, searched without regard to case, and what to say about it. Named groups of
    the pattern may stand in the sentences in braces."""

    pattern: str
    what: str
    cause: str
    remedy: str
