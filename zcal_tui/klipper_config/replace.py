"""Putting a new text in a configuration file's place, whole or not at all."""

import os
import shutil
from pathlib import Path


def replace_file(file: Path, data: bytes, backup: Path) -> None:
    """Copy the file to `backup`, then put `data` in its place with its rights and owner.

    Synced before it takes the place: people switch a printer off that does not start. Raises OSError, with its
    `filename`; the file is then as it was, and nothing is left beside it.
    """
    new = file.with_name(f".{file.name}.new")
    try:
        shutil.copy2(file, backup)
        try:
            with new.open("wb") as opened:
                opened.write(data)
                opened.flush()
                os.fsync(opened.fileno())
            shutil.copystat(file, new)
            if os.geteuid() == 0:  # under sudo: Klipper's user must still be able to write it
                owner = file.stat()
                os.chown(new, owner.st_uid, owner.st_gid)
            new.replace(file)
        except OSError:
            new.unlink(missing_ok=True)
            backup.unlink(missing_ok=True)
            raise
    except OSError as error:
        if error.filename is None:  # a full disk names none
            error.filename = str(file)
        raise
