"""Running CALIBRATE_Z of plugins that publish no heights: what the console tells, and cancelling."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine, Refused
from tests.unit.fakes.waiting import until
from zcal_tui.checks.auto_z.calibrate import calibrate, touch_endstop
from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckCancelled, CheckFailed
from zcal_tui.model.events import Event, Notice, SampleTaken
from zcal_tui.printer.printer import CommandFailed, Printer
from zcal_tui.printer.z_calibration import ZCalibrationSection, section
from zcal_tui.printer.zcal_module import ZcalModule
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.opening import open_transport

LINES = (
    *(f"CALIBRATE_Z: probe at 206.000,256.000 is z={z:.6f}" for z in (0.5, 0.501, 0.5)),
    *(f"CALIBRATE_Z: probe at 206.000,232.250 is z={z:.6f}" for z in (6.451, 6.452, 6.453)),
    *(f"CALIBRATE_Z: probe at 125.000,105.250 is z={z:.6f}" for z in (6.36, 6.361, 6.362)),
    "CALIBRATE_Z: bed_probe=6.361 - (switch=6.452 - nozzle=0.500 + switch_offset=0.450) --> new_offset=-0.041000",
)


@dataclass
class Lender:
    """Counts how often the offset was noted."""

    borrowed: int = 0

    async def borrow_offset(self) -> None:
        self.borrowed += 1


@dataclass
class Bench:
    """A printer with another's [z_calibration], and a check's context on it."""

    machine: Machine
    printer: Printer
    said: list[Event] = field(default_factory=list)
    cancelled: bool = False
    lender: Lender = field(default_factory=Lender)

    @property
    def context(self) -> Context:
        return Context(
            printer=self.printer,
            sampler=cast(Any, None),
            clock=self.printer.clock,
            emit=self.said.append,
            cancelled=lambda: self.cancelled,
            operator=cast(Any, None),
            zcal=ZcalModule(self.printer),
            holder=cast(Any, self.lender),
        )

    @property
    def section(self) -> ZCalibrationSection:
        found = section(self.printer.state)
        assert found is not None
        return found


@pytest.fixture
async def bench(klippy: FakeKlippy, machine: Machine) -> AsyncIterator[Bench]:
    settings = machine.objects["configfile"]["settings"]
    settings["probe"].update(samples=3, samples_result="median")
    settings["z_calibration"] = {"switch_offset": 0.45, "samples_result": "none"}
    machine.objects["z_calibration"] = {"last_query": True, "last_z_offset": -0.041}
    link = open_transport(SocketAddress(klippy.path))
    await link.connect()
    printer = Printer(link)
    await printer.start()
    yield Bench(machine, printer)
    await printer.close()
    await link.close()


async def test_the_heights_come_from_the_console(bench: Bench) -> None:
    given: list[dict[str, str]] = []

    async def command(parameters: dict[str, str]) -> None:
        given.append(parameters)
        for line in LINES:
            bench.machine.say(line)

    bench.machine.handlers["CALIBRATE_Z"] = command
    attempt = await calibrate(bench.context, bench.section, 0.45)
    assert given == [{"SWITCH_OFFSET": "0.45"}]
    assert attempt.fault is None
    assert attempt.calibration is not None
    assert attempt.calibration.offset == -0.041
    assert attempt.calibration.switch.samples == (6.451, 6.452, 6.453)
    assert bench.lender.borrowed == 1


async def test_margins_are_a_finding_with_the_heights(bench: Bench) -> None:
    async def command(_: dict[str, str]) -> None:
        for line in LINES:
            bench.machine.say(line)
        raise Refused("CALIBRATE_Z: offset -0.041 is outside the configured range of min=0.000 and max=1.000")

    bench.machine.handlers["CALIBRATE_Z"] = command
    attempt = await calibrate(bench.context, bench.section, None)
    assert attempt.fault == "margins"
    assert attempt.calibration is not None
    assert attempt.calibration.nozzle.value == 0.5


async def test_another_error_is_no_finding(bench: Bench) -> None:
    async def command(_: dict[str, str]) -> None:
        raise Refused("CALIBRATE_Z: must home axes first")

    bench.machine.handlers["CALIBRATE_Z"] = command
    with pytest.raises(CommandFailed, match="must home"):
        await calibrate(bench.context, bench.section, None)
    assert bench.lender.borrowed == 1


@pytest.mark.slow
async def test_a_macro_that_calibrates_nothing_is_named(bench: Bench) -> None:
    async def command(_: dict[str, str]) -> None:
        return

    bench.machine.handlers["CALIBRATE_Z"] = command
    with pytest.raises(CheckFailed, match="did not report"):
        await calibrate(bench.context, bench.section, None)


async def test_a_command_that_cannot_be_stopped_runs_to_its_end_and_its_offset_is_noted(bench: Bench) -> None:
    goes_on = asyncio.Event()

    async def command(_: dict[str, str]) -> None:
        bench.cancelled = True
        await goes_on.wait()

    bench.machine.handlers["CALIBRATE_Z"] = command
    running = asyncio.create_task(calibrate(bench.context, bench.section, None))
    await until(lambda: any(isinstance(event, Notice) for event in bench.said))
    assert not running.done()
    goes_on.set()
    with pytest.raises(CheckCancelled):
        await running
    assert bench.lender.borrowed == 1
    assert sum(isinstance(event, Notice) for event in bench.said) == 1


@pytest.mark.parametrize("own", [True, False], ids=["the companion's section", "another's"])
async def test_only_our_own_command_is_asked_to_stop(bench: Bench, klippy: FakeKlippy, own: bool) -> None:
    if own:
        bench.machine.objects["z_calibration"]["attached_check_works"] = True
        await bench.printer.restart_and_wait()
    given: list[dict[str, str]] = []
    asked: list[tuple[str, dict[str, Any]]] = []
    stopped = asyncio.Event()

    async def command(parameters: dict[str, str]) -> None:
        given.append(parameters)
        bench.cancelled = True
        await stopped.wait()
        raise Refused(
            "CALIBRATE_Z was cancelled: requested through z_calibration/cancel. No offset was applied."
        )

    def ask(name: str) -> Any:
        def answer(parameters: dict[str, Any]) -> dict[str, object]:
            asked.append((name, parameters))
            stopped.set()
            return {"cancelled": True, "command": "CALIBRATE_Z"}

        return answer

    bench.machine.handlers["CALIBRATE_Z"] = command
    for name in ("zcal/cancel", "z_calibration/cancel"):
        klippy.endpoints[name] = ask(name)
    began = bench.machine.eventtime
    with pytest.raises(CheckCancelled):
        await calibrate(bench.context, bench.section, None)
    ((endpoint, parameters),) = asked
    assert endpoint == "z_calibration/cancel", "which stops nothing of [zcal], another client's series say"
    assert parameters["since"] == began
    assert given == ([{"TAG": parameters["tag"]}] if own else [{}])


async def test_the_endstops_touches_are_samples(bench: Bench) -> None:
    async def command(parameters: dict[str, str]) -> None:
        for i in range(int(parameters["SAMPLES"])):
            bench.machine.say(f"PROBE_Z_ACCURACY: probe at 206.000,256.000 is z={0.5 + i / 1000:.6f}")
        bench.machine.say(
            "PROBE_Z_ACCURACY: probe z accuracy results: maximum 0.502000, minimum 0.500000, range 0.002000, "
            "average 0.501000, median 0.501000, standard deviation 0.000816"
        )

    bench.machine.handlers["PROBE_Z_ACCURACY"] = command
    assert await touch_endstop(bench.context, 3, 7) == (0.5, 0.501, 0.502)
    samples = [event.sample for event in bench.said if isinstance(event, SampleTaken)]
    assert [sample.n for sample in samples] == [7, 8, 9]
    assert {sample.kind for sample in samples} == {"nozzle"}
