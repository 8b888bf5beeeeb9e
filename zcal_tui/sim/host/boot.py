"""Runs klippy or Moonraker in a process that dies with the simulator. Started by path, never imported.

Usage: boot.py PARENT_PID (klippy-package ROOT | klippy-checkout ROOT | module NAME) [ARGUMENTS...]

Only the standard library: it runs on the Python of the environment it starts.
"""

import builtins
import ctypes
import importlib
import importlib.util
import io
import os
import runpy
import signal
import sys
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1

# The modules that klippy's files import by these names in the layout of the git repository.
TOP_LEVEL = (
    "chelper",
    "clocksync",
    "configfile",
    "gcode",
    "kinematics",
    "mathutil",
    "mcu",
    "msgproto",
    "pins",
    "queuelogger",
    "reactor",
    "serialhdl",
    "stepper",
    "toolhead",
    "util",
    "webhooks",
    "extras",
)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when the thread that started it is gone."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


def keep_temporary_files(folder: str) -> None:
    """Have klippy's modules write in `folder` what they name as a file of /tmp (PID_CALIBRATE, plugins)."""
    original = builtins.open
    own = f"{Path(folder).parent}/"

    def redirected(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        name = str(file) if isinstance(file, str | Path) else ""
        if name.startswith("/tmp/") and not name.startswith(own):
            inside = Path(folder) / Path(name).name
            if set(mode) & set("wax+") or inside.exists():
                file = inside
        return original(file, mode, *arguments, **options)

    builtins.open = io.open = redirected


def judge_clients_in_real_time(name: str) -> None:
    """Have klippy drop a client that reads nothing for five real seconds, not for five of its own.

    `name` is that of klippy's module of its socket; a klippy without it is left as it is.

    Clients live in real time: at 40 times real time, five of klippy's seconds are an eighth of one.
    """
    if importlib.util.find_spec(name) is None:
        return
    server = getattr(importlib.import_module(name), "ServerSocket", None)
    if server is None:
        return
    judge = server.stats
    judged = 0.0

    def stats(self: Any, eventtime: float) -> Any:
        nonlocal judged
        now = time.time()  # the wall clock alone is real in klippy's process
        if 0.0 <= now - judged < 1.0:
            return False, ""
        judged = now
        return judge(self, eventtime)

    server.stats = stats


def run_klippy_package(root: str) -> None:
    """Run the klippy of the PyPI package, whose modules are all inside the package `klippy`.

    Some of its files still import modules by their old place, and so do modules written for the git
    repository; the same module must answer to every name, else there would be two of it.
    """
    sys.path[0] = root
    for name in TOP_LEVEL:
        sys.modules[name] = importlib.import_module(f"klippy.{name}")
    sys.modules["klippy.kinematics.stepper"] = sys.modules["stepper"]
    judge_clients_in_real_time("klippy.webhooks")
    importlib.import_module("klippy.klippy").main()


def run_klippy_checkout(root: str) -> None:
    """Run klippy.py of a git checkout of Klipper or of a fork, as `python klippy/klippy.py` would."""
    script = Path(root) / "klippy" / "klippy.py"
    sys.path[0] = str(script.parent)
    if (script.parent / "__init__.py").is_file():  # Kalico's modules are inside the package `klippy`
        sys.path.insert(0, root)
        judge_clients_in_real_time("klippy.webhooks")
    else:
        judge_clients_in_real_time("webhooks")
    runpy.run_path(str(script), run_name="__main__")


def main() -> None:
    """Read the command line and become the program it names."""
    parent, kind, what, *arguments = sys.argv[1:]
    die_with_parent(int(parent))
    sys.argv = [what, *arguments]
    if kind != "module" and "TMPDIR" in os.environ:
        keep_temporary_files(os.environ["TMPDIR"])
    # Python put the folder of this file first; the program must not find our modules there.
    if kind == "klippy-package":
        run_klippy_package(what)
    elif kind == "klippy-checkout":
        run_klippy_checkout(what)
    else:
        del sys.path[0]
        runpy.run_module(what, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
