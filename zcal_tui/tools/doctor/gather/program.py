"""This installation: versions, and whether its libraries can be imported, tried in a process of its own."""

import asyncio
import contextlib
import json
import os
import platform
import re
import shutil
import signal
import sys
from importlib import metadata
from pathlib import Path

from zcal_tui import __version__
from zcal_tui.tools.doctor.facts import Library, ProgramFacts

DISTRIBUTION = "zcal-tui"
LONGEST = 20.0
"""Seconds for all the imports: an SD card that is read for the first time is slow."""
GIT_LONGEST = 3.0

MODULES = {
    "platformdirs": "platformdirs",
    "websockets": "websockets",
    "httpx": "httpx",
    "textual": "textual",
    "textual-plot": "textual_plot",
    "numpy": "numpy",
}
"""The libraries and what they are imported by; numpy last, since a build for another processor ends the whole trial."""

_TRIAL = """
import importlib, json, sys, time
for name in sys.argv[1:]:
    print(json.dumps({"name": name}), flush=True)
    began, error = time.perf_counter(), ""
    try:
        importlib.import_module(name)
    except Exception as failed:
        lines = [line.strip() for line in str(failed).splitlines() if line.strip()]
        error = f"{type(failed).__name__}: {lines[-1] if lines else ''}"
    seconds = time.perf_counter() - began
    print(json.dumps({"name": name, "error": error, "seconds": seconds}), flush=True)
if "numpy" in sys.modules:
    import numpy
    square = numpy.linspace(0.0, 1.0, 40000).reshape(200, 200)
    began = time.perf_counter()
    for _ in range(20):
        square @ square
    print(json.dumps({"arithmetic": time.perf_counter() - began}), flush=True)
"""


async def look_at_program() -> ProgramFacts:
    """See what this program is and whether it is whole."""
    checkout = Path(__file__).parents[4]
    trial, revision = await asyncio.gather(_try_imports(), _revision(checkout))
    libraries, crashed, arithmetic = trial
    return ProgramFacts(
        version=__version__,
        installed_as=_installed(DISTRIBUTION),
        revision=revision,
        python=platform.python_version(),
        system=" ".join(filter(None, (platform.system(), platform.release(), platform.machine(), _distro()))),
        folder=Path(sys.executable).parent,
        called=_called(),
        other=_other(),
        libraries=libraries,
        crashed=crashed,
        arithmetic=arithmetic,
        sudo=os.geteuid() == 0 and bool(os.environ.get("SUDO_USER")),
    )


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _wanted() -> dict[str, str]:
    """The versions that are asked for, as pyproject.toml has them."""
    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return {}
    found = (re.match(r"([A-Za-z0-9_.-]+)\s*([^;]*)", line) for line in lines if "extra ==" not in line)
    return {match[1]: match[2].strip() for match in found if match}


async def _try_imports() -> tuple[tuple[Library, ...], str, float | None]:
    """Import everything in another process; also how that ended if not well, and how fast numpy reckons."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}  # the doctor leaves nothing behind
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-c", _TRIAL, *MODULES.values()),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment,
    )
    assert process.stdout is not None
    told: dict[str, dict[str, object]] = {}
    begun, arithmetic, crashed = "", None, ""
    try:
        async with asyncio.timeout(LONGEST):
            async for line in process.stdout:
                said = json.loads(line)
                if "arithmetic" in said:
                    arithmetic = float(said["arithmetic"])
                    begun = ""
                elif "error" in said:
                    told[said["name"]] = said
                    begun = "numpy's arithmetic" if said["name"] == "numpy" and not said["error"] else ""
                else:
                    begun = said["name"]
            await process.wait()
    except TimeoutError:
        crashed = f"{begun or 'the trial'} took longer than {LONGEST:.0f} s"
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if not crashed and process.returncode:
        crashed = f"{begun or 'the trial'} ended it with {_ending(process.returncode)}"
    wanted = _wanted()
    libraries = tuple(
        Library(
            name,
            wanted.get(name, ""),
            _installed(name),
            str(told.get(module, {}).get("error", "")),
            _seconds(told.get(module, {}).get("seconds")),
        )
        for name, module in MODULES.items()
    )
    return libraries, crashed, arithmetic


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _other() -> Path | None:
    """Another zcal-tui than this one that the shell finds."""
    found = shutil.which("zcal-tui")
    own = Path(sys.executable).parent / "zcal-tui"
    if found is None or not own.exists() or Path(found).resolve() == own.resolve():
        return None
    return Path(found)


def _called() -> str:
    own = Path(sys.executable).parent / "zcal-tui"
    found = shutil.which("zcal-tui")
    by_name = found is not None and Path(found).resolve() == own.resolve()
    return "zcal-tui" if by_name or not own.exists() else str(own)


def _distro() -> str:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return ""
    return release.get("PRETTY_NAME", "")


async def _revision(checkout: Path) -> str:
    """The git revision of a checkout; empty where it is none, or git is not there."""
    if not (checkout / ".git").exists():
        return ""
    try:
        process = await asyncio.create_subprocess_exec(
            *("git", "-C", str(checkout), "describe", "--always", "--tags"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return ""
    try:
        async with asyncio.timeout(GIT_LONGEST):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return ""
    return said.decode(errors="replace").strip() if process.returncode == 0 else ""
