"""Is this installation complete? Versions, and whether the libraries can be imported: tried in another process."""

import asyncio
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from zcal_tui import __version__
from zcal_tui.build_data import build_data
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.required_packages import PACKAGES, pip_install, required_versions
from zcal_tui.tools.doctor.finding import DoctorFinding, note, ok, problem
from zcal_tui.tools.system import attempt
from zcal_tui.tools.version_conditions import satisfies

DISTRIBUTION = "zcal-tui"
LONGEST = 20.0
"""Seconds for all the imports: an SD card that is read for the first time is slow."""
SLOW_IMPORT = 6.0
"""Seconds for all imports together, above which the start seems to hang."""
SLOW_ARITHMETIC = 1.0
"""Seconds for 20 products of 200 by 200 matrices: 0.02 to 0.2 on a Pi 4, seconds with the plainest build."""
ARITHMETIC_STEP = "numpy arithmetic"
_TRIAL = """
import importlib, json, sys, time
def report(name, step):
    began, error = time.perf_counter(), ""
    try:
        step()
    except Exception as failed:
        lines = [line.strip() for line in str(failed).splitlines() if line.strip()]
        error = f"{type(failed).__name__}: {lines[-1] if lines else ''}"
    print(json.dumps({"name": name, "error": error, "seconds": time.perf_counter() - began}), flush=True)
for name in sys.argv[2:]:
    report(name, lambda: importlib.import_module(name.replace("-", "_")))
if "numpy" in sys.modules:
    import numpy
    square = numpy.linspace(0.0, 1.0, 40000).reshape(200, 200)
    report(sys.argv[1], lambda: [square @ square for _ in range(20)])
"""
"""Prints a line of JSON after each step."""


@dataclass(frozen=True, slots=True)
class Library:
    """A library that zcal-tui needs: `wanted` as `>=8.2,<9`, `found` its version; `error` why its import failed."""

    name: str
    wanted: str = ""
    found: str | None = None
    error: str = ""
    seconds: float | None = None
    """How long the import took."""


@dataclass(frozen=True, slots=True)
class ProgramFacts:
    """This installation."""

    version: str
    installed_as: str | None
    """The version that the installer noted; None where it was not installed."""
    revision: str
    """The commit of the build, with its date; empty where it is not known."""
    python: str
    system: str
    folder: Path
    """The folder of its interpreter."""
    called: str = "zcal-tui"
    """How the shell finds it: by its name, or else by its path."""
    other: Path | None = None
    """Another zcal-tui that the shell finds by that name."""
    libraries: tuple[Library, ...] = ()
    crash: str = ""
    """How the test of the libraries ended early, as a sentence; empty where it did not."""
    arithmetic: float | None = None
    """Seconds for a fixed calculation with numpy."""
    sudo: bool = False
    """Whether it runs as root for another user."""
    builds_numpy: bool = False
    """Whether pip would build numpy from source: 32-bit ARM, for which only piwheels has builds, and pip ignores it."""

    @property
    def release(self) -> str:
        """The version, with the commit of the build."""
        return f"{self.version} ({self.revision})" if self.revision else self.version


async def gather_program() -> ProgramFacts:
    """Find versions and copies, and import the libraries in another process."""
    libraries, crash, arithmetic = await asyncio.to_thread(_try_libraries)
    built = await asyncio.to_thread(build_data)
    called, other = _copies()
    distro = attempt(platform.freedesktop_os_release) or {}
    system = (platform.system(), platform.release(), platform.machine(), distro.get("PRETTY_NAME", ""))
    return ProgramFacts(
        version=__version__,
        installed_as=_installed(DISTRIBUTION),
        revision=str(built or ""),
        python=platform.python_version(),
        system=" ".join(filter(None, system)),
        folder=Path(sys.executable).parent,
        called=called,
        other=other,
        libraries=libraries,
        crash=crash,
        arithmetic=arithmetic,
        sudo=os.geteuid() == 0 and bool(os.environ.get("SUDO_USER")),
        builds_numpy=would_build(platform.machine(), sys.maxsize, await asyncio.to_thread(_indexes)),
    )


def would_build(machine: str, largest: int, indexes: str) -> bool:
    """Whether pip would build numpy from source, by the machine, Python's largest index and pip's settings."""
    return machine.startswith(("arm", "aarch64")) and largest < 2**32 and "piwheels" not in indexes


def _indexes() -> str:
    """What pip reads about where packages come from, as one text."""
    files = (Path("/etc/pip.conf"), Path.home() / ".config/pip/pip.conf", Path.home() / ".pip/pip.conf")
    texts = [attempt(file.read_text, OSError, UnicodeDecodeError) or "" for file in files]
    names = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")
    return "\n".join((*texts, *(os.environ.get(name, "") for name in names)))


def _installed(name: str) -> str | None:
    return attempt(lambda: metadata.version(name), metadata.PackageNotFoundError)


def _try_libraries() -> tuple[tuple[Library, ...], str, float | None]:
    """Import everything in another process. Also how that ended early, and the seconds of numpy's arithmetic."""
    # -B: the doctor leaves no files behind
    command = (sys.executable, "-PB", "-c", _TRIAL, ARITHMETIC_STEP, *PACKAGES)
    try:
        done = subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=LONGEST, check=False
        )
        code, printed = done.returncode, done.stdout
        ending = attempt(lambda: signal.Signals(-code).name, ValueError) or f"exit code {code}"
        crash = f"Testing {{step}} ended with {ending}." if code else ""
    except subprocess.TimeoutExpired as error:
        printed, crash = error.stdout or b"", f"Testing {{step}} took longer than {LONGEST:.0f} s."
    steps = {step["name"]: step for step in map(json.loads, printed.splitlines())}
    running = next((name for name in (*PACKAGES, ARITHMETIC_STEP) if name not in steps), "libraries")
    wanted = required_versions()
    libraries = tuple(
        Library(**steps.get(name, {"name": name}), wanted=wanted.get(name, ""), found=_installed(name))
        for name in PACKAGES
    )
    return libraries, crash.format(step=running), steps.get(ARITHMETIC_STEP, {}).get("seconds")


def _copies() -> tuple[str, Path | None]:
    """How the shell finds this program, and the other one that its bare name starts."""
    own = Path(sys.executable).parent / "zcal-tui"
    by_name = shutil.which("zcal-tui")
    if not own.exists() or (by_name is not None and Path(by_name).resolve() == own.resolve()):
        return "zcal-tui", None
    return str(own), Path(by_name) if by_name is not None else None


def judge_program(facts: ProgramFacts) -> Iterator[DoctorFinding]:
    """Report versions, other copies, and libraries that are missing, broken or slow."""
    yield ok("version", f"zcal-tui {facts.release} on Python {facts.python}.")
    pip = pip_install(facts.folder)
    if facts.installed_as is not None and facts.installed_as != facts.version:
        what = f"zcal-tui was installed as {facts.installed_as}, but its files are version {facts.version}."
        why = "The files were updated without reinstalling, so a required library may be missing."
        yield note("version-mixed", what, why, "Reinstall zcal-tui from its folder.", f"{pip} --editable .")
    if facts.other is not None:
        what = f"Typing `zcal-tui` starts another copy: {facts.other}."
        why = f"This report is about {facts.called}."
        yield note("other-copy", what, why, "Start the copy you want by its path, or remove the other one.")
    if facts.sudo:
        what = "The doctor runs under sudo."
        why = "Your own user cannot change files that root creates in the data folder."
        yield note("sudo", what, why, "Run it without sudo, as the user that runs Klipper.")
    if facts.builds_numpy:
        what = "pip would build numpy from source on this 32-bit system, without saying so: an hour or more."
        why = "For 32-bit ARM only piwheels has numpy ready built, and pip's settings do not name it."
        fix = "Add the line extra-index-url of Raspberry Pi OS for piwheels to /etc/pip.conf, or use the 64-bit system."
        yield note("numpy-from-source", what, why, fix, f"{pip} --only-binary numpy numpy")
    faults = [found for library in facts.libraries for found in _judge_library(library, pip)]
    yield from faults
    if facts.crash:
        why = "SIGILL means: built for another processor. Damaged SD cards and full memory have similar effects."
        fix = "Reinstall numpy without pip's cache of earlier builds."
        yield problem(
            "libraries-crash", facts.crash, why, fix, f"{pip} --force-reinstall --no-cache-dir numpy"
        )
    elif not faults:
        named = ", ".join(f"{library.name} {library.found}" for library in facts.libraries)
        yield ok("libraries", f"All libraries can be imported: {named}.")
    yield from _judge_speed(facts)


def _judge_library(library: Library, pip: str) -> Iterator[DoctorFinding]:
    if library.found is None:
        what = f"{library.name} is not installed."
    elif library.error:
        what = f"{library.name} cannot be imported: {library.error}"
    elif not satisfies(library.found, library.wanted):
        what = f"{library.name} is version {library.found}; {library.wanted} is required."
    else:
        return
    key, why = f"library-{library.name}", "zcal-tui needs this library."
    fix, command = "Install the required version.", f"{pip} '{library.name}{library.wanted}'"
    if "openblas" in library.error:
        why = "This build of numpy needs a system library that is not installed."
        fix, command = "Install that library.", "sudo apt install libopenblas0"
    yield problem(key, what, why, fix, command)


def _judge_speed(facts: ProgramFacts) -> Iterator[DoctorFinding]:
    seconds = sum(library.seconds or 0.0 for library in facts.libraries)
    if seconds > SLOW_IMPORT:
        what = f"Importing the libraries took {seconds:.0f} s."
        why = "zcal-tui shows nothing for that long. A slow SD card or a busy machine causes this."
        yield note("slow-import", what, why, "Check what else runs on this machine.", "top")
    if facts.arithmetic is not None and facts.arithmetic > SLOW_ARITHMETIC:
        what = f"numpy is slow: {facts.arithmetic:.1f} s for what takes 0.1 s on a Raspberry Pi 4."
        why = "The results of `temperature` and `accuracy --sweep` take that much longer to evaluate."
        fix = "Check what else runs on this machine. numpy built without OpenBLAS is slow as well."
        show = f"{facts.folder}/python -c 'import numpy; numpy.show_config()'"
        yield note("slow-numpy", what, why, fix, show)
