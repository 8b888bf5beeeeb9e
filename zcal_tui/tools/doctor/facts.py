"""What was seen, as plain values: all that the findings are made of. Times are seconds since 1970, sizes bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from zcal_tui.checks.ready import finding as ready
from zcal_tui.klipper_config.files import ConfigText
from zcal_tui.printer.state import PrinterState
from zcal_tui.tools.klipper_folder import Folder


@dataclass(frozen=True, slots=True)
class Library:
    """A library that this program needs: `wanted` as `>=8.2,<9`, `found` its version; `error` why it cannot be
    imported."""

    name: str
    wanted: str = ""
    found: str | None = None
    error: str = ""
    seconds: float | None = None
    """What importing it took."""


@dataclass(frozen=True, slots=True)
class ProgramFacts:
    """This installation."""

    version: str
    installed_as: str | None
    """The version that the installer noted; None where this was not installed."""
    revision: str
    """The git revision of a checkout; empty elsewhere."""
    python: str
    system: str
    folder: Path
    """Where it was started from: the folder of its interpreter."""
    called: str = "zcal-tui"
    """How the shell finds it: by its name, or else by its path."""
    other: Path | None = None
    """Another zcal-tui that the shell finds."""
    libraries: tuple[Library, ...] = ()
    crashed: str = ""
    """How the trial of the libraries ended where it did not end well."""
    arithmetic: float | None = None
    """Seconds that a fixed piece of numpy's arithmetic took."""
    sudo: bool = False
    """Whether it runs as root for somebody else."""


@dataclass(frozen=True, slots=True)
class TerminalFacts:
    """The terminal at hand, and what the environment says of it."""

    term: str
    problem: str | None
    """Why the interface cannot be shown on it."""
    is_terminal: bool
    console: bool
    encoding: str
    locale: str
    """LC_ALL, LC_CTYPE or LANG, whichever is in force; empty for none."""
    locale_known: bool
    """Whether this machine has it."""
    columns: int
    rows: int
    wide_characters: bool | None
    """Whether the terminal took three bytes of UTF-8 for one character; None where it did not say."""
    ssh: bool
    multiplexer: str = ""


@dataclass(frozen=True, slots=True)
class StorageFacts:
    """The settings file, the data folder, the disk, the clock."""

    settings_file: Path
    settings_there: bool
    settings_problem: str
    login_readable: bool
    """Others may read the file although a login stands in it."""
    unknown_environment: tuple[tuple[str, str], ...]
    """Environment variables that begin like ours but are none, with the nearest that is."""
    folder: Path
    folder_there: bool
    foreign_owner: bool
    write_problem: str
    sync_seconds: float | None
    """What writing a few bytes to the disk and waiting for it took."""
    free: int | None
    broken_runs: tuple[str, ...]
    interrupted: int
    newest_run: float | None
    now: float
    built: float
    """When this program's files were written: a clock that is behind it is wrong."""
    synchronised: bool | None
    own_errors: int
    last_own_error: str


Answer = Literal["klippy", "moonraker", "login", "stranger", "unnamed", "refused", "silent"]
"""What came of asking: a printer's program, the demand for a login, something that is no printer, no machine of that
name, nobody, or no answer in time."""


@dataclass(frozen=True, slots=True)
class SocketFile:
    """What stands at a socket's path."""

    kind: Literal["missing", "closed", "socket", "terminal", "folder", "other"]
    """closed: in a folder that this user may not look into."""
    owner: str = ""
    writable: bool = False


@dataclass(frozen=True, slots=True)
class MoonrakerFacts:
    """What Moonraker says of itself."""

    version: str
    klippy_connected: bool
    klippy_state: str
    failed: tuple[str, ...] = ()
    warnings: int = 0
    missing: tuple[str, ...] = ()
    """What it misses in printer.cfg."""


@dataclass(frozen=True, slots=True)
class Tried:
    """An address that was asked, why it was, and what answered."""

    address: str
    origin: str
    answer: Answer
    cause: str = ""
    remedy: str = ""
    seconds: float | None = None
    """The time of one question and its answer."""
    file: SocketFile | None = None
    moonraker: MoonrakerFacts | None = None
    meant: bool = True
    """Whether this program asks there by itself, as it was called now."""

    @property
    def reached(self) -> bool:
        """Whether a printer's program answered."""
        return self.answer in ("klippy", "moonraker")


@dataclass(frozen=True, slots=True)
class KlippyProcess:
    """A klippy that runs on this machine, by its command line. Paths that it was not given are None."""

    pid: int
    user: str
    ours: bool
    """Whether it runs as the user that asks."""
    root: Path | None
    socket: Path | None
    socket_seen: bool = True
    """Whether there is something at the socket's path, seen from here."""
    config: Path | None = None
    log: Path | None = None
    started: float | None = None


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What was tried, and what runs on this machine."""

    tried: tuple[Tried, ...]
    bad_address: str = ""
    """Why the address that was given is none."""
    processes: tuple[KlippyProcess, ...] = ()
    moonrakers: int = 0
    """How many Moonrakers run here."""

    @property
    def used(self) -> Tried | None:
        """The one that is looked at: what this program would use, else the first that answered."""
        reached = [tried for tried in self.tried if tried.reached]
        return next((tried for tried in reached if tried.meant), reached[0] if reached else None)


@dataclass(frozen=True, slots=True)
class PrinterFacts:
    """What the printer says. `info` is klippy's endpoint of that name."""

    state: PrinterState
    info: Mapping[str, Any] = field(default_factory=dict)
    extra: ready.ReadyFinding | None = None
    extra_there: bool = False
    other_program: bool = False
    """Whether another program holds the extra's lease."""
    config: ConfigText | None = None
    """printer.cfg and what it includes, as they are on disk now."""
    config_problem: str = ""
    save_conflict: str = ""
    """Why SAVE_CONFIG would refuse the probe's z_offset."""
    edited: tuple[str, ...] = ()
    """What differs on disk from what klippy has read."""


@dataclass(frozen=True, slots=True)
class HereFacts:
    """Klipper on this machine; nothing of it where the printer is elsewhere."""

    folder: Folder | None
    elsewhere: tuple[Path, ...] = ()
    """Other Klipper folders that the extra is linked into."""
    twins: tuple[Path, ...] = ()
    """Two modules z_calibration in one place."""
    surplus: Path | None = None
    """Our z_calibration, where this Kalico keeps its own and does not start with both."""
    config: Path | None = None
    sections: frozenset[str] = frozenset()
    """The sections of printer.cfg and its includes on disk."""
    config_problem: str = ""
    started: float | None = None
    """When klippy started."""
    extra_changed: float | None = None
    """When the extra's files, or the links to them, were changed last."""
    python: str = ""
    """Klippy's interpreter, such as python3.11."""
    log: Path | None = None
    """Klippy's log, where it can be read."""
    log_errors: tuple[tuple[str, int], ...] = ()
    """What klippy's log tells of errors lately, each with how often, the newest last."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything."""

    program: ProgramFacts
    terminal: TerminalFacts
    storage: StorageFacts
    link: LinkFacts
    printer: PrinterFacts | None
    here: HereFacts
