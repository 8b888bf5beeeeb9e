"""Stored runs are for their owner alone: folders 0700, files 0600, whatever the umask."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

FOLDER, FILE = 0o700, 0o600
OURS = "zcal-tui"
"""The data folder's own name, unless a person chose another folder, which may be for other things too."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_folder(folder: Path) -> None:
    """Create a folder, and those above it that are missing, for their owner alone. Raises OSError."""
    missing = [folder, *folder.parents]
    for place in reversed(
        missing[: next((n for n, one in enumerate(missing) if one.is_dir()), len(missing))]
    ):
        place.mkdir(mode=FOLDER, exist_ok=True)


def open_private(path: Path, mode: str) -> IO[str]:
    """Open a text file; one that is created is for its owner alone. Raises OSError."""
    return open(path, mode, encoding="utf-8", opener=private)


def private(path: str, flags: int) -> int:
    """The `opener` of a file that, where it is created, is for its owner alone. Raises OSError."""
    return os.open(path, flags, FILE)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path`, whole or not at all, once it is written and synced. It is nobody else's:
    another program or thread may be replacing `path` too, and the last one counts. Raises OSError."""
    new = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        with open(new, "xb", opener=private) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def protect(folder: Path) -> list[str]:
    """Take the rights of others from a data folder that an earlier version or another program made. Returns what could
    not be changed, with the reason.

    A data folder that a person chose by name keeps its own rights; what zcal-tui keeps in it does not.
    """
    failed: list[str] = []
    for path in _open_to_others(folder):
        try:
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)
        except OSError as error:
            failed.append(f"{path}: {error.strerror or error}")
    return failed


def open_to_others(folder: Path) -> bool:
    """Whether others can read what zcal-tui keeps in this data folder."""
    closed = not _is_open(folder)
    return not closed and next(_open_to_others(folder), None) is not None


def _open_to_others(folder: Path) -> Iterator[Path]:
    """What others may use, from the outside in. Nothing below a folder that was closed already can be reached."""
    if folder.name == OURS and _is_open(folder):
        yield folder
    for log in folder.glob("zcal-tui.log*"):
        if _is_open(log):
            yield log
    printers = folder / "printers"
    if not _is_open(printers):
        return
    for place, folders, files in os.walk(printers):
        for name in (*folders, *files):
            path = Path(place, name)
            if _is_open(path):
                yield path
    yield printers  # last: if this ends early, the next start finds it open and continues


def _is_open(path: Path) -> bool:
    """Whether others have any right on a folder or file; links are left alone."""
    with contextlib.suppress(OSError):
        mode = path.lstat().st_mode
        return bool(mode & _OTHERS) and (stat.S_ISDIR(mode) or stat.S_ISREG(mode))
    return False
