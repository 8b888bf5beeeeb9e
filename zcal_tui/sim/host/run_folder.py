"""The folder in which one simulated printer lives, laid out like a printer's `printer_data`.

Its path is short because a unix socket's may have only 107 bytes. It names the printer, so that zcal-tui can call it by
that name (zcal_tui/printer/mirror.py). A lock that the kernel drops with the
process distinguishes a running printer's folder from one that a killed simulator left behind.
"""

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import IO

from zcal_tui.sim.host.errors import SimulatorError

PREFIX = "zcal-sim-"
LONGEST_SOCKET_PATH = 107
LONGEST_NAME = 24
"""Characters of the printer's name that its folder's has."""


class RunFolder:
    """One printer's folder: printer.cfg, sockets, logs."""

    def __init__(self, path: Path, lock: IO[str], *, keep: bool) -> None:
        self.path = path
        self._lock = lock
        self._keep = keep
        self.config = path / "config" / "printer.cfg"
        self.klippy_socket = path / "comms" / "klippy.sock"
        self.moonraker_socket = path / "comms" / "moonraker.sock"
        self.control_socket = path / "comms" / "control.sock"
        self.gcodes = path / "gcodes"
        self.mcu_port = path / "comms" / "mcu"
        self.klippy_tty = path / "comms" / "klippy.serial"
        self.klippy_log = path / "logs" / "klippy.log"
        self.temporary = path / "tmp"
        self.moonraker_log = path / "logs" / "moonraker.log"
        for folder in ("config", "comms", "logs", "gcodes", "tmp"):
            (path / folder).mkdir(exist_ok=True)

    def remove(self) -> None:
        """Remove it with everything in it, unless it is to be kept."""
        if not self._keep:
            shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def create_run_folder(wanted: Path | None = None, *, name: str = "", keep: bool = False) -> RunFolder:
    """A new folder for the printer of this name, in the folder for temporary files unless one is wanted; a wanted one
    is kept.

    Raises SimulatorError where it is in use, not writable, or its path is too long for sockets.
    """
    try:
        if wanted is not None:
            path = wanted.expanduser().resolve()
            path.mkdir(parents=True, exist_ok=True)
        else:
            remove_stale_folders()
            own = re.sub(r"[^A-Za-z0-9_.]", "_", name)[:LONGEST_NAME]
            prefix = f"{PREFIX}{own}-" if own else PREFIX
            path = Path(tempfile.mkdtemp(prefix=prefix, dir=_short_temporary_folder()))
        _check_length(path)
        lock = (path / ".lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise SimulatorError(
                f"{path} is in use by another simulated printer.",
                remedy="Stop that one, or name another --run-dir.",
            ) from None
        if keep:
            (path / ".keep").touch()
        return RunFolder(path, lock, keep=keep or wanted is not None)
    except OSError as error:
        raise SimulatorError(
            "The simulated printer's folder cannot be made.",
            f"{error.strerror} ({error.filename}).",
            "Name another place with --run-dir.",
        ) from error


def remove_stale_folders() -> None:
    """Remove what killed simulators of this user left behind."""
    for path in _short_temporary_folder().glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # not of ours, or just removed by another simulator
            if path.stat().st_uid == os.getuid() and not (path / ".keep").exists() and _is_abandoned(path):
                shutil.rmtree(path, ignore_errors=True)


def _is_abandoned(path: Path) -> bool:
    with (path / ".lock").open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _short_temporary_folder() -> Path:
    folder = Path(tempfile.gettempdir())
    return folder if len(str(folder)) <= 40 else Path("/tmp")


def _check_length(path: Path) -> None:
    longest = str(path / "comms" / "moonraker.sock")
    if len(os.fsencode(longest)) > LONGEST_SOCKET_PATH:
        raise SimulatorError(
            f"The path {path} is too long.",
            f"Unix sockets in it would have more than {LONGEST_SOCKET_PATH} bytes.",
            "Name a shorter --run-dir.",
        )
