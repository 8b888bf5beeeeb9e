"""Include lines that find the backup of printer.cfg: SAVE_CONFIG would stop Klipper, or bring the old values back."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.saving import Klipper, Person, save
from zcal_tui.printer.config_files import LocalConfigFiles
from zcal_tui.printer.printer import Printer
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.opening import open_transport

TEXT = "[printer]\nkinematics: cartesian\n[probe]\nz_offset: 1.5\n"


@pytest.fixture
def klipper(machine: Machine, klippy: FakeKlippy) -> Klipper:
    return Klipper(machine, klippy)


@pytest.fixture
async def printer(klippy: FakeKlippy) -> AsyncIterator[Printer]:
    transport = open_transport(SocketAddress(klippy.path))
    await transport.connect()
    followed = Printer(transport)
    yield followed
    await followed.close()
    await transport.close()


@pytest.fixture
def folder(klipper: Klipper, tmp_path: Path) -> Path:
    """The folder of a printer.cfg that includes conf.d/mods.cfg."""
    folder = tmp_path / "config"
    (folder / "conf.d").mkdir(parents=True)
    (folder / "conf.d" / "mods.cfg").write_text("[fan]\npin: PA1\n")
    (folder / "printer.cfg").write_text(f"[include conf.d/mods.cfg]\n{TEXT}")
    klipper.machine.info_extra = {
        "config_file": str(folder / "printer.cfg"),
        "hostname": socket.gethostname(),
    }
    return folder


def include(folder: Path, pattern: str, file: str = "printer.cfg") -> None:
    path = folder / file
    path.write_text(f"[include {pattern.format(config=folder)}]\n{path.read_text()}")


FOUND = [
    ("printer-*.cfg", "printer.cfg", "Klipper"),
    ("printer-2*", "printer.cfg", "Klipper"),
    ("{config}/p*-*.cfg", "printer.cfg", "Klipper"),
    ("../config/printer?*.cfg", "printer.cfg", "Klipper"),
    ("../printer[-_]*.cfg", "conf.d/mods.cfg", "Klipper"),
    ("*/*.cfg", "printer.cfg", "Kalico"),
    ("config_backups/*", "printer.cfg", "Kalico"),
    ("../config_backups/**/printer-*.cfg", "conf.d/mods.cfg", "Kalico"),
]


@pytest.mark.parametrize(("pattern", "file", "app"), FOUND)
async def test_nothing_is_saved_where_klippy_would_read_the_backup(
    pattern: str, file: str, app: str, printer: Printer, klipper: Klipper, folder: Path
) -> None:
    klipper.machine.info_extra["app"] = app
    include(folder, pattern, file)
    done = await save(printer, Person(), files=LocalConfigFiles(printer))
    assert done.state == "proposed", done.messages
    assert "SAVE_CONFIG would leave its backup of printer.cfg where" in done.messages
    assert "[probe] z_offset: 1.520" in done.messages
    assert klipper.saved == 0
    assert klipper.pending == {}


NOT_FOUND = [
    ("conf.d/*.cfg", "Klipper"),
    ("*/*.cfg", "Klipper"),
    ("**/*.cfg", "Klipper"),
    ("printer-mods*.cfg", "Klipper"),
    ("printer-*.cfg", "Kalico"),
    ("[!p]*.cfg", "Kalico"),
]


@pytest.mark.parametrize(("pattern", "app"), NOT_FOUND)
async def test_patterns_that_do_not_find_it_are_no_obstacle(
    pattern: str, app: str, printer: Printer, klipper: Klipper, folder: Path
) -> None:
    klipper.machine.info_extra["app"] = app
    (folder / "printer.cfg").write_text(TEXT)
    include(folder, pattern)
    done = await save(printer, Person(save=True), files=LocalConfigFiles(printer))
    assert done.state == "saved", done.messages
    assert klipper.saved == 1
