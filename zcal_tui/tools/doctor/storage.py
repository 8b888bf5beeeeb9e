"""Can settings be read and runs be saved? The settings file, the data folder, the disk and the clock."""

import difflib
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

from zcal_tui.config import ENVIRONMENT, ConfigError, Settings, default_file, lease_seconds, read_file
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.results.private_files import open_to_others
from zcal_tui.results.store import Store, StoredRun, entries
from zcal_tui.tools.doctor.finding import DoctorFinding, note, ok, problem
from zcal_tui.tools.system import attempt, exists, output_of, tail

MOST_RUNS = 40
"""The newest runs of each printer, which are read to check that they can be."""
TAIL = 65536
"""Bytes of zcal-tui's own log that are read."""
LOG = "zcal-tui.log"
MEGABYTE = 1_000_000
FULL, LOW = 20 * MEGABYTE, 300 * MEGABYTE
"""Bytes free: below the first a run may not be saved to its end; below the second klippy's log soon fills the rest."""
SLOW_SYNC = 0.5
"""Seconds to write a few bytes to the disk; it is done for every sample."""
HOUR, DAY = 3600.0, 86400.0
RECENT = 7 * DAY
"""Seconds in which an error in zcal-tui's own log counts as recent."""
_LOGGED = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ (?:ERROR|CRITICAL) \S+: (.*)$")


@dataclass(frozen=True, slots=True)
class StorageFacts:
    """The settings file, the data folder, the disk, the clock. Times are seconds since 1970, sizes bytes."""

    settings_file: Path
    settings_exist: bool
    settings_problem: str
    login_readable: bool
    """Whether other users can read the file although it contains a login."""
    unknown_environment: tuple[tuple[str, str], ...]
    """Environment variables that begin like ours but are none, each with the most similar valid name."""
    folder: Path
    folder_exists: bool
    foreign_owner: bool
    open_to_others: bool
    """Whether other users can read the stored runs."""
    write_problem: str
    sync_seconds: float | None
    """How long it took to write a few bytes to the disk."""
    free: int | None
    broken_runs: tuple[str, ...]
    unfinished: int
    newest_run: float | None
    now: float
    built: float
    """When zcal-tui's files were written: an earlier clock is wrong."""
    synchronised: bool | None
    """Whether a time server sets the clock; None where systemd does not say."""
    own_errors: Sequence[str]
    """The recent errors in zcal-tui's own log, the newest last."""


def gather_storage(
    settings: Settings, named: Path | None, folder: Path, environ: Mapping[str, str]
) -> StorageFacts:
    """Read it all; writes one small file, and removes it. `named` is a settings file given on the command line,
    `folder` the data folder in force."""
    file = named or default_file(environ)
    settings_exist = bool(attempt(file.is_file))
    runs, unfinished = attempt(lambda: _runs(Store(folder))) or ([], 0)
    now = time.time()
    place = next((place for place in (folder, *folder.parents) if exists(place)), Path("/"))
    write_problem, sync_seconds = _try_writing(folder, place)
    owner = attempt(lambda: folder.stat().st_uid)
    synchronised = output_of("timedatectl", "show", "--property=NTPSynchronized", "--value", seconds=3.0)
    return StorageFacts(
        settings_file=file,
        settings_exist=settings_exist,
        settings_problem=_settings_problem(file if settings_exist or named else None, settings),
        login_readable=bool(attempt(lambda: _login_readable(file))),
        unknown_environment=_unknown_environment(environ),
        folder=folder,
        folder_exists=place == folder,
        foreign_owner=owner is not None and owner != os.geteuid(),
        open_to_others=open_to_others(folder),
        write_problem=write_problem,
        sync_seconds=sync_seconds,
        free=attempt(lambda: shutil.disk_usage(place).free),
        broken_runs=tuple(run.path.name for run in runs if run.record is None),
        unfinished=unfinished,
        newest_run=max(filter(None, map(_began, runs)), default=None),
        now=now,
        built=Path(__file__).stat().st_mtime,
        synchronised={"yes": True, "no": False}.get(synchronised or ""),
        own_errors=_own_errors(tail(folder / LOG, TAIL) or "", now),
    )


def _settings_problem(file: Path | None, settings: Settings) -> str:
    try:
        if file is not None:
            read_file(file)
        lease_seconds(settings)
    except ConfigError as error:
        return str(error)
    return ""


def _login_readable(file: Path) -> bool:
    """Whether others may read a file that has a login in it. Raises OSError."""
    shared = file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
    text = file.read_text(encoding="utf-8", errors="replace")
    return bool(shared and re.search(r"^\s*(api_key|token)\s*=", text, re.MULTILINE))


def _unknown_environment(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    valid = list(ENVIRONMENT.values())
    ours = sorted(name for name in environ if re.match(r"ZCAL_(?!SIM_)", name) and name not in valid)
    return tuple((name, next(iter(difflib.get_close_matches(name, valid, n=1)), "")) for name in ours)


def _try_writing(folder: Path, place: Path) -> tuple[str, float | None]:
    """Why nothing can be saved in `folder`, empty where it can; and how long the disk takes. `place` is the folder, or
    the nearest one above it that exists."""
    if not place.is_dir():
        return f"{place} is a file, not a folder", None
    if place != folder:  # a folder that the first run creates is not created here
        effective = os.access in os.supports_effective_ids
        writable = os.access(place, os.W_OK | os.X_OK, effective_ids=effective)
        return ("" if writable else f"{place} is not writable"), None
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".doctor-") as file:
            began = time.monotonic()
            file.write(b"zcal-tui doctor\n")
            file.flush()
            os.fsync(file.fileno())
            return "", time.monotonic() - began
    except OSError as error:
        return f"{place}: {error.strerror or error}", None


def _runs(store: Store) -> tuple[list[StoredRun], int]:
    """The newest runs of every printer, and how many of all are unfinished. Raises OSError."""
    printers = store.printers()
    newest = [entry for printer in printers for entry in islice(entries(store, printer), MOST_RUNS)]
    return newest, sum(len(store.interrupted(printer)) for printer in printers)


def _began(run: StoredRun) -> float | None:
    return attempt(lambda: datetime.fromisoformat(run.started).timestamp(), ValueError)


def _own_errors(log: str, now: float) -> Sequence[str]:
    """The first lines of recent errors in zcal-tui's own log."""
    found = filter(None, map(_LOGGED.match, log.splitlines()))
    return [match[2] for match in found if now - datetime.fromisoformat(match[1]).timestamp() < RECENT]


def judge_storage(facts: StorageFacts) -> Iterator[DoctorFinding]:
    """Report on settings, data folder, disk, runs and clock."""
    yield from _judge_settings(facts)
    yield from _judge_folder(facts)
    yield from _judge_runs(facts)
    yield _judge_clock(facts)


def _judge_settings(facts: StorageFacts) -> Iterator[DoctorFinding]:
    if facts.settings_problem:
        what = f"The settings cannot be used: {facts.settings_problem}"
        why = "Until this is fixed, only `zcal-tui doctor` starts."
        yield problem("settings", what, why, "Correct the setting, or move the file away.")
    elif facts.settings_exist:
        yield ok("settings", f"The settings file {facts.settings_file} can be read.")
    else:
        yield ok("settings", f"There is no settings file {facts.settings_file}. None is needed.")
    if facts.login_readable:
        what = "Other users of this machine can read the login in the settings file."
        why = "Moonraker's API key gives full control of the printer."
        yield note("settings-open", what, why, "Make the file private.", f"chmod 600 {facts.settings_file}")
    for name, near in facts.unknown_environment:
        what = f"The environment variable {name} is not a setting of zcal-tui."
        why = "It has no effect."
        fix = f"Did you mean {near}?" if near else f"Use one of {', '.join(ENVIRONMENT.values())}."
        yield note("environment", what, why, fix)


def _judge_folder(facts: StorageFacts) -> Iterator[DoctorFinding]:
    if facts.write_problem:
        if "Read-only" in facts.write_problem:
            why = "An SD card that becomes read-only is about to fail."
        elif facts.foreign_owner:
            why = "The folder belongs to another user, for example after a start with sudo."
        else:
            why = "Every sample is saved before it is shown, so no check can run."
        what = f"Runs cannot be saved: {facts.write_problem}"
        fix = "Fix this folder, or choose another one with --data."
        commands = [f"sudo chown -R $USER: {facts.folder}"] if facts.foreign_owner else []
        yield problem("data", what, why, fix, *commands)
    elif facts.folder_exists:
        yield ok("data", f"Runs are saved in {facts.folder}.")
    else:
        yield ok("data", f"Runs will be saved in {facts.folder}. The first run creates it.")
    if facts.open_to_others:
        what = "Other users of this machine can read the stored runs."
        why = "Each start takes their rights away, so this user may not change them, or the file system has none."
        yield note("data-open", what, why, "Make the folder private.", f"chmod -R go= {facts.folder}")
    if facts.free is not None and facts.free < LOW:
        report = problem if facts.free < FULL else note
        what = f"The disk has {facts.free / MEGABYTE:.0f} MB left."
        why = "On a full disk, runs cannot be saved and SAVE_CONFIG fails."
        fix = "Find what fills it: often old Klipper logs and G-code files."
        yield report("disk", what, why, fix, "du -h -d 2 ~/printer_data | sort -h | tail")
    if facts.sync_seconds is not None and facts.sync_seconds > SLOW_SYNC:
        what = f"Writing a few bytes to the disk took {facts.sync_seconds:.1f} s."
        why = "Every sample is saved before it is shown. A worn SD card or a busy disk is this slow."
        fix = "Replace the card, or choose a folder on another disk with --data."
        yield note("disk-slow", what, why, fix)


def _judge_runs(facts: StorageFacts) -> Iterator[DoctorFinding]:
    if facts.broken_runs:
        names = ", ".join(facts.broken_runs[:3])
        what = f"{len(facts.broken_runs)} of the newest runs cannot be read: {names}."
        why = "A power cut or a damaged SD card can cause this. `history` and `report` skip such runs."
        fix = "Read the reason for each, then move useless files away."
        yield note("runs-broken", what, why, fix, "zcal-tui history")
    if facts.unfinished:
        what = f"Unfinished runs: {facts.unfinished}."
        why = "Their samples are saved, and some checks can resume from them."
        yield note("runs-interrupted", what, why, "Resume or close them.", "zcal-tui resume")
    if facts.own_errors:
        what = f"Errors in zcal-tui's log within 7 days: {len(facts.own_errors)}. The last: {facts.own_errors[-1]}"
        why = "They may be faults in zcal-tui."
        fix = "Attach the log when you report a bug."
        yield note("own-log", what, why, fix, f"less {facts.folder / LOG}")


def _judge_clock(facts: StorageFacts) -> DoctorFinding:
    why = "History and staleness depend on the dates of runs. Measurements use the printer's clock."
    if facts.now < facts.built - DAY:
        what = "The clock is slow: its date is before the installation of zcal-tui."
    elif facts.newest_run is not None and facts.newest_run > facts.now + HOUR:
        days = (facts.newest_run - facts.now) / DAY
        what = f"The newest run is dated {days:.1f} days in the future, so the clock is or was wrong."
    elif facts.synchronised is False:
        what = "No time server sets this machine's clock."
        why = "A Raspberry Pi has no clock of its own. After a power cut its time is wrong, and so are run dates."
    else:
        return ok("clock", "The clock is plausible.")
    return note("clock", what, why, "Let a time server set the clock.", "sudo timedatectl set-ntp true")
