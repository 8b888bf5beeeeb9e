"""When the [zcal] module is used, and when Klipper's own commands are."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.sampler import StockSampler
from zcal_tui.printer.zcal_module import ZcalModule, read_sample
from zcal_tui.printer.zcal_sampler import ZcalSampler, sampler_for
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.opening import open_transport


@pytest.fixture
async def with_zcal(machine: Machine, klippy: FakeKlippy) -> AsyncIterator[Callable[..., Any]]:
    """Starts a `Printer` whose status has this zcal object."""
    made: list[Any] = []

    async def start(**zcal: Any) -> Printer:
        machine.objects["zcal"] = zcal
        link = open_transport(SocketAddress(klippy.path))
        await link.connect()
        printer = Printer(link)
        await printer.start()
        made.extend((printer, link))
        return printer

    yield start
    for thing in made:
        await thing.close()


@pytest.mark.parametrize(
    ("version", "usable"),
    [("1.1.0", True), ("1.12.3", True), ("1.0.0", False), ("2.1.0", False), ("", False), (None, False)],
)
async def test_it_is_used_where_it_speaks_our_version(
    version: str | None, usable: bool, with_zcal: Callable[..., Any]
) -> None:
    printer = await with_zcal(version=version, unavailable={})
    zcal = ZcalModule(printer)
    assert zcal.can("probe") is usable
    assert isinstance(sampler_for(printer, zcal), ZcalSampler if usable else StockSampler)


async def test_what_it_says_it_cannot_is_not_asked_of_it(with_zcal: Callable[..., Any]) -> None:
    printer = await with_zcal(version="1.1.0", unavailable={"probe": "It is not as zcal knows it."})
    zcal = ZcalModule(printer)
    assert zcal.can("motion", "state") and not zcal.can("motion", "probe")
    assert isinstance(sampler_for(printer, zcal), StockSampler)
    assert zcal.unavailable == {"probe": "It is not as zcal knows it."}


async def test_a_macro_that_fetches_the_probe_keeps_its_turn(
    machine: Machine, with_zcal: Callable[..., Any]
) -> None:
    machine.objects["configfile"]["settings"]["gcode_macro probe_accuracy"] = {"rename_existing": "_PA"}
    printer = await with_zcal(version="1.1.0", unavailable={})
    assert isinstance(sampler_for(printer, ZcalModule(printer)), StockSampler)


def test_a_sample_is_read_as_far_as_it_is_there() -> None:
    assert read_sample({"n": 1, "x": 1.0}) is None
    sample = read_sample({"n": 2, "x": 1, "y": 2, "t": 3.5, "trigger_z": None, "skew": {"stepper_z": 0.5}})
    assert sample is not None
    assert (sample.n, sample.t, sample.trigger_z, sample.dropped) == (2, 3.5, None, False)
