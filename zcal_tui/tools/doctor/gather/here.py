"""Klipper on this machine: its folder, its files, its log. Read only."""

import os
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from zcal_tui.printer.values import number, text
from zcal_tui.tools import klipper_folder
from zcal_tui.tools.doctor.facts import HereFacts, KlippyProcess, PrinterFacts
from zcal_tui.tools.doctor.gather import processes as running
from zcal_tui.tools.doctor.gather import there
from zcal_tui.tools.doctor.log import recent_errors
from zcal_tui.tools.install_plan import Link, Unlink, plan_install
from zcal_tui.tools.klipper_folder import ConfigFile, Folder, InstallError

TAIL = 400_000
"""Bytes of klippy's log that are read."""


def look_here(
    printer: PrinterFacts | None,
    processes: Sequence[KlippyProcess],
    named: Path | None,
    environ: Mapping[str, str],
    home: Path,
) -> HereFacts:
    """See the Klipper of this machine: the printer's own, else the one that runs, else the one in its usual place.

    `named` is a folder given on the command line. A printer on another machine leaves everything unknown.
    """
    info = printer.info if printer is not None else {}
    if info and not _is_here(info):
        return HereFacts(None)
    process = _process(info, processes)
    root = _root(info, process, named, environ, home)
    ours = _ours()
    folder = _look(root, ours)
    config, problem = _config(info, process, home, kalico=folder is not None and folder.kalico)
    log = _log(info, process, home)
    errors = _errors(log)
    pid = number(info.get("process_id"))
    started = running.started(int(pid)) if pid is not None else process.started if process else None
    return HereFacts(
        folder=folder,
        elsewhere=_elsewhere(root, ours, environ, home),
        twins=_twins(folder),
        surplus=_surplus(folder, ours, config),
        config=config.path if config else None,
        sections=_sections(config),
        config_problem=problem,
        started=started,
        extra_changed=_extra_changed(folder, ours),
        python=_python(info),
        log=log if errors is not None else None,
        log_errors=errors or (),
    )


def _is_here(info: Mapping[str, object]) -> bool:
    """Whether klippy runs on this machine: on its host name, with its files within reach."""
    root = text(info.get("klipper_path"))
    same = text(info.get("hostname")) in (None, socket.gethostname())
    return same and root is not None and there(Path(root) / "klippy")


def _process(info: Mapping[str, object], processes: Sequence[KlippyProcess]) -> KlippyProcess | None:
    """The process that is the printer's; without a printer the only one there is."""
    pid = number(info.get("process_id"))
    if pid is not None:
        return next((klippy for klippy in processes if klippy.pid == int(pid)), None)
    return processes[0] if len(processes) == 1 and not info else None


def _root(
    info: Mapping[str, object],
    process: KlippyProcess | None,
    named: Path | None,
    environ: Mapping[str, str],
    home: Path,
) -> Path | None:
    if known := text(info.get("klipper_path")):
        return Path(known)
    if named is None and process is not None and process.root is not None and there(process.root / "klippy"):
        return process.root
    try:
        return klipper_folder.find_klipper(named, environ, home)
    except (InstallError, OSError):
        return None


def _look(root: Path | None, ours: Path | None) -> Folder | None:
    if root is None or ours is None:
        return None
    try:
        return klipper_folder.look(root, ours)
    except OSError:  # another user's, closed to this one
        return None


def _ours() -> Path | None:
    try:
        return klipper_folder.source()
    except InstallError:
        return None


def _config(
    info: Mapping[str, object], process: KlippyProcess | None, home: Path, *, kalico: bool
) -> tuple[ConfigFile | None, str]:
    """The printer.cfg in use, and why klippy cannot read it, if so."""
    named = text(info.get("config_file"))
    path = Path(named) if named else process.config if process else _usual_config(home)
    if path is None:
        return None, ""
    try:
        config = klipper_folder.read_config(path, kalico=kalico)
    except (InstallError, OSError) as error:
        return None, str(error)
    return config, config.problem


def _usual_config(home: Path) -> Path | None:
    try:
        return klipper_folder.find_config(None, home)
    except OSError:
        return None


def _sections(config: ConfigFile | None) -> frozenset[str]:
    return frozenset(config.configuration.sections) if config is not None else frozenset()


def _elsewhere(
    root: Path | None, ours: Path | None, environ: Mapping[str, str], home: Path
) -> tuple[Path, ...]:
    """Klipper folders besides this one that the extra is linked into."""
    if ours is None:
        return ()
    places = [home / "klipper", home / "kalico"]
    if environ.get("KLIPPER_DIR"):
        places.append(Path(environ["KLIPPER_DIR"]).expanduser())
    found = []
    for place in places:
        same = root is not None and place.resolve() == root.resolve()
        other = _look(place.resolve(), ours) if not same and there(place / "klippy" / "extras") else None
        if other is not None and other.entries["zcal"] in ("ours", "stale"):
            found.append(place)
    return tuple(found)


def _twins(folder: Folder | None) -> tuple[Path, ...]:
    """A module and a folder of the same name beside each other: Python takes the folder."""
    if folder is None:
        return ()
    link = folder.link("z_calibration")
    module = link.with_suffix(".py")
    return (module, link) if there(module) and there(link) else ()


def _surplus(folder: Folder | None, ours: Path | None, config: ConfigFile | None) -> Path | None:
    """A link that the installer would take away without making it anew."""
    if folder is None or ours is None:
        return None
    steps = plan_install(folder, ours, config).steps
    linked = {step.place for step in steps if isinstance(step, Link)}
    place = folder.link("z_calibration")
    gone = any(isinstance(step, Unlink) and step.place == place for step in steps)
    return place if gone and place not in linked else None


def _extra_changed(folder: Folder | None, ours: Path | None) -> float | None:
    if folder is None or ours is None or folder.entries["zcal"] != "ours":
        return None
    files = [path for name in klipper_folder.NAMES for path in (ours / name).rglob("*.py")]
    times = [_newest(files)]
    for name in klipper_folder.NAMES:
        if folder.entries[name] == "ours":
            times.append(folder.link(name).lstat().st_mtime)
    return max((time for time in times if time is not None), default=None)


def _newest(files: Sequence[Path]) -> float | None:
    times = []
    for path in files:
        try:
            times.append(path.stat().st_mtime)
        except OSError:
            continue
    return max(times, default=None)


def _python(info: Mapping[str, object]) -> str:
    """The name of klippy's interpreter behind its links, such as python3.11."""
    path = text(info.get("python_path"))
    return Path(path).resolve().name if path else ""


def _log(info: Mapping[str, object], process: KlippyProcess | None, home: Path) -> Path | None:
    if named := text(info.get("log_file")):
        return Path(named)
    if process is not None and process.log is not None:
        return process.log
    usual = home / "printer_data" / "logs" / "klippy.log"
    return usual if there(usual) else None


def _errors(log: Path | None) -> tuple[tuple[str, int], ...] | None:
    """Errors in klippy's log lately; None where it cannot be read."""
    if log is None:
        return None
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
            tail = file.read().decode(errors="replace")
    except OSError:
        return None
    return recent_errors(tail, time.time())
