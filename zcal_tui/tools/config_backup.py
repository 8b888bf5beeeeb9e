"""Where the backup of an edited configuration file goes: where no include line finds it."""

import os
import posixpath
from collections.abc import Iterable, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path

from zcal_tui.tools.klipper_folder import InstallError


def backup_folder(environment: Mapping[str, str], home: Path) -> Path:
    """The folder for backups: outside the configuration, so that installing and uninstalling leave it as it was."""
    data = environment.get("XDG_DATA_HOME", "")
    base = Path(data) if os.path.isabs(data) else home / ".local" / "share"  # noqa: PTH117  an empty text is no path
    return base / "zcal-tui" / "config-backups"


def backup_place(file: Path, folder: Path, patterns: Iterable[str]) -> Path:
    """A new path for a file's backup that none of the absolute include patterns matches. Raises InstallError."""
    stamp = datetime.now().strftime("%Y%m%d_%H%M%S")
    wanted = list(patterns)
    for count in range(1000):
        mark = stamp if count == 0 else f"{stamp}-{count}"
        for name in (f"{file.name}.before-zcal-{mark}", f".{file.name}.before-zcal-{mark}"):
            place = folder / name
            if not place.exists() and not any(matches(str(place), pattern) for pattern in wanted):
                return place
    raise InstallError(
        f"An include line of the configuration matches every file in {folder}. Narrow it first."
    )


def absolute(source: str, pattern: str) -> str:
    """An include pattern as klippy joins it: relative to the file that it is in."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(posixpath.abspath(source)), pattern))


def matches(path: str, pattern: str) -> bool:
    """Whether a path matches a pattern as Python's glob does: a * stays in its folder and finds no hidden file, ** (as
    for Kalico) crosses folders."""
    return _matches(path.split("/"), pattern.split("/"))


def _matches(parts: list[str], patterns: list[str]) -> bool:
    if not patterns:
        return not parts
    first, rest = patterns[0], patterns[1:]
    if first == "**":
        return any(_matches(parts[skip:], rest) for skip in range(len(parts) + 1))
    if not parts or not (parts[0] == first or fnmatchcase(parts[0], first)):
        return False
    if parts[0].startswith(".") and not first.startswith("."):
        return False
    return _matches(parts[1:], rest)
