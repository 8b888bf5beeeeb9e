"""A manual probe as a client drives it: what the printer is told, and how its end is learnt."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.manual_probe import FakeManualProbe
from zcal_tui.printer import manual_probe as manual_room
from zcal_tui.printer.manual_probe import ManualProbeOutcome, ManualTest
from zcal_tui.printer.printer import CommandFailed, Printer
from zcal_tui.printer.zcal_module import ZcalModule
from zcal_tui.transport.failures import ReplyLost

ZCAL = {"version": "1.1.0", "unavailable": {}}


@pytest.fixture
def machine(machine: Machine) -> Machine:
    machine.handlers["M400"] = machine.handlers["G28"]
    machine.objects["toolhead"]["position"][2] = 5.0
    return machine


@pytest.fixture
def probe(machine: Machine) -> FakeManualProbe:
    return FakeManualProbe(machine)


@pytest.fixture
async def paper(printer: Printer, probe: FakeManualProbe) -> AsyncIterator[ManualTest]:
    made = ManualTest(printer, ZcalModule(printer))
    yield made
    made.close()


@pytest.fixture
def extra(machine: Machine) -> None:
    machine.objects["zcal"] = dict(ZCAL)


async def test_it_begins_where_the_nozzle_stands_and_tells_each_step(
    paper: ManualTest, machine: Machine
) -> None:
    at = await paper.begin()
    assert (at.z_position, at.lower, at.upper) == (5.0, None, None)
    at = await paper.step("-4.5")
    assert (at.z_position, at.lower, at.upper) == (0.5, None, 5.0)
    at = await paper.step("-")
    at = await paper.step("+")
    assert (at.z_position, at.lower, at.upper) == pytest.approx((0.4, 0.3, 0.5))
    assert paper.open
    assert machine.scripts[:2] == ["MANUAL_PROBE", "TESTZ Z=-4.5\nM400"]


async def test_an_accepted_height_is_heard_on_the_console(paper: ManualTest) -> None:
    await paper.begin()
    await paper.step("-4.5")
    assert await paper.accept() == ManualProbeOutcome("accepted", 0.5)
    assert not paper.open


async def test_a_refused_height_is_a_failure_of_its_own(paper: ManualTest) -> None:
    await paper.begin()
    assert await paper.accept() == ManualProbeOutcome("failed")


async def test_an_end_of_which_nothing_is_said_is_an_abort(
    paper: ManualTest, probe: FakeManualProbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manual_room, "LATE_WORD", 0.05)
    await paper.begin()
    probe.end()
    assert await paper.outcome() == ManualProbeOutcome("aborted")


async def test_a_word_that_comes_after_the_reply_still_counts(
    paper: ManualTest, machine: Machine, probe: FakeManualProbe
) -> None:
    await paper.begin()
    probe.end()
    asyncio.get_running_loop().call_later(0.1, machine.say, "Z position is 0.250")
    assert await paper.outcome() == ManualProbeOutcome("accepted", 0.25)


async def test_the_extra_tells_the_height_itself(
    extra: None, paper: ManualTest, machine: Machine, probe: FakeManualProbe
) -> None:
    await paper.begin()
    await paper.step("-4.9996")
    found = await paper.accept()
    assert machine.scripts[0] == "ZCAL_PAPER_TEST"
    assert found.how == "accepted"
    assert found.height == pytest.approx(0.0004), "not rounded as on the console"


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        ({"outcome": "failed", "height": None}, ManualProbeOutcome("failed")),
        ({"outcome": "aborted", "height": None}, ManualProbeOutcome("aborted")),
        ({"outcome": "eaten"}, ManualProbeOutcome("unknown")),
    ],
)
async def test_how_it_ended_is_the_extras_word(
    extra: None,
    paper: ManualTest,
    probe: FakeManualProbe,
    result: dict[str, object],
    outcome: ManualProbeOutcome,
) -> None:
    await paper.begin()
    probe.end(result)
    assert await paper.outcome() == outcome


async def test_abort_closes_ours_once(paper: ManualTest, machine: Machine) -> None:
    await paper.begin()
    await paper.abort()
    await paper.abort()
    assert machine.scripts.count("ABORT") == 1
    assert not machine.objects["manual_probe"]["is_active"]


async def test_one_that_ended_meanwhile_needs_no_abort(
    paper: ManualTest, machine: Machine, probe: FakeManualProbe
) -> None:
    await paper.begin()
    for word in ("TESTZ", "ACCEPT", "ABORT"):  # klippy knows them no more; the status is told late
        del machine.handlers[word]
    await paper.abort()
    assert "ABORT" in machine.scripts


async def test_another_clients_is_left_alone(
    paper: ManualTest, machine: Machine, probe: FakeManualProbe
) -> None:
    await probe.begin({})
    with pytest.raises(CommandFailed, match="Already in a manual Z probe"):
        await paper.begin()
    await paper.abort()
    assert "ABORT" not in machine.scripts
    assert not paper.open


async def test_one_whose_reply_was_lost_is_ours_to_close(
    machine: Machine, klippy: FakeKlippy, printer: Printer, probe: FakeManualProbe
) -> None:
    paper = ManualTest(printer, ZcalModule(printer))

    async def lost(script: str) -> None:
        await machine.run(script)
        raise ReplyLost("the link went")

    sending, printer.gcode = printer.gcode, lost  # type: ignore[method-assign]
    with pytest.raises(ReplyLost):
        await paper.begin()
    printer.gcode = sending  # type: ignore[method-assign]
    await paper.abort()
    assert not machine.objects["manual_probe"]["is_active"]
    paper.close()


async def test_what_is_said_after_closing_is_not_heard(
    paper: ManualTest, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manual_room, "LATE_WORD", 0.05)
    paper.close()
    machine.say("Z position is 0.250")
    assert await paper.outcome() == ManualProbeOutcome("aborted")
