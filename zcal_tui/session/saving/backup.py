"""Putting back the backup of printer.cfg with which Klipper started before.

Only on this machine's disk, only if printer.cfg is still what SAVE_CONFIG wrote, and only after its diff was shown. The
file with which Klipper did not start is kept. For another host there are the commands to type.
"""

import asyncio
import contextlib
import difflib
import posixpath
import shlex
from pathlib import Path

from zcal_tui.klipper_config.replace import replace_file
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.config_files import ConfigUnreadable, kept_name, local_main, same_text, where
from zcal_tui.printer.printer import Printer
from zcal_tui.session.saving.config_diff import CONTEXT


class NotRestorable(Exception):
    """The backup cannot be put back; `str()` says why, as a sentence."""


@dataclass(frozen=True)
class Backup:
    """printer.cfg as it failed and its backup, both on this machine's disk."""

    main: Path
    path: Path
    failed: bytes
    previous: bytes

    def diff(self) -> str:
        """What putting it back changes, as a unified diff."""
        name = self.main.name
        lines = difflib.unified_diff(
            _lines(self.failed), _lines(self.previous), name, f"{name} (after)", "", "", CONTEXT, ""
        )
        return "\n".join(lines)


async def find_backup(printer: Printer, path: str, written: str | None) -> Backup:
    """The backup at `path`, as SAVE_CONFIG left it. `written` is what SAVE_CONFIG was expected to write, if known.

    Raises NotRestorable.
    """
    main = await local_main(printer)
    if main is None:
        raise NotRestorable("printer.cfg is on another machine.")
    return await asyncio.to_thread(_read, Path(main), Path(path), written)


async def restore(backup: Backup) -> str:
    """Put the backup in printer.cfg's place; returns the path of the failed file. Raises NotRestorable."""
    return await asyncio.to_thread(_restore, backup)


async def commands(printer: Printer, path: str | None) -> str:
    """What to type on the printer's host to put the backup back."""
    main, hostname = "", ""
    with contextlib.suppress(ConfigUnreadable):
        main, hostname = await where(printer)
    if not main:
        return "To go back, copy the newest backup beside printer.cfg over printer.cfg, then RESTART."
    if path is None:
        return (
            f"To go back, copy the newest backup of {main} over it on {hostname or 'its host'}, then RESTART. "
            f"`ls -t {shlex.quote(posixpath.dirname(main))}` lists the newest file first."
        )
    file, failed, backup = shlex.quote(main), shlex.quote(f"{main}.failed"), shlex.quote(path)
    return (
        f"To go back, type on {hostname or 'its host'}: `cp -p {file} {failed} && cp -p {backup} {file}`. "
        "Then RESTART."
    )


def _read(main: Path, path: Path, written: str | None) -> Backup:
    try:
        failed, previous = main.read_bytes(), path.read_bytes()
    except OSError as error:
        raise NotRestorable(f"{error.filename} cannot be read: {error.strerror}.") from error
    if written is not None and not same_text(failed, written):
        raise NotRestorable(f"{main} has changed since it was saved.")
    return Backup(main, path, failed, previous)


def _restore(backup: Backup) -> str:
    file = backup.main.resolve()  # a symbolic link stays one
    try:
        if file.read_bytes() != backup.failed:
            raise NotRestorable(f"{backup.main} has changed since its diff was shown.")
        kept = file.with_name(kept_name(file.name))
        replace_file(file, backup.previous, kept)
    except OSError as error:
        raise NotRestorable(f"{error.filename} cannot be written: {error.strerror}.") from error
    return str(kept)


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").removesuffix("\n").splitlines()
