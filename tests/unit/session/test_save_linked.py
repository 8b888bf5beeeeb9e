"""A printer.cfg that is a symbolic link: SAVE_CONFIG of Klipper puts a file in its place."""

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


@pytest.mark.parametrize(("app", "said"), [("Klipper", True), ("Kalico", False)])
async def test_what_becomes_of_the_link_is_shown_before(
    app: str, said: bool, printer: Printer, klipper: Klipper, tmp_path: Path
) -> None:
    (tmp_path / "checkout").mkdir()
    file, link = tmp_path / "checkout" / "my.cfg", tmp_path / "printer.cfg"
    file.write_text(TEXT)
    link.symlink_to(file)
    klipper.machine.info_extra = {"config_file": str(link), "hostname": socket.gethostname(), "app": app}
    done = await save(printer, Person(save=True), files=LocalConfigFiles(printer))
    assert done.state == "saved"
    assert (f"printer.cfg is a link to {file}. Klipper will put a file" in done.asked[0].detail) is said


async def test_a_file_is_no_link(printer: Printer, klipper: Klipper, tmp_path: Path) -> None:
    file = tmp_path / "printer.cfg"
    file.write_text(TEXT)
    klipper.machine.info_extra = {"config_file": str(file), "hostname": socket.gethostname()}
    done = await save(printer, Person(save=True), files=LocalConfigFiles(printer))
    assert "is a link to" not in done.asked[0].detail
