"""The entry of one error in the tables of explanations."""

from typing import NamedTuple


class ErrorEntry(NamedTuple):
    """A pattern that is searched in the error's text, case-insensitively, and its explanation. Named groups of the
    pattern are placeholders in the sentences."""

    pattern: str
    what: str
    cause: str
    remedy: str
