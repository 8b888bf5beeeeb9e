"""Klipper on this machine: its folder, its files, its log. Is the [zcal] module where Klipper looks for it?"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from socket import gethostname

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.errors.explain import explain
from zcal_tui.printer.klippy_log import LogError, recent_errors
from zcal_tui.printer.values import number, text
from zcal_tui.tools import klipper_folder as folders
from zcal_tui.tools.doctor.finding import DoctorFinding, from_ready, note, ok, problem, sentence
from zcal_tui.tools.doctor.link import RESTART
from zcal_tui.tools.doctor.printer import PrinterFacts
from zcal_tui.tools.install_plan import Link, Unlink, plan_install
from zcal_tui.tools.klipper_folder import ConfigFile, InstallError, KlipperFolder
from zcal_tui.tools.klippy_processes import KlippyProcess
from zcal_tui.tools.system import attempt, exists, tail

TAIL = 400_000
"""Bytes of klippy's log that are read."""
SHOWN_ERRORS = 5
"""Errors of klippy's log that are shown."""
MARGIN = 2.0
"""Seconds by which a file may seem newer than the process that read it."""


@dataclass(frozen=True, slots=True)
class KlipperFacts:
    """Klipper on this machine; nothing where the printer is elsewhere. Times are seconds since 1970."""

    folder: KlipperFolder | None = None
    elsewhere: tuple[Path, ...] = ()
    """Other Klipper folders that the [zcal] module is linked into."""
    shadowed: Path | None = None
    """The file of another z_calibration that our link in the same folder hides."""
    override_missing: bool = False
    """Whether our z_calibration is linked into a Kalico that does not start with it and its own."""
    config: ConfigFile | None = None
    config_unreadable: str = ""
    started: float | None = None
    """When klippy started."""
    module_changed: float | None = None
    """When the [zcal] module's files, or the links to them, were changed last."""
    python: str = ""
    """The name of klippy's interpreter, such as python3.11."""
    log: Path | None = None
    """Klippy's log, where it can be read."""
    log_errors: tuple[LogError, ...] = ()
    """The recent errors in klippy's log, the one to deal with first in front."""


def gather_klipper(
    printer: PrinterFacts,
    processes: Sequence[KlippyProcess],
    named: Path | None,
    environ: Mapping[str, str],
    home: Path,
) -> KlipperFacts:
    """Examine the Klipper of this machine: the printer's own, else the one that runs, else the one in its usual place.

    `named` is a folder given on the command line. A printer on another machine leaves everything unknown.
    """
    info = printer.info

    def reported(name: str) -> Path | None:
        """A path that klippy reports about itself."""
        path = text(info.get(name))
        return Path(path) if path else None

    root = reported("klipper_path")
    if info and not (root and exists(root / "klippy") and info.get("hostname") in (None, gethostname())):
        return KlipperFacts()
    alone = len(processes) == 1 and not info
    found = (klippy for klippy in processes if alone or klippy.pid == number(info.get("process_id")))
    process = next(found, KlippyProcess(pid=0))
    if root is None and named is None and process.root is not None and exists(process.root / "klippy"):
        root = process.root
    root = root or attempt(lambda: folders.find_klipper(named, environ, home), InstallError)
    ours = attempt(folders.source, InstallError)
    folder = _look(root, ours)
    config, unreadable = None, ""
    try:
        if path := reported("config_file") or process.config or folders.find_config(None, home):
            config = folders.read_config(path, kalico=folder is not None and folder.kalico)
    except (InstallError, OSError) as error:
        unreadable = str(error)
    log = reported("log_file") or process.log or home / "printer_data" / "logs" / "klippy.log"
    end = tail(log, TAIL)
    python = reported("python_path")
    facts = KlipperFacts(
        folder=folder,
        elsewhere=_elsewhere(root, ours, environ, home),
        config=config,
        config_unreadable=unreadable,
        started=process.started,
        python=python.resolve().name if python is not None else "",
        log=log if end is not None else None,
        log_errors=recent_errors(end or "", time.time()),
    )
    return facts if folder is None or ours is None else _examine_links(facts, folder, ours)


def _examine_links(facts: KlipperFacts, folder: KlipperFolder, ours: Path) -> KlipperFacts:
    """Add what is known about the links in a Klipper folder."""
    link = folder.link("z_calibration")
    module = link.with_suffix(".py")
    steps = plan_install(folder, ours, facts.config).steps
    linked = [name for name in folders.NAMES if folder.entries[name] == "ours"]
    files = [path for name in linked for path in (folder.link(name), *(ours / name).rglob("*.py"))]
    changed = attempt(lambda: max(path.lstat().st_mtime for path in files)) if "zcal" in linked else None
    return replace(
        facts,
        # Python loads a folder rather than a module of the same name beside it
        shadowed=module if exists(module) and exists(link) else None,
        # the installer would remove the link and not make it again
        override_missing=Unlink(link) in steps and Link(link, ours / "z_calibration") not in steps,
        module_changed=changed,
    )


def _look(root: Path | None, ours: Path | None) -> KlipperFolder | None:
    """What is in a Klipper folder; None where there is none, or it is closed to this user."""
    return attempt(lambda: folders.look(root, ours)) if root is not None and ours is not None else None


def _elsewhere(
    root: Path | None, ours: Path | None, environ: Mapping[str, str], home: Path
) -> tuple[Path, ...]:
    """Klipper folders besides this one that the [zcal] module is linked into."""
    named = environ.get("KLIPPER_DIR")
    places = [home / "klipper", home / "kalico", *([Path(named).expanduser()] if named else [])]
    others = [place for place in places if root is None or place.resolve() != root.resolve()]
    found = {place: _look(place.resolve(), ours) for place in others if exists(place / "klippy" / "extras")}
    return tuple(place for place, folder in found.items() if folder and folder.linked("zcal"))


def judge_klipper(
    printer: PrinterFacts, facts: KlipperFacts, processes: Sequence[KlippyProcess]
) -> Iterator[DoctorFinding]:
    """Report on the [zcal] module, klippy's Python and its log."""
    folder = facts.folder
    if len(processes) > 1:
        yield ok("several", f"{len(processes)} klippys run on this machine. Name one of them with --printer.")
    if printer.module is not None and (printer.module_loaded or folder is None):
        yield from_ready(printer.module)
    elif folder is not None:
        yield _judge_link(folder, printer, facts)  # why it is not loaded
    elif not printer.reached:
        yield ok("extra", "No Klipper was found in the usual folders of this machine.")
    yield from _judge_links(printer, facts)
    if facts.python.startswith("python2"):
        what = f"Klipper runs on {facts.python}."
        why = "The [zcal] module needs Python 3.8 or later."
        fix = "Recreate Klipper's environment with Python 3: in KIAUH, remove and install Klipper. Keep printer_data."
        yield problem("klippy-python", what, why, fix)
    yield from _judge_log(facts, printer.state.message)


def _judge_link(folder: KlipperFolder, printer: PrinterFacts, facts: KlipperFacts) -> DoctorFinding:
    """Report on the [zcal] module by what is on the disk."""
    entry = folder.entries["zcal"]
    wanted = facts.config is not None and facts.config.where("zcal") is not None
    install = f"zcal-tui install --klipper {folder.root}"
    others = ", ".join(map(str, facts.elsewhere))
    elsewhere = f" It is linked into another Klipper: {others}." if others else ""
    if entry == "foreign":
        what = f"{folder.foreign['zcal']} is not part of zcal-tui and takes the place of the [zcal] module."
        why = "Klipper would load it instead."
        return problem("extra", what, why, "Move it away, then install the module.", install)
    if entry != "ours" and wanted:
        what = f"printer.cfg has [zcal], but the module is not linked into {folder.root}."
        if entry == "stale":
            what = f"printer.cfg has [zcal], but the link in {folder.root} points into another installation."
        why = f"Klipper does not start without the module. Updates and recovery can remove links.{elsewhere}"
        return problem("extra", what, why, "Link the module again, then restart Klipper.", install, RESTART)
    if entry != "ours":
        what = f"The [zcal] module is not installed in {folder.root}."
        why = f"Without it, cancelling takes longer, and heating and most backlash tests are refused.{elsewhere}"
        return note("extra", what, why, "Install it. --dry-run shows first what it would do.", install)
    if not wanted and facts.config is not None:
        what = "The [zcal] module is linked, but printer.cfg has no section [zcal]."
        why = "Klipper loads the module only for its section."
        fix = "Let the installer add the section, or write a line [zcal] yourself. Then restart Klipper."
        return note("extra", what, why, fix, f"{install} --config {facts.config.path}", RESTART)
    if printer.state.klippy in ("ready", "shutdown"):
        what = "The [zcal] module is linked and in printer.cfg, but the running Klipper has not loaded it."
        why = "Klipper was not restarted since, or reads another printer.cfg."
        return problem("extra", what, why, "Restart Klipper.", RESTART)
    return ok("extra", f"The [zcal] module is linked into {folder.root}.")


def _judge_links(printer: PrinterFacts, facts: KlipperFacts) -> Iterator[DoctorFinding]:
    """Report links that are newer than klippy, visible to Git, or in conflict with another module."""
    folder, started, changed = facts.folder, facts.started, facts.module_changed
    if printer.module_loaded and started and changed and changed > started + MARGIN:
        what = "The files of the [zcal] module are newer than the running Klipper."
        why = "Klipper still runs the code that it loaded when it started. RESTART does not load it again."
        yield note("extra-old", what, why, "Restart the Klipper service.", RESTART)
    if folder is None:
        return
    install = f"zcal-tui install --klipper {folder.root}"
    if folder.exclude_file is not None and folder.entries["zcal"] == "ours" and not folder.hidden("zcal"):
        what = "Git sees the link to the [zcal] module as a change of Klipper."
        why = "Moonraker's update manager then marks Klipper as dirty, and a recovery removes the link."
        yield note("dirty", what, why, "Let the installer exclude the link from Git.", install)
    if facts.override_missing:
        what = "Kalico has its own z_calibration, and zcal-tui's is linked as well."
        why = "Kalico does not start with both while [danger_options] allow_plugin_override is off."
        fix = "Set allow_plugin_override: True to use zcal-tui's, or let the installer remove the link."
        yield problem("z-calibration-override", what, why, fix, install, RESTART)
    if facts.shadowed is not None:
        what = f"There are two modules z_calibration in {facts.shadowed.parent}."
        why = "Python loads the folder and ignores the file, so the plugin you expect may not run."
        fix = "Remove the link to use the plugin, or the file to use zcal-tui's module."
        yield problem("z-calibration-twice", what, why, fix, f"rm {facts.shadowed.with_suffix('')}", RESTART)


def _judge_log(facts: KlipperFacts, message: str) -> Iterator[DoctorFinding]:
    """Report recent errors, except the one in klippy's present `message`, which is reported as its state."""
    errors = [error for error in facts.log_errors if error.text not in message]
    for error in errors[:SHOWN_ERRORS]:
        explained = explain(error.text)
        why = f"{sentence(explained.what)} {explained.cause}" if explained.known else ""
        fix = explained.remedy or "Read the log."
        yield note("log", _counted(error), why, fix, f"less +G {facts.log or 'klippy.log'}")
    if len(errors) > SHOWN_ERRORS:
        yield ok("log", f"Further errors in klippy's log: {len(errors) - SHOWN_ERRORS}.")
    if facts.log is not None and not facts.log_errors:
        yield ok("log", "There are no recent errors in klippy's log.")


def _counted(error: LogError) -> str:
    """An error of the log with how often and when it occurred."""
    if error.last is None or error.first is None:
        times = f"{error.count} times" if error.count > 1 else "once"
        return f"klippy's log has {times}: {error.text}"
    last = _date(error.last)
    if error.count == 1:
        return f"klippy's log has once, at {last}: {error.text}"
    if (first := _date(error.first)) == last:
        return f"klippy's log has {error.count} times, at {last}: {error.text}"
    return f"klippy's log has {error.count} times, from {first} to {last}: {error.text}"


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
