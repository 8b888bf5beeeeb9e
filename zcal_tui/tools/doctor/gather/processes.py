"""The klippys and Moonrakers that run on this machine, by their command lines in /proc. Linux only; elsewhere none."""

import os
import pwd
from collections.abc import Sequence
from pathlib import Path

from zcal_tui.tools.doctor.facts import KlippyProcess
from zcal_tui.tools.doctor.gather import there

PROC = Path("/proc")
_WITH_VALUE = {"-a": "socket", "--api-server": "socket", "-l": "log", "--logfile": "log"}
_OTHERS_WITH_VALUE = ("-i", "--debuginput", "-I", "--input-tty", "-o", "--debugoutput", "-d", "--dictionary")
"""Klippy's options that take a value (klippy/klippy.py, main)."""


def look_at_processes(proc: Path = PROC) -> tuple[tuple[KlippyProcess, ...], int]:
    """The klippys, and how many Moonrakers there are."""
    klippys = []
    moonrakers = 0
    booted = _booted(proc)
    for place in proc.glob("[0-9]*"):
        words = _words(place)
        if (at := _script(words)) is not None:
            klippys.append(_klippy(place, words, at, booted))
        elif any(Path(word).name in ("moonraker.py", "moonraker") for word in words[1:3]):
            moonrakers += 1
    return tuple(sorted(klippys, key=lambda klippy: klippy.pid)), moonrakers


def started(pid: int, proc: Path = PROC) -> float | None:
    """When a process started, if it is a klippy of this machine."""
    place = proc / str(pid)
    return _started(place, _booted(proc)) if _script(_words(place)) is not None else None


def parse_options(words: Sequence[str]) -> dict[str, str]:
    """Klippy's socket, log and configuration out of what follows its script on the command line."""
    found: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in _WITH_VALUE:
            found[_WITH_VALUE[name]] = value if equals else next(rest, "")
        elif word[:2] in _WITH_VALUE and not word.startswith("--"):
            found[_WITH_VALUE[word[:2]]] = word[2:]
        elif name in _OTHERS_WITH_VALUE:
            if not equals:
                next(rest, "")
        elif not word.startswith("-"):
            found["config"] = word
    return found


def _klippy(place: Path, words: Sequence[str], at: int, booted: float | None) -> KlippyProcess:
    options = parse_options(words[at + 1 :])
    uid = _owner(place)
    root = _path(place, words[at])
    socket = _path(place, options.get("socket"))
    return KlippyProcess(
        pid=int(place.name),
        user=_name(uid),
        ours=uid == os.geteuid(),
        root=root.parent.parent if root is not None else None,
        socket=socket,
        socket_seen=socket is not None and there(socket),
        config=_path(place, options.get("config")),
        log=_path(place, options.get("log")),
        started=_started(place, booted),
    )


def _words(place: Path) -> list[str]:
    try:
        data = (place / "cmdline").read_bytes()
    except OSError:
        return []
    return [word.decode(errors="replace") for word in data.split(b"\0") if word]


def _script(words: Sequence[str]) -> int | None:
    """Where klippy's script stands in a command line of an interpreter."""
    return next((n for n, word in enumerate(words[:4]) if n and Path(word).name == "klippy.py"), None)


def _path(place: Path, text: str | None) -> Path | None:
    """A path as the process means it; None where it was not given, or cannot be told."""
    if not text:
        return None
    path = Path(text)
    if path.is_absolute():
        return path
    try:
        return (place / "cwd").readlink() / path
    except OSError:
        return None


def _owner(place: Path) -> int:
    try:
        return place.stat().st_uid
    except OSError:
        return -1


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return str(uid)


def _booted(proc: Path) -> float | None:
    try:
        lines = (proc / "stat").read_text().splitlines()
    except OSError:
        return None
    return next((float(line.split()[1]) for line in lines if line.startswith("btime ")), None)


def _started(place: Path, booted: float | None) -> float | None:
    try:
        fields = (place / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if booted is None else booted + int(fields[19]) / os.sysconf("SC_CLK_TCK")
