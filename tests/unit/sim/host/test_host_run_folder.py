"""The folder a printer lives in, and what killed simulators leave."""

import os
import re
import tempfile
from pathlib import Path

import pytest

from zcal_tui.printer.mirror import instance_of
from zcal_tui.sim.host.errors import SimulatorError
from zcal_tui.sim.host.run_folder import LONGEST_SOCKET_PATH, create_run_folder, remove_stale_folders


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of our own, with a short path."""
    folder = Path(tempfile.mkdtemp(prefix="zt"))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def abandon(folder: Path) -> None:
    """What a kill leaves: the files, and no lock."""
    (folder / ".lock").touch()
    (folder / "config").mkdir(parents=True, exist_ok=True)


def test_it_is_removed_at_the_end() -> None:
    folder = create_run_folder()
    assert folder.config.parent.is_dir()
    folder.remove()
    assert not folder.path.exists()


@pytest.mark.parametrize("name", ["voron", "my printer-2", "é" * 80])
def test_its_name_is_the_printers(name: str, temporary: Path) -> None:
    folder = create_run_folder(name=name)
    assert re.sub(r"[^\w.]", "_", name, flags=re.ASCII)[:24] == instance_of(str(folder.config))
    assert len(os.fsencode(folder.moonraker_socket)) <= LONGEST_SOCKET_PATH
    folder.remove()


def test_it_can_be_kept() -> None:
    folder = create_run_folder(keep=True)
    folder.remove()
    assert folder.path.is_dir()
    remove_stale_folders()
    assert folder.path.is_dir()


def test_sockets_fit(temporary: Path) -> None:
    folder = create_run_folder()
    for socket in (folder.klippy_socket, folder.moonraker_socket, folder.control_socket):
        assert len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH
    folder.remove()


def test_a_path_too_long_for_sockets_is_refused(temporary: Path) -> None:
    with pytest.raises(SimulatorError, match="too long"):
        create_run_folder(temporary / ("long" * 30))


def test_a_folder_in_use_is_refused(temporary: Path) -> None:
    first = create_run_folder(temporary / "mine")
    with pytest.raises(SimulatorError, match="in use"):
        create_run_folder(temporary / "mine")
    first.remove()
    assert (temporary / "mine").is_dir()
    create_run_folder(temporary / "mine").remove()


def test_a_folder_that_cannot_be_made_is_explained(temporary: Path) -> None:
    (temporary / "file").touch()
    with pytest.raises(SimulatorError, match="cannot be made"):
        create_run_folder(temporary / "file" / "below")


def test_what_killed_ones_left_is_removed(temporary: Path) -> None:
    dead = temporary / "zcal-sim-dead"
    dead.mkdir()
    abandon(dead)
    alive = create_run_folder()
    assert not dead.exists()
    remove_stale_folders()
    assert alive.path.is_dir()
    alive.remove()


def test_what_is_not_ours_is_left(temporary: Path) -> None:
    other = temporary / "zcal-sim-gcodes"
    other.mkdir()
    remove_stale_folders()
    assert other.is_dir()
