"""Vendors' Klippers over a real socket: Ready says supported in part or not, by name, and nothing else starts."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from tests.unit.checks.conftest import MOVES
from tests.unit.fakes.bench import Bench
from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.person import Nobody
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.ready.parameters import ReadyParameters
from zcal_tui.model.events import VerdictReached
from zcal_tui.model.record import Level
from zcal_tui.printer.printer import Printer
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.opening import open_transport

Connect = Callable[[Sequence[str], str], AbstractAsyncContextManager[Bench]]


@pytest.fixture
def connect(klippy: FakeKlippy, machine: Machine) -> Connect:
    """Connects to a printer with these sections and this host name."""

    @asynccontextmanager
    async def connected(sections: Sequence[str], hostname: str) -> AsyncIterator[Bench]:
        settings = machine.objects["configfile"]["settings"]
        del settings["probe"]
        settings |= {name: {"z_offset": 1.0, "x_offset": 5.0} for name in sections}
        machine.info_extra["hostname"] = hostname
        if not any("probe" in name or name == "bltouch" for name in sections):
            del machine.objects["probe"]
        for word in MOVES:
            machine.handlers[word] = machine.handlers["G28"]
        link = open_transport(SocketAddress(klippy.path))
        await link.connect()
        printer = Printer(link)
        await printer.start()
        yield Bench(machine, klippy, printer)
        await printer.close()
        await link.close()

    return connected


@pytest.mark.parametrize(
    ("sections", "hostname", "name"),
    [
        (("prtouch_v2",), "K1-1A2B", "Creality K1/K2"),
        (("prtouch_v3 default",), "K2Plus", "Creality K1/K2"),
        (("leviQ2",), "kobra", "Anycubic Kobra"),
    ],
)
@pytest.mark.parametrize("check", ["accuracy", "z-offset", "temperature"])
async def test_a_refused_klipper_is_named_and_nothing_starts(
    check: str, sections: Sequence[str], hostname: str, name: str, connect: Connect
) -> None:
    async with connect(sections, hostname) as bench:
        context = bench.context(Nobody())
        await CHECKS["ready"].run(context, ReadyParameters())
        (reached,) = bench.told(VerdictReached)
        assert reached.verdict.level is Level.FAIL
        said = f"{reached.verdict.summary} {' '.join(reached.verdict.reasons)}"
        assert f"This is a Klipper of {name}, which is not supported." in said
        with pytest.raises(CheckRefused, match=name):
            await CHECKS[check].run(context, CHECKS[check].parameters())


@pytest.mark.parametrize(
    ("sections", "hostname", "name"),
    [
        (("prtouch_v2", "bltouch"), "K1-1A2B", "Creality K1/K2"),
        (("bl24c16f", "bltouch"), "pad", "Creality Sonic Pad"),
        (("bltouch",), "SonicPad-2F3B", "Creality Sonic Pad"),
        (("qdprobe", "smart_effector"), "mkspi", "Qidi"),
        (("probe_pressure", "bltouch"), "SV08", "Sovol"),
    ],
)
async def test_a_limited_klipper_is_named_with_what_works(
    sections: Sequence[str], hostname: str, name: str, connect: Connect
) -> None:
    async with connect(sections, hostname) as bench:
        await CHECKS["ready"].run(bench.context(Nobody()), ReadyParameters())
        (reached,) = bench.told(VerdictReached)
        assert reached.verdict.level is not Level.PASS
        assert f"This is a Klipper of {name}, which is supported in part." in " ".join(
            reached.verdict.reasons
        )


@pytest.mark.parametrize("hostname", ["voron", "raspberrypi", "mainsailos"])
async def test_klipper_itself_is_no_vendors(hostname: str, connect: Connect) -> None:
    async with connect(("bltouch",), hostname) as bench:
        await CHECKS["ready"].run(bench.context(Nobody()), ReadyParameters())
        (reached,) = bench.told(VerdictReached)
        assert "This is a Klipper of" not in " ".join(reached.verdict.reasons)


async def test_a_module_that_reads_no_option_is_recognised_by_its_section(
    connect: Connect, machine: Machine
) -> None:
    machine.objects["configfile"]["config"]["prtouch_v2"] = {}
    async with connect(("bltouch",), "printer") as bench:
        await CHECKS["ready"].run(bench.context(Nobody()), ReadyParameters())
        (reached,) = bench.told(VerdictReached)
        assert any(
            "Creality K1/K2, which is supported in part" in reason for reason in reached.verdict.reasons
        )
