"""The settings file, the data folder, the disk and the clock. Writes one small file, and removes it."""

import difflib
import os
import re
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path

from zcal_tui.config import ENVIRONMENT, ConfigError, Settings, default_file, lease_seconds, read_file
from zcal_tui.results.store import Store, StoredRun, entries
from zcal_tui.tools.doctor.facts import StorageFacts
from zcal_tui.tools.doctor.gather import there

MOST_RUNS = 40
"""Runs of each printer that are read to see whether they can be: the newest."""
TAIL = 65536
LOG = "zcal-tui.log"
RECENT = 7 * 86400.0
"""Seconds that an error in our own log counts as lately."""
CLOCK_LONGEST = 3.0
_LOGGED = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ (?:ERROR|CRITICAL) \S+: (.*)$")


def look_at_storage(
    settings: Settings, named: Path | None, folder: Path, environ: Mapping[str, str]
) -> StorageFacts:
    """See it all. `named` is a settings file given on the command line, `folder` the data folder in force."""
    file = named or default_file(environ)
    there_is = _is_file(file)
    problem = _settings_problem(file, settings) if there_is or named else _lease_problem(settings)
    store = Store(folder)
    runs, interrupted = _runs(store)
    now = time.time()
    write_problem, sync_seconds = _try_writing(folder)
    own_errors, last_own_error = _own_errors(folder / LOG, now)
    return StorageFacts(
        settings_file=file,
        settings_there=there_is,
        settings_problem=problem,
        login_readable=there_is and _login_readable(file),
        unknown_environment=_unknown_environment(environ),
        folder=folder,
        folder_there=there(folder),
        foreign_owner=_foreign_owner(folder),
        write_problem=write_problem,
        sync_seconds=sync_seconds,
        free=_free(folder),
        broken_runs=tuple(run.path.name for run in runs if run.record is None),
        interrupted=interrupted,
        newest_run=_newest_run(runs),
        now=now,
        built=Path(__file__).stat().st_mtime,
        synchronised=_synchronised(),
        own_errors=own_errors,
        last_own_error=last_own_error,
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _settings_problem(file: Path, settings: Settings) -> str:
    try:
        read_file(file)
    except ConfigError as error:
        return str(error)
    return _lease_problem(settings)


def _lease_problem(settings: Settings) -> str:
    try:
        lease_seconds(settings)
    except ConfigError as error:
        return str(error)
    return ""


def _login_readable(file: Path) -> bool:
    """Whether others may read a file that has a login in it."""
    try:
        mode, text = file.stat().st_mode, file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return bool(mode & (stat.S_IRGRP | stat.S_IROTH)) and bool(
        re.search(r"^\s*(api_key|token)\s*=", text, re.MULTILINE)
    )


def _unknown_environment(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    known = list(ENVIRONMENT.values())
    names = sorted(
        name
        for name in environ
        if name.startswith("ZCAL_") and name not in known and not name.startswith("ZCAL_SIM_")
    )
    return tuple((name, next(iter(difflib.get_close_matches(name, known, n=1)), "")) for name in names)


def _existing(folder: Path) -> Path:
    """The folder, or the one above it that there is; one that cannot be looked at counts as there."""
    for place in (folder, *folder.parents):
        try:
            place.stat()
        except PermissionError:
            return place
        except OSError:
            continue
        return place
    return Path("/")


def _try_writing(folder: Path) -> tuple[str, float | None]:
    """Why nothing can be kept there, empty where it can; and how long the disk takes."""
    place = _existing(folder)
    if not there(place):
        return f"{place} is closed to this user", None
    if not place.is_dir():
        return f"{place} is a file, not a folder", None
    if place != folder:  # a folder that is made with the first run is not made here
        return ("" if os.access(place, os.W_OK | os.X_OK) else f"{place} cannot be written"), None
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".doctor-") as file:
            began = time.monotonic()
            file.write(b"zcal-tui doctor\n")
            file.flush()
            os.fsync(file.fileno())
            return "", time.monotonic() - began
    except OSError as error:
        return f"{place}: {error.strerror or error}", None


def _foreign_owner(folder: Path) -> bool:
    try:
        return folder.stat().st_uid != os.geteuid()
    except OSError:
        return False


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(_existing(folder)).free
    except OSError:
        return None


def _runs(store: Store) -> tuple[list[StoredRun], int]:
    """The newest runs of every printer, and how many of all were cut off; none where the folder is closed."""
    try:
        printers = store.printers()
        newest = [entry for printer in printers for entry in islice(entries(store, printer), MOST_RUNS)]
        return newest, sum(len(store.interrupted(printer)) for printer in printers)
    except OSError:
        return [], 0


def _newest_run(runs: list[StoredRun]) -> float | None:
    """When the newest run began."""
    times = []
    for run in runs:
        try:
            times.append(datetime.fromisoformat(run.started).timestamp())
        except ValueError:
            continue
    return max(times, default=None)


def _synchronised() -> bool | None:
    """Whether the clock is kept by a time server; None where systemd does not say."""
    try:
        done = subprocess.run(
            ["timedatectl", "show", "--property=NTPSynchronized", "--value"],
            capture_output=True,
            text=True,
            timeout=CLOCK_LONGEST,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {"yes": True, "no": False}.get(done.stdout.strip())


def _own_errors(log: Path, now: float) -> tuple[int, str]:
    """How many errors this program has logged lately, and the last one's first line."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
            text = file.read().decode(errors="replace")
    except OSError:
        return 0, ""
    found = [match for line in text.splitlines() if (match := _LOGGED.match(line))]
    lately = [match for match in found if now - _local_time(match[1]) < RECENT]
    return len(lately), lately[-1][2] if lately else ""


def _local_time(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").timestamp()
