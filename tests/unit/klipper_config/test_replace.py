"""A configuration file is replaced whole or not at all."""

import errno
import os
from pathlib import Path

import pytest

from zcal_tui.klipper_config.replace import replace_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A printer.cfg that others may not read."""
    path = tmp_path / "printer.cfg"
    path.write_bytes(b"old\n")
    path.chmod(0o640)
    return path


def test_the_new_text_takes_the_place_and_the_old_one_is_kept(file: Path, tmp_path: Path) -> None:
    replace_file(file, b"new\n", tmp_path / "backup")
    assert file.read_bytes() == b"new\n"
    assert (tmp_path / "backup").read_bytes() == b"old\n"
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "printer.cfg"]


def test_a_full_disk_leaves_everything_as_it_was_and_is_named(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError) as error:
        replace_file(file, b"new\n", tmp_path / "backup")
    assert error.value.filename == str(file)
    assert file.read_bytes() == b"old\n"
    assert [path.name for path in tmp_path.iterdir()] == ["printer.cfg"]
