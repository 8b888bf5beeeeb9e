"""What is installed once, on first use, under the cache folder: virtual environments, klippy, the clock library.

Each thing is made under a temporary name beside its place and renamed when it is complete, under a lock that
several simulators share: an interrupted first use leaves nothing that looks finished, and two first uses at the
same time make it once.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from zcal_tui.sim.host import pins
from zcal_tui.sim.host.errors import SimulatorError

Progress = Callable[[str], None]
"""Called with a sentence on what is being done, where it may take more than a moment."""

BOOT = Path(__file__).with_name("boot.py")
"""Starts a program that is to end with this one; see there for its command line."""

_DEBIAN = "On Debian, Ubuntu and Raspberry Pi OS: sudo apt install"


@dataclass(frozen=True)
class _Cause:
    """What a tool prints when it fails for this reason, and the remedy."""

    signs: tuple[str, ...]
    cause: str
    remedy: str


_CAUSES = (
    _Cause(
        ("No space left on device",),
        "The disk is full.",
        "Free some space and start again: what was begun is removed.",
    ),
    _Cause(
        ("ensurepip is not", "No module named venv", "No module named ensurepip"),
        "This Python has no venv module.",
        f"{_DEBIAN} python3-venv",
    ),
    _Cause(
        (
            "Temporary failure in name resolution",
            "Failed to establish a new connection",
            "Network is unreachable",
            "Connection refused",
            "Read timed out",
            "ConnectTimeoutError",
            "Could not fetch URL",
        ),
        "The Python package index cannot be reached; the first use needs it, later ones do not.",
        "Connect to the network, or set pip's own options for it (PIP_INDEX_URL, PIP_PROXY), and start again.",
    ),
    _Cause(
        ("No matching distribution found", "Could not find a version"),
        f"The package index has no file for Python {sys.version_info[0]}.{sys.version_info[1]} on "
        f"{os.uname().machine} that is pinned here.",
        "Use Python 3.11 to 3.13 on x86_64 or aarch64, and an index that has the pinned files (pip config list).",
    ),
    _Cause(
        ("DO NOT MATCH THE HASHES",),
        "A downloaded file is not the one that is pinned here.",
        "Check which package index pip uses (pip config list).",
    ),
    _Cause(
        ("Python.h",),
        "There is no wheel for this machine, and the headers of Python are missing.",
        f"{_DEBIAN} python3-dev",
    ),
    _Cause(
        ("Permission denied",),
        "A folder is not writable.",
        "Give yourself write access to it, or set XDG_CACHE_HOME to a folder of yours.",
    ),
)


def cache_folder() -> Path:
    """Where first use installs (XDG_CACHE_HOME applies). It can be deleted at any time."""
    return platformdirs.user_cache_path("zcal-tui") / "sim"


def explain(what: str, output: str) -> SimulatorError:
    """The error for a tool that failed, from what it printed."""
    for known in _CAUSES:
        if any(sign in output for sign in known.signs):
            return SimulatorError(f"{what} failed.", known.cause, known.remedy)
    lines = [line for line in output.splitlines() if line.strip() and not line.startswith("WARNING")]
    return SimulatorError(f"{what} failed.", "Its last lines:\n" + "\n".join(lines[-6:]))


def run_tool(what: str, command: Sequence[str | Path], **environment: str) -> str:
    """Run a tool to its end and return what it printed. Raises SimulatorError, `what` being its beginning."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        raise SimulatorError(f"{what} failed.", f"{command[0]} is not installed.", "Install it.") from error
    if done.returncode:
        raise explain(what, done.stdout)
    return done.stdout


def make_once(name: str, build: Callable[[Path], None], progress: Progress) -> Path:
    """The folder `name` of the cache, made by `build` into an empty folder if it is not there yet."""
    place = cache_folder() / name
    if place.is_dir():
        return place
    try:
        with setup_lock(progress):
            if not place.is_dir():
                _build_aside(place, build)
    except OSError as error:
        raise _explain_os_error(error) from error
    return place


def virtual_environment(name: str, lists: Sequence[pins.Pins], progress: Progress) -> Path:
    """The Python of a virtual environment with the packages of these lists."""
    steps = ((pins.BUILD,), tuple(lists))  # a source archive is built with what the first step installs

    def build(folder: Path) -> None:
        progress(f"Installing the packages that {name} needs ({pins.size((pins.BUILD, *lists))}, once)")
        run_tool(f"Making a Python environment for {name}", _module(Path(sys.executable), "venv", folder))
        for step in steps:
            run_tool(
                f"Installing the packages that {name} needs",
                _module(
                    *(folder / "bin" / "python", "pip", "install", *_PIP_OPTIONS),
                    *(word for each in step for word in ("--requirement", each.file)),
                ),
            )

    texts = [each.file.read_text(encoding="utf-8") for step in steps for each in step]
    key = digest(sys.version, sys.base_prefix, *texts)
    return make_once(f"{name.lower()}-env-{key}", build, progress) / "bin" / "python"


def compile_library(name: str, sources: Sequence[Path], headers: Sequence[Path], progress: Progress) -> Path:
    """A shared library made of C sources of ours."""
    texts = [path.read_text(encoding="utf-8") for path in (*sources, *headers)]

    def build(folder: Path) -> None:
        require_compiler()
        progress(f"Compiling {name}")
        target = folder / f"{name}.so"
        run_tool(
            f"Compiling {name}",
            ["gcc", *_GCC_OPTIONS, "-o", target, *sources, "-lm", "-ldl"],
        )

    return make_once(f"{name}-{digest(os.uname().machine, *texts)}", build, progress) / f"{name}.so"


def require_compiler() -> None:
    """Raises SimulatorError where there is no C compiler."""
    if shutil.which("gcc") is None:
        raise SimulatorError(
            "There is no gcc.",
            "Klippy compiles its time-critical part on the machine it runs on.",
            f"{_DEBIAN} gcc libc6-dev",
        )


_GCC_OPTIONS = ("-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-pthread")
_PIP_OPTIONS = (
    *("--quiet", "--disable-pip-version-check", "--no-input", "--retries", "1"),
    *("--require-hashes", "--no-deps", "--no-build-isolation"),
    *("--only-binary", "numpy"),  # nobody wants to build it
)


def pip_download(python: Path, requirement: str, sha256: str, form: str, folder: Path) -> Path:
    """Download the source archive (`sdist`) or the wheel of one requirement into an empty folder."""
    wanted = folder / "requirement.txt"
    wanted.write_text(f"{requirement} --hash=sha256:{sha256}\n", encoding="utf-8")
    run_tool(
        f"Downloading {requirement}",
        _module(
            *(python, "pip", "download", *_PIP_OPTIONS),
            *("--no-binary" if form == "sdist" else "--only-binary", ":all:"),
            *("--dest", folder, "--requirement", wanted),
        ),
    )
    wanted.unlink()
    archives = list(folder.iterdir())
    if len(archives) != 1:
        raise SimulatorError(f"Downloading {requirement} left {len(archives)} archives instead of one.")
    return archives[0]


def _module(python: Path, name: str, *arguments: str | Path) -> list[str | Path]:
    """The command that runs a module so that it ends with this process, however that ends."""
    return [python, BOOT, str(os.getpid()), "module", name, *arguments]


def _build_aside(place: Path, build: Callable[[Path], None]) -> None:
    folder = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    try:
        build(folder)
        folder.rename(place)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def setup_lock(progress: Progress) -> Iterator[None]:
    """Be the only simulator that installs or compiles something. Raises OSError."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "setup.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("Waiting for another zcal-tui, which is installing the simulated printer")
            fcntl.flock(file, fcntl.LOCK_EX)
        # What an interrupted first use left: whoever holds the lock is the only one that builds.
        for rest in folder.glob(".*-*"):
            shutil.rmtree(rest, ignore_errors=True)
        yield


def _explain_os_error(error: OSError) -> SimulatorError:
    what = "Setting up the simulated printer failed."
    where = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return SimulatorError(what, f"The disk is full{where}.", "Free some space and start again.")
    return SimulatorError(
        what,
        f"{error.strerror}{where}.",
        f"The cache folder is {cache_folder()}: make it writable, or set XDG_CACHE_HOME to a folder of yours.",
    )


def digest(*texts: str) -> str:
    """A short name for these texts: what was made from others has another."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]
