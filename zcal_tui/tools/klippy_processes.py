"""The klippys and Moonrakers that run on this machine, by their command lines in /proc. Linux only; elsewhere none."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.tools.system import attempt, exists

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class KlippyProcess:
    """A klippy that runs on this machine, by its command line. Paths that it was not given are None."""

    pid: int
    root: Path | None = None
    socket: Path | None = None
    socket_seen: bool = True
    """Whether this user can see a file at the socket's path."""
    config: Path | None = None
    log: Path | None = None
    started: float | None = None
    """Seconds since 1970."""


def klippy_processes(proc: Path = PROC) -> tuple[tuple[KlippyProcess, ...], int]:
    """The klippys, and how many Moonrakers there are."""
    klippys = []
    moonrakers = 0
    booted = attempt(lambda: _booted(proc), ValueError)
    for place in proc.glob("[0-9]*"):
        words = (attempt((place / "cmdline").read_bytes) or b"").decode(errors="replace").split("\0")
        names = [Path(word).name for word in words[:4]]
        if "klippy.py" in names[1:]:
            klippys.append(_klippy(place, words, names.index("klippy.py", 1), booted))
        elif any(name in ("moonraker.py", "moonraker") for name in names[1:3]):
            moonrakers += 1
    return tuple(sorted(klippys, key=lambda klippy: klippy.pid)), moonrakers


def _klippy(place: Path, words: Sequence[str], at: int, booted: float | None) -> KlippyProcess:
    folder = attempt((place / "cwd").readlink)

    def resolved(path: str | None) -> Path | None:
        """A path as the process means it; None where it was not given, or its folder is unknown."""
        if not path or not (Path(path).is_absolute() or folder):
            return None
        return (folder or Path()) / path

    options = parse_options([word for word in words[at + 1 :] if word])
    script, socket = resolved(words[at]), resolved(options.api_server)
    return KlippyProcess(
        pid=int(place.name),
        root=script.parent.parent if script is not None else None,
        socket=socket,
        socket_seen=socket is not None and exists(socket),
        config=resolved(options.config),
        log=resolved(options.logfile),
        started=attempt(lambda: _started(place, booted), ValueError),
    )


def parse_options(words: Sequence[str]) -> argparse.Namespace:
    """Read klippy's socket (`api_server`), `logfile` and `config` from what follows its script on the command line."""
    known = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    known.add_argument("config", nargs="?")
    known.add_argument("-a", "--api-server")
    known.add_argument("-l", "--logfile")
    # Those with a value that is not the configuration. Source: klippy/klippy.py, main
    for short, long in (
        ("-i", "--debuginput"),
        ("-I", "--input-tty"),
        ("-o", "--debugoutput"),
        ("-d", "--dictionary"),
    ):
        known.add_argument(short, long)
    try:
        return known.parse_known_args(words)[0]
    except argparse.ArgumentError:
        return argparse.Namespace(config=None, api_server=None, logfile=None)


def _booted(proc: Path) -> float | None:
    """When this machine was started. Raises OSError, ValueError."""
    lines = (proc / "stat").read_text().splitlines()
    return next((float(line.split()[1]) for line in lines if line.startswith("btime ")), None)


def _started(place: Path, booted: float | None) -> float | None:
    """Raises OSError, ValueError."""
    fields = (place / "stat").read_text().rpartition(")")[2].split()
    return None if booted is None else booted + int(fields[19]) / os.sysconf("SC_CLK_TCK")
