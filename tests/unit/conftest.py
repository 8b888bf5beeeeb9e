"""Fakes of a printer's two servers, on real sockets."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.moonraker import FakeMoonraker

settings.register_profile("unit", deadline=None)  # wall time says nothing on a machine that others use too
settings.load_profile("unit")


@pytest.fixture
def machine() -> Machine:
    """A small cartesian printer with a probe, ready and homed."""
    return Machine()


@pytest.fixture
async def klippy(machine: Machine, tmp_path: Path) -> AsyncIterator[FakeKlippy]:
    """klippy's API server for `machine`, on a unix socket."""
    server = FakeKlippy(machine, tmp_path / "klippy.sock")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def moonraker(machine: Machine, tmp_path: Path) -> AsyncIterator[FakeMoonraker]:
    """Moonraker for `machine`, on a websocket and a unix socket, trusting everybody."""
    server = FakeMoonraker(machine, tmp_path / "moonraker.sock")
    await server.start()
    yield server
    await server.stop()
