"""Facts for the doctor's findings: a machine on which all is well, to be spoiled one thing at a time."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from zcal_tui.klipper_config.configuration import parse_text
from zcal_tui.printer.state import PrinterState
from zcal_tui.tools.doctor.finding import DoctorFinding
from zcal_tui.tools.doctor.klipper import KlipperFacts
from zcal_tui.tools.doctor.link import DEFAULT, AskedAddress, LinkFacts
from zcal_tui.tools.doctor.printer import PrinterFacts
from zcal_tui.tools.doctor.program import Library, ProgramFacts
from zcal_tui.tools.doctor.storage import StorageFacts
from zcal_tui.tools.doctor.terminal import TerminalFacts
from zcal_tui.tools.klipper_folder import ConfigFile, KlipperFolder, LinkState
from zcal_tui.tools.klippy_processes import KlippyProcess
from zcal_tui.tools.system import SocketFile

NOW = 1_764_100_000.0
SOCKET = "/home/pi/printer_data/comms/klippy.sock"
ROOT = Path("/home/pi/klipper")


def library(name: str = "textual", **others: Any) -> Library:
    """A library that can be imported."""
    return replace(Library(name, ">=8.2,<9", "8.2.8", "", 0.2), **others)


def program(**others: Any) -> ProgramFacts:
    """A whole installation."""
    well = ProgramFacts(
        version="0.1.0",
        installed_as="0.1.0",
        revision="",
        python="3.11.2",
        system="Linux",
        folder=Path("/home/pi/zcal-tui/.venv/bin"),
        libraries=(library(),),
        arithmetic=0.05,
    )
    return replace(well, **others)


def terminal(**others: Any) -> TerminalFacts:
    """A terminal over SSH that can do everything."""
    well = TerminalFacts(
        term="xterm-256color",
        problem=None,
        is_terminal=True,
        console=False,
        encoding="utf-8",
        locale="C.UTF-8",
        locale_known=True,
        columns=80,
        rows=24,
        decodes_utf8=True,
        ssh=True,
    )
    return replace(well, **others)


def storage(**others: Any) -> StorageFacts:
    """A data folder with runs, on a disk with room."""
    well = StorageFacts(
        settings_file=Path("/home/pi/.config/zcal-tui/config.toml"),
        settings_exist=True,
        settings_problem="",
        login_readable=False,
        unknown_environment=(),
        folder=Path("/home/pi/.local/share/zcal-tui"),
        folder_exists=True,
        foreign_owner=False,
        open_to_others=False,
        write_problem="",
        sync_seconds=0.01,
        free=10**10,
        broken_runs=(),
        unfinished=0,
        newest_run=NOW - 100,
        now=NOW,
        built=NOW - 10_000,
        synchronised=True,
        own_errors=(),
    )
    return replace(well, **others)


def tried(**others: Any) -> AskedAddress:
    """klippy's socket at the usual place, which answers."""
    file = SocketFile("socket", "pi", True)
    return replace(AskedAddress(SOCKET, DEFAULT, "klippy", seconds=0.002, file=file), **others)


def url(**others: Any) -> AskedAddress:
    """Moonraker by its URL, which answers."""
    asked = AskedAddress(
        "http://voron.local:7125", "--printer", "moonraker", seconds=0.01, moonraker=moonraker()
    )
    return replace(asked, **others)


def moonraker(**others: Any) -> dict[str, Any]:
    """The `server.info` of a Moonraker without complaints."""
    return {"moonraker_version": "v0.10.0-31-gabc", "klippy_connected": True, "warnings": [], **others}


def link(*asked: AskedAddress, **others: Any) -> LinkFacts:
    """These addresses were asked."""
    return replace(LinkFacts(asked), **others)


def process(**others: Any) -> KlippyProcess:
    """A klippy that runs."""
    return replace(KlippyProcess(700, ROOT, Path(SOCKET)), **others)


def printer(state: PrinterState | None = None, **others: Any) -> PrinterFacts:
    """A printer that is ready and sound."""
    ready = PrinterState(connected=True, klippy="ready", software_version="v0.13.0-600-gabc", link="")
    return replace(PrinterFacts(state or ready), **others)


def folder(zcal: LinkState = "ours", z_calibration: LinkState = "ours", **others: Any) -> KlipperFolder:
    """A Klipper folder, with the [zcal] module linked into it and hidden from git."""
    names = {"zcal": zcal, "z_calibration": z_calibration}
    foreign = {name: ROOT / "klippy" / "extras" / name for name, entry in names.items() if entry == "foreign"}
    well = KlipperFolder(
        root=ROOT,
        kalico=False,
        entries=names,
        foreign=foreign,
        has_own=frozenset(),
        exclude_file=ROOT / ".git" / "info" / "exclude",
        excluded=frozenset(("klippy/extras/zcal", "klippy/extras/z_calibration")),
        ignored=frozenset(),
    )
    return replace(well, **others)


def config(*sections: str) -> ConfigFile:
    """A printer.cfg with these sections."""
    path = Path("/home/pi/printer_data/config/printer.cfg")
    written = "".join(f"[{section}]\n" for section in sections)
    return ConfigFile(path, parse_text(written, str(path)), {path: written})


def klipper(**others: Any) -> KlipperFacts:
    """Klipper on this machine."""
    well = KlipperFacts(
        folder=folder(),
        config=config("printer", "zcal"),
        started=NOW - 1000,
        module_changed=NOW - 5000,
        python="python3.11",
        log=Path("/home/pi/printer_data/logs/klippy.log"),
    )
    return replace(well, **others)


def of(findings: Iterable[DoctorFinding], key: str) -> DoctorFinding:
    """The finding of that key, which is there once."""
    reported = list(findings)
    found = [finding for finding in reported if finding.key == key]
    assert len(found) == 1, [finding.key for finding in reported]
    return found[0]


def klippy_in(state: str, message: str = "") -> PrinterState:
    """A printer that a link has reached, with klippy in that state."""
    return PrinterState(connected=True, klippy=state, message=message, link="")  # type: ignore[arg-type]
