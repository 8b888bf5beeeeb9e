"""Where the backup of an edited configuration file goes: where no include line finds it."""

import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from zcal_tui.klipper_config.include_patterns import matches
from zcal_tui.tools.klipper_folder import InstallError


def backup_folder(environment: Mapping[str, str], home: Path) -> Path:
    """The folder for backups: outside the configuration, so that installing and uninstalling leave it as it was."""
    data = environment.get("XDG_DATA_HOME", "")
    base = Path(data) if os.path.isabs(data) else home / ".local" / "share"  # noqa: PTH117  an empty text is no path
    return base / "zcal-tui" / "config-backups"


def backup_place(file: Path, folder: Path, patterns: Iterable[str]) -> Path:
    """A new path for a file's backup that none of the absolute include patterns matches. Raises InstallError."""
    stamp = datetime.now().strftime("%Y%m%d_%H%M%S")
    wanted = list(patterns)
    for count in range(1000):
        mark = stamp if count == 0 else f"{stamp}-{count}"
        for name in (f"{file.name}.before-zcal-{mark}", f".{file.name}.before-zcal-{mark}"):
            place = folder / name
            if not place.exists() and not any(
                matches(str(place), pattern, recursive=True) for pattern in wanted
            ):
                return place
    raise InstallError(
        f"An include line of the configuration matches every file in {folder}. Narrow it first."
    )
