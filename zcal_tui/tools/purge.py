"""Removes what zcal-tui has stored about printers: records, log and settings. Never a value in printer.cfg."""

import argparse
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from zcal_tui.config import ConfigError, data_folder, default_file, load
from zcal_tui.tools.klipper_folder import InstallError


def purge(options: argparse.Namespace, environment: Mapping[str, str], home: Path) -> int:
    """Remove them after asking; returns 0 done, 1 not done. Raises InstallError."""
    found = stored(environment)
    if not found:
        print("There are no records, log or settings.")
        return 0
    print("To be removed (records, log and settings):", *(f"  {path}" for path in found), sep="\n")
    print("Values in printer.cfg stay, and so do backups of edited files.")
    if options.dry_run:
        return 0
    if not options.yes and not _agreed():
        print("They were kept. To remove them: run it again with --yes.", file=sys.stderr)
        return 1
    for path in found:
        try:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        except OSError as error:
            raise InstallError(f"{path} cannot be removed: {error.strerror or error}.") from error
        print(f"Removed: {path}")
    return 0


def stored(environment: Mapping[str, str]) -> list[Path]:
    """What there is: all of it in the data folder that is ours, and the settings file."""
    try:
        folder = data_folder(load({}, environment))
        file = default_file(environment)
    except ConfigError as error:
        raise InstallError(str(error)) from error
    named = (folder / "printers", *sorted(folder.glob("zcal-tui.log*")), file)
    return [path for path in named if path.exists()]


def _agreed() -> bool:
    if not sys.stdin.isatty():
        return False
    try:
        return input("Remove them? [y/N] ").strip().lower() in ("y", "yes")
    except (EOFError, KeyboardInterrupt):
        print()
        return False
