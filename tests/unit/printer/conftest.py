from collections.abc import AsyncIterator

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.moonraker import FakeMoonraker
from zcal_tui.printer.printer import Printer
from zcal_tui.transport.address import SocketAddress, parse_address
from zcal_tui.transport.opening import open_transport
from zcal_tui.transport.reconnect import LinkedTransport


@pytest.fixture(params=["klippy", "moonraker"])
async def transport(
    request: pytest.FixtureRequest, klippy: FakeKlippy, moonraker: FakeMoonraker
) -> AsyncIterator[LinkedTransport]:
    address = SocketAddress(klippy.path) if request.param == "klippy" else parse_address(moonraker.url)
    link = open_transport(address)
    await link.connect()
    yield link
    await link.close()


@pytest.fixture
async def printer(transport: LinkedTransport) -> AsyncIterator[Printer]:
    """The fake machine as a `Printer`, once through each server."""
    followed = Printer(transport)
    await followed.start()
    yield followed
    await followed.close()
