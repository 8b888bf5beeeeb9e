"""Which paths an include pattern finds, without a look at the disk."""

import posixpath
from fnmatch import fnmatchcase


def absolute(source: str, pattern: str) -> str:
    """An include pattern as klippy joins it: relative to the file that it is in."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(posixpath.abspath(source)), pattern))


def matches(path: str, pattern: str, *, recursive: bool = False) -> bool:
    """Whether a path matches a pattern as Python's glob does: a * stays in its folder and finds nothing hidden. With
    `recursive`, as for Kalico, ** crosses folders that are not hidden."""
    return _matches(path.split("/"), pattern.split("/"), recursive)


def _matches(parts: list[str], patterns: list[str], recursive: bool) -> bool:
    if not patterns:
        return not parts
    first, rest = patterns[0], patterns[1:]
    if recursive and first == "**":
        if _matches(parts, rest, recursive):
            return True
        return bool(parts) and not parts[0].startswith(".") and _matches(parts[1:], patterns, recursive)
    if not parts or not (parts[0] == first or fnmatchcase(parts[0], first)):
        return False
    if parts[0].startswith(".") and not first.startswith("."):
        return False
    return _matches(parts[1:], rest, recursive)
