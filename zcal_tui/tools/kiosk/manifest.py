"""What a kiosk's installation consists of: its files and lines, so that every one of them is removed again."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zcal_tui.tools.kiosk.texts import (
    GATE,
    KLIPPERSCREEN,
    MENU,
    SCREEN,
    KioskHost,
    foot_settings,
    gate_unit,
    loaded_unit,
    screen_unit,
    start_xterm,
    xterm_settings,
)

VERSION = 1
INCLUDE = "[include zcal-tui-menu.conf]"
"""The line that adds the menu entry to KlipperScreen.conf."""
SERVICE_LIST = "moonraker.asvc"
"""In printer_data: the services that Moonraker may start."""
SAVED = "#~# --- Do not edit below this line."
"""What KlipperScreen's own part of its file begins with. Source: ks_includes/config.py, do_not_edit_line"""


@dataclass(frozen=True, slots=True)
class InstalledFile:
    """A file that is written whole."""

    path: Path
    text: str
    mode: int = 0o644
    system: bool = True
    """Whether it is root's; else the Klipper user's."""

    @property
    def digest(self) -> str:
        """The SHA-256 of its content."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class InstalledLine:
    """A line in a file of somebody else."""

    path: Path
    line: str
    first: bool
    """Whether it goes before everything else; else to the end."""


@dataclass(frozen=True, slots=True)
class KioskParts:
    """Everything that is installed, in order."""

    files: tuple[InstalledFile, ...]
    lines: tuple[InstalledLine, ...]
    created: tuple[Path, ...] = field(default=())
    """Files of the lines that did not exist before."""


def parts_of(host: KioskHost, data: Path, root: Path = Path("/")) -> KioskParts:
    """The parts of a kiosk: `data` is the user's printer_data, `root` the system's root folder."""
    units, etc = root / "etc/systemd/system", root / host.folder.relative_to("/")
    if host.display == "wayland":
        terminal = [InstalledFile(etc / "foot.ini", foot_settings(host))]
    else:
        terminal = [
            InstalledFile(etc / "xterm.resources", xterm_settings(host)),
            InstalledFile(etc / "start-xterm", start_xterm(host), 0o755),
        ]
    config = data / "config"
    return KioskParts(
        files=(
            *terminal,
            InstalledFile(units / f"{SCREEN}.service", screen_unit(host)),
            InstalledFile(units / f"{GATE}.service", gate_unit(host)),
            InstalledFile(units / f"{KLIPPERSCREEN}.service.d" / "zcal-tui.conf", loaded_unit()),
            InstalledFile(config / "zcal-tui-menu.conf", MENU, system=False),
        ),
        lines=(
            InstalledLine(config / "KlipperScreen.conf", INCLUDE, first=True),
            InstalledLine(data / SERVICE_LIST, GATE, first=False),
        ),
    )


def with_line(text: str, part: InstalledLine) -> str:
    """The text with the line, once."""
    if part.line in text.splitlines():
        return text
    if part.first:
        return f"{part.line}\n{text}"
    return f"{text}{part.line}\n" if not text or text.endswith("\n") else f"{text}\n{part.line}\n"


def without_line(text: str, part: InstalledLine) -> str:
    """The text without the line, wherever it is now."""
    return "".join(line for line in text.splitlines(keepends=True) if line.rstrip("\r\n") != part.line)


def to_json(parts: KioskParts) -> str:
    """The manifest."""
    return json.dumps(
        {
            "version": VERSION,
            "files": [{"path": str(f.path), "sha256": f.digest, "system": f.system} for f in parts.files],
            "lines": [{"path": str(one.path), "line": one.line, "first": one.first} for one in parts.lines],
            "created": [str(path) for path in parts.created],
        },
        indent=1,
    )


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest as it was stored."""

    files: tuple[tuple[Path, str, bool], ...]
    """Path, SHA-256, whether it is root's."""
    lines: tuple[InstalledLine, ...]
    created: tuple[Path, ...]


def from_json(text: str) -> Manifest:
    """Read a manifest. Raises ValueError where it is none."""
    try:
        found: Any = json.loads(text)
        if found["version"] != VERSION:
            raise ValueError(f"its version is {found['version']}, not {VERSION}")
        return Manifest(
            tuple((Path(one["path"]), str(one["sha256"]), bool(one["system"])) for one in found["files"]),
            tuple(
                InstalledLine(Path(one["path"]), one["line"], bool(one["first"])) for one in found["lines"]
            ),
            tuple(map(Path, found["created"])),
        )
    except (KeyError, TypeError) as error:
        raise ValueError("it is not a manifest of zcal-tui") from error
