"""Where a printer may be found on this machine."""

import contextlib
import socket
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from zcal_tui.transport.address import MOONRAKER_PORT

PATTERNS = ("printer*_data/comms/klippy.sock", "printer*_data/comms/moonraker.sock")
"""Sockets below the home folder, in the order in which they are tried."""
OLD = Path("/tmp/klippy_uds")
"""The default of old installations."""


def is_socket(path: Path) -> bool:
    """Whether a path is a socket that this user can see."""
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except OSError:
        return False


def sockets_here(home: Path) -> Sequence[Path]:
    """The sockets of klippy and Moonraker that exist below a home folder and in the usual places."""
    found = [path for pattern in PATTERNS for path in sorted(home.glob(pattern))]
    return [path for path in (*found, OLD) if is_socket(path)]


SEVERAL = range(MOONRAKER_PORT, MOONRAKER_PORT + 4)
"""Ports of this machine's Moonrakers: where there are several, installers count on from the usual one."""
CONNECT_LIMIT = 0.2
"""Seconds for a connection to this machine itself."""


def servers_here(ports: Iterable[int] = SEVERAL) -> Sequence[str]:
    """The addresses on this machine at which something accepts connections. Sends nothing."""
    found = []
    for port in ports:
        with contextlib.suppress(OSError), socket.create_connection(("localhost", port), CONNECT_LIMIT):
            found.append(f"localhost:{port}")
    return found


def wrong_kind(path: Path) -> str | None:
    """What a path is instead of a socket, as a clause; None for a socket and for nothing at all."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    if stat.S_ISSOCK(mode):
        return None
    if stat.S_ISDIR(mode):
        return "it is a folder, not a socket"
    if path.suffix == ".cfg":
        return "it is a configuration file, not a socket"
    if path.suffix == ".log":
        return "it is a log file, not a socket"
    return "it is a file, not a socket" if stat.S_ISREG(mode) else "it is no socket"
