"""A nearly full disk: printer.cfg could be cut off."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.saving import Klipper, Person, save
from zcal_tui.printer.config_files import LocalConfigFiles
from zcal_tui.printer.printer import Printer
from zcal_tui.session.saving.plan import ROOM
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


class Disk(LocalConfigFiles):
    """The files, on a disk of which a test says how much is free."""

    def __init__(self, printer: Printer, free: int | None) -> None:
        super().__init__(printer)
        self._free = free

    async def free(self) -> int | None:
        return self._free


@pytest.fixture
def config(klipper: Klipper, tmp_path: Path) -> Path:
    main = tmp_path / "printer.cfg"
    main.write_text(TEXT)
    klipper.machine.info_extra = {"config_file": str(main), "hostname": socket.gethostname()}
    return main


@pytest.mark.parametrize("free", [0, 4096, ROOM - 1])
async def test_nothing_is_staged_on_a_disk_that_is_nearly_full(
    free: int, printer: Printer, klipper: Klipper, config: Path
) -> None:
    done = await save(printer, Person(), files=Disk(printer, free))
    assert done.state == "proposed", done.messages
    assert f"nearly full: {free // 1024} KiB are free" in done.messages
    assert "[probe] z_offset: 1.520" in done.messages
    assert (klipper.saved, klipper.pending) == (0, {})


@pytest.mark.parametrize("free", [None, 2 * ROOM])
async def test_room_enough_or_unknown_is_no_obstacle(
    free: int | None, printer: Printer, klipper: Klipper, config: Path
) -> None:
    done = await save(printer, Person(save=True), files=Disk(printer, free))
    assert (done.state, klipper.saved) == ("saved", 1), done.messages


async def test_what_is_free_on_this_machine(printer: Printer, config: Path) -> None:
    free = await LocalConfigFiles(printer).free()
    assert free is not None
    assert free > 0


async def test_a_folder_that_is_gone_says_nothing(printer: Printer, klipper: Klipper, tmp_path: Path) -> None:
    klipper.machine.info_extra = {
        "config_file": str(tmp_path / "gone" / "printer.cfg"),
        "hostname": socket.gethostname(),
    }
    assert await LocalConfigFiles(printer).free() is None
