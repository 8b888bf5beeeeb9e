"""Narrow an optional value in a test."""

from typing import TypeVar

T = TypeVar("T")


def present(value: T | None) -> T:
    """The value. Fails where there is none."""
    assert value is not None
    return value
