"""A session against a fake klippy on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.waiting import until
from zcal_tui.results.store import Store
from zcal_tui.session.session import Session
from zcal_tui.session.target import PrinterTarget
from zcal_tui.transport.address import SocketAddress


@pytest.fixture
def machine(machine: Machine) -> Machine:
    """The small printer, with the moves a check makes."""
    for word in ("SAVE_GCODE_STATE", "RESTORE_GCODE_STATE", "G90", "G1", "M400"):
        machine.handlers[word] = machine.handlers["G28"]
    return machine


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


@pytest.fixture
async def session(klippy: FakeKlippy, store: Store) -> AsyncIterator[Session]:
    """A session that has reached the printer."""
    session = Session(PrinterTarget(addresses=(SocketAddress(klippy.path),)), store)
    session.start()
    await until(lambda: session.snapshot.printer.ready)
    yield session
    await asyncio.to_thread(session.close)
