"""What a run has changed on the printer and not restored yet: a file in the printer's folder.

Without the [zcal] module nothing restores a setting after this program is killed. The file is written before a change
and removed after it is undone, so that the next start finds what a killed run has left.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, field, fields, replace
from pathlib import Path
from typing import Any

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.outside_json import read_json
from zcal_tui.results.private_files import make_folder, open_private

FILE = "unrestored.json"
"""The file's name in a printer's folder."""


@dataclass(frozen=True, slots=True)
class Unrestored:
    """The mesh that was unloaded (its profile) and the G-code offset that was cleared (mm); None for what was not."""

    run: str
    at: str
    """When the run began, ISO 8601 in UTC."""
    mesh: str | None = None
    offset: tuple[float, float, float] | None = None
    homed_axes: str = ""
    homing: Mapping[str, Any] = field(default_factory=dict)
    """The homing state then (results/homing_state.py), as JSON."""
    heights: Mapping[str, float] = field(default_factory=dict)
    """The configured heights that the offset adds to: z_offset and position_endstop, by section."""
    process: Mapping[str, Any] = field(default_factory=dict)
    """The program that made the changes (checks/lease/process.py)."""

    @property
    def text(self) -> str:
        """What was changed, for people."""
        parts = []
        if self.mesh is not None:
            parts.append(f"unloaded the bed mesh {self.mesh}")
        if self.offset is not None:
            x, y, z = self.offset
            sideways = f"X {x:+.3f}, Y {y:+.3f}, " if x or y else ""
            parts.append(f"cleared the G-code offset ({sideways}Z {z:+.3f} mm)")
        return " and ".join(parts)

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands that put it back."""
        found = []
        if self.mesh is not None:
            found.append(f'BED_MESH_PROFILE LOAD="{self.mesh}"')
        if self.offset is not None:
            x, y, z = self.offset
            found.append(f"SET_GCODE_OFFSET X={x:.6f} Y={y:.6f} Z={z:.6f} MOVE=0")
        return tuple(found)


def write(folder: Path, left: Unrestored) -> None:
    """Store it, synced to disk. Raises OSError."""
    make_folder(folder)
    path = folder / FILE
    temporary = path.with_suffix(".new")
    with open_private(temporary, "w") as file:
        json.dump(asdict(left), file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def remove(folder: Path) -> None:
    """Nothing is left to restore. Raises OSError."""
    (folder / FILE).unlink(missing_ok=True)


def read(folder: Path) -> Unrestored | None:
    """What is left to restore; None where there is nothing, or the file cannot be read."""
    try:
        data = read_json((folder / FILE).read_text(encoding="utf-8"))
        known = {name.name for name in fields(Unrestored)}
        left = Unrestored(**{key: value for key, value in data.items() if key in known})
        mesh, offset = left.mesh, left.offset
        if mesh is not None and (not isinstance(mesh, str) or not mesh.isprintable() or '"' in mesh):
            return None
        if offset is None:
            return left
        x, y, z = (float(value) for value in offset)
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    return replace(left, offset=(x, y, z))
