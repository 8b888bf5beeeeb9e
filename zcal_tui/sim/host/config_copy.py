"""The printer.cfg that klippy runs: the profile's with its includes, connected to the simulated port.

Klippy gets a copy because SAVE_CONFIG writes into it.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from zcal_tui.sim.host.errors import SimulatorError

_SECTION = re.compile(r"^\[\s*([^\]]+?)\s*\]")
_INCLUDE = re.compile(r"^\[\s*include\s+([^\]]+?)\s*\]")
_REPLACED = {
    "mcu": re.compile(r"(serial|baud|canbus_uuid|canbus_interface|restart_method)\s*[:=]", re.IGNORECASE),
    "virtual_sdcard": re.compile(r"path\s*[:=]", re.IGNORECASE),
}


@dataclass(frozen=True)
class Places:
    """What a configuration is connected to."""

    port: Path
    gcodes: Path


def connect(text: str, places: Places) -> str:
    """The text of a configuration with its [mcu] and its [virtual_sdcard], if it has them, connected."""
    lines = []
    section = ""
    for line in text.splitlines():
        if header := _SECTION.match(line):
            section = header[1]
        elif section in _REPLACED and _REPLACED[section].match(line):
            continue
        lines.append(line)
        if header and section == "mcu":
            lines += [f"serial: {places.port}", "restart_method: command"]
        elif header and section == "virtual_sdcard":
            lines.append(f"path: {places.gcodes}")
    return "\n".join(lines) + "\n"


def copy_config(source: Path, target: Path, places: Places) -> None:
    """Copy a printer.cfg, and the files it includes at the same places beside it. Raises SimulatorError."""
    _copy(source, target, source.parent.resolve(), target.parent, places, set())


def _copy(source: Path, target: Path, root: Path, target_root: Path, places: Places, seen: set[Path]) -> None:
    seen.add(source.resolve())
    try:
        text = source.read_text(encoding="utf-8")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(connect(text, places), encoding="utf-8")
    except OSError as error:
        raise SimulatorError(
            f"{error.filename} cannot be copied.", f"{error.strerror}.", "Check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise SimulatorError(f"{source} is not UTF-8 text.", remedy="Save it as UTF-8.") from error
    for line in text.splitlines():
        if include := _INCLUDE.match(line):
            for file in sorted(source.parent.glob(include[1])):
                if file.resolve() in seen:
                    continue
                if not file.resolve().is_relative_to(root):
                    raise SimulatorError(
                        f"{source.name} includes {file}, which lies outside {root}.",
                        "The simulated printer runs a copy of the folder.",
                        "Put the file into the folder.",
                    )
                inside = file.resolve().relative_to(root)
                _copy(file, target_root / inside, root, target_root, places, seen)
