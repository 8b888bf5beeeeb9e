"""Questions to the operating system. A refusal (no permission, no such file or program) is None, not an exception."""

import os
import pwd
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

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
