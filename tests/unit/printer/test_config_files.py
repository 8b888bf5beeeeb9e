"""The files of the configuration are found as klippy finds them."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from zcal_tui.printer.config_files import (
    ConfigBroken,
    ConfigFiles,
    ConfigUnreadable,
    config_files,
)
from zcal_tui.printer.printer import Printer
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.moonraker import Credentials
from zcal_tui.transport.opening import open_transport


@pytest.fixture
def folder(tmp_path: Path, machine: Machine) -> Path:
    """Where klippy says that its printer.cfg is."""
    folder = tmp_path / "config"
    folder.mkdir()
    machine.info_extra = {"config_file": str(folder / "printer.cfg"), "hostname": socket.gethostname()}
    return folder


@pytest.fixture
async def files(klippy: FakeKlippy, folder: Path) -> AsyncIterator[ConfigFiles]:
    """The files of a printer on this machine."""
    transport = open_transport(SocketAddress(klippy.path))
    await transport.connect()
    printer = Printer(transport)
    yield config_files(printer, str(klippy.path), Credentials())
    await transport.close()


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        path = folder / (name.replace("__", "/") + ".cfg")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())


async def test_includes_are_patterns_relative_to_their_file(files: ConfigFiles, folder: Path) -> None:
    write(
        folder,
        printer="[include more/*.cfg]\r\n[printer]\r\n# [include no.cfg]\r\n[include none-*.cfg]\r\n",
        more__b="[include c.txt]\n",
        more__a="µ",
        elsewhere="never\n",
    )
    (folder / "more" / ".hidden.cfg").write_text("never")
    (folder / "more" / "c.txt").write_text("[fan]\n")
    config = await files.read()
    main, more = str(folder / "printer.cfg"), str(folder / "more")
    assert config.main == main
    assert config.texts == {
        main: "[include more/*.cfg]\n[printer]\n# [include no.cfg]\n[include none-*.cfg]\n",
        f"{more}/a.cfg": "µ",
        f"{more}/b.cfg": "[include c.txt]\n",
        f"{more}/c.txt": "[fan]\n",
    }
    assert config.included == {
        (main, "more/*.cfg"): (f"{more}/a.cfg", f"{more}/b.cfg"),
        (main, "none-*.cfg"): (),
        (f"{more}/b.cfg", "c.txt"): (f"{more}/c.txt",),
    }
    assert config.foreign_ends


@pytest.mark.parametrize("include", ["nowhere.cfg", "printer.cfg", "loop.cfg"])
async def test_what_klippy_could_not_read_either(include: str, files: ConfigFiles, folder: Path) -> None:
    write(folder, printer=f"[include {include}]\n", loop="[include printer.cfg]\n")
    with pytest.raises(ConfigBroken, match="include"):
        await files.read()


async def test_a_file_that_is_not_there_is_only_unreadable(files: ConfigFiles) -> None:
    with pytest.raises(ConfigUnreadable, match="No such file") as raised:
        await files.read()
    assert not isinstance(raised.value, ConfigBroken)


async def test_a_socket_of_another_machine_does_not_give_this_ones_files(
    files: ConfigFiles, folder: Path, machine: Machine
) -> None:
    write(folder, printer="[printer]\n")
    machine.info_extra = {**machine.info_extra, "hostname": "some-other-host"}
    with pytest.raises(ConfigUnreadable, match="some-other-host"):
        await files.read()
    with pytest.raises(ConfigUnreadable, match="some-other-host"):
        await files.backups()


async def test_an_old_klippy_that_does_not_name_its_file(files: ConfigFiles, machine: Machine) -> None:
    machine.info_extra = {"hostname": socket.gethostname()}
    with pytest.raises(ConfigUnreadable, match="does not report"):
        await files.read()


async def test_backups_are_found_where_klipper_and_kalico_leave_them(
    files: ConfigFiles, folder: Path
) -> None:
    write(
        folder,
        printer="",
        **{"printer-20261125_181500": "", "printer-old": "", "other-20261125_181500": ""},
        config_backups__x="",
    )
    (folder / "config_backups" / "printer-20260101_000000.cfg").touch()
    assert await files.backups() == {
        str(folder / "printer-20261125_181500.cfg"),
        str(folder / "config_backups" / "printer-20260101_000000.cfg"),
    }
