"""Sockets of this machine, and paths that are something else."""

import socket
from pathlib import Path

import pytest

from zcal_tui.transport.discovery import sockets_here, wrong_kind
from zcal_tui.transport.failures import Unreachable
from zcal_tui.transport.klippy_socket import open_socket


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # a socket's path may have 107 characters only
    for name in ("printer_data", "printer_2_data"):
        (tmp_path / name / "comms").mkdir(parents=True)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(f"{name}/comms/klippy.sock")
    (tmp_path / "printer_data" / "comms" / "moonraker.sock").write_text("")
    return tmp_path


def test_sockets_below_the_home_folder_are_found(home: Path) -> None:
    found = [path.relative_to(home).parts[0] for path in sockets_here(home) if home in path.parents]
    assert found == ["printer_2_data", "printer_data"], "a file that is no socket is none"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("printer.cfg", "it is a configuration file, not a socket"),
        ("klippy.log", "it is a log file, not a socket"),
        ("notes.txt", "it is a file, not a socket"),
    ],
)
async def test_a_wrong_kind_of_file_is_named(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / name
    path.write_text("")
    assert wrong_kind(path) == kind
    with pytest.raises(Unreachable) as refused:
        await open_socket(path, str(path))
    assert refused.value.cause == kind
    assert "klippy.sock" in refused.value.remedy


def test_folders_sockets_and_nothing(home: Path) -> None:
    assert wrong_kind(home) == "it is a folder, not a socket"
    assert wrong_kind(home / "printer_data" / "comms" / "klippy.sock") is None
    assert wrong_kind(home / "missing") is None
