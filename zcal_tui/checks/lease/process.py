"""The name and the identity of a client process, by which another program can find out that it has ended.

A pid alone is not enough: pids are reused, containers count their own, and two hosts may have the same name. A process
is therefore identified by the kernel's boot id, its pid namespace, its pid, and its start time (proc(5),
proc_pid_stat(5), pid_namespaces(7)). Where a system does not publish these, the identity is empty.
"""

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_HOST = "".join(char if char.isprintable() else "?" for char in socket.gethostname())[:100]
OWN_NAME = f"zcal-tui on {_HOST} ({os.getpid()})".encode(errors="replace").decode()
"""What this program is called as the holder of a lease and in requests to other programs: printable, and short enough
for the [zcal] module."""

_PROC = Path("/proc")
_STATE, _BEGAN = 0, 19
"""Fields of /proc/PID/stat, counted from the one after the command's closing parenthesis."""
_DEAD = ("Z", "X", "x")
KEYS = frozenset({"boot", "namespace", "pid", "began"})
"""What `ourselves` names."""


def ourselves() -> dict[str, Any]:
    """This process: `boot`, `namespace`, `pid`, `began`; empty where the system does not publish them."""
    stat = _stat(os.getpid())
    here = _here()
    if stat is None or here is None:
        return {}
    return {**here, "pid": os.getpid(), "began": stat[_BEGAN]}


def gone(process: Mapping[str, Any]) -> bool | None:
    """Whether a process that was identified by `ourselves` has ended; None where this host cannot know."""
    if not set(process) <= KEYS:
        return None  # a newer version identifies itself differently: never taken for dead
    here = _here()
    pid, began = process.get("pid"), process.get("began")
    if here is None or any(process.get(name) != value for name, value in here.items()):
        return None
    if not isinstance(pid, int) or isinstance(pid, bool) or pid <= 0 or not isinstance(began, str):
        return None
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        pass  # it is there, as somebody else's
    stat = _stat(pid)
    if stat is None:
        return None
    return stat[_BEGAN] != began or stat[_STATE] in _DEAD


def _here() -> dict[str, str] | None:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = str((_PROC / "self/ns/pid").readlink())
        counted_alike = str((_PROC / "self").readlink()) == str(os.getpid())
    except OSError:
        return None
    # /proc may be another namespace's, with other processes under our numbers
    return {"boot": boot, "namespace": namespace} if boot and counted_alike else None


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the command's name; None where they cannot be read."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return fields if len(fields) > _BEGAN else None
