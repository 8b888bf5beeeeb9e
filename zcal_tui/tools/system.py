"""Questions to the operating system. A refusal (no permission, no such file or program) is None, not an exception."""

import os
import pwd
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

from zcal_tui.model.lazy_dataclass import dataclass

T = TypeVar("T")


def attempt(ask: Callable[[], T], *refusals: type[Exception]) -> T | None:
    """The answer; None after an OSError or one of the other `refusals`."""
    refused: tuple[type[Exception], ...] = (OSError, *refusals)
    try:
        return ask()
    except refused:
        return None


def exists(path: Path) -> bool:
    """Whether this user can see a file there: other users' homes may be closed."""
    return attempt(path.stat) is not None


def user_name(uid: int) -> str:
    """The name of a user, or the number where there is no name."""
    found = attempt(lambda: pwd.getpwuid(uid), KeyError, OverflowError)
    return found.pw_name if found is not None else str(uid)


@dataclass(frozen=True, slots=True)
class SocketFile:
    """What is at a socket's path."""

    kind: Literal["missing", "closed", "socket", "terminal", "folder", "other"]
    """closed: in a folder that this user cannot access."""
    owner: str = ""
    writable: bool = False


def socket_file(path: Path) -> SocketFile:
    """Find out what is at the path of a socket."""
    try:
        status = path.stat()
    except PermissionError:
        return SocketFile("closed")
    except OSError:
        return SocketFile("missing")
    owner = user_name(status.st_uid)
    if stat.S_ISSOCK(status.st_mode):
        return SocketFile("socket", owner, os.access(path, os.W_OK))
    if stat.S_ISCHR(status.st_mode):
        return SocketFile("terminal", owner)
    return SocketFile("folder" if stat.S_ISDIR(status.st_mode) else "other", owner)


def output_of(*command: str, seconds: float = 30.0) -> str | None:
    """What a program prints, stripped; None where it is missing, fails or takes longer than `seconds`."""
    done = attempt(
        lambda: subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=seconds, check=False
        ),
        subprocess.TimeoutExpired,
    )
    if done is None or done.returncode != 0:
        return None
    return done.stdout.decode(errors="replace").strip()


def tail(path: Path, most: int) -> str | None:
    """The last `most` bytes of a text file."""

    def read() -> str:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - most))
            return file.read().decode(errors="replace")

    return attempt(read)
