"""What happens meanwhile, in the terminal interface on a real klippy: the screen says what it was and what is safe, and
goes on where it can."""

from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.cutting import CuttingProxy
from tests.e2e.pace import slowly
from tests.e2e.pilotperson import PilotPerson, at_the_program
from tests.e2e.simulated import KlippyClient, Starter, eventually, wait_for_state
from zcal_tui.model.record import Outcome, Record
from zcal_tui.session.snapshot import LinkState
from zcal_tui.session.target import DemoOptions, PrinterTarget
from zcal_tui.transport.address import SocketAddress

PROFILE = "corexy"
SPEED = 20.0
IN_TIME = 1.0
"""While a link is cut that comes back before the lease ends, however long the test takes to see it."""
WAIT = 120.0


def demo() -> DemoOptions:
    return DemoOptions(PROFILE, speed=SPEED)


def link_state(person: PilotPerson) -> LinkState:
    return person.session.snapshot.link.state


def last(person: PilotPerson) -> Record:
    run = person.session.snapshot.run
    assert run is not None
    return run.record


async def samples(person: PilotPerson, least: int) -> None:
    """Until so many samples are taken."""
    await person.until(lambda: len(last(person).samples) >= least, WAIT)


async def in_the_paper_test(person: PilotPerson) -> None:
    """From the plan into a paper test in which a height was tried."""
    await person.press("enter")
    await person.walk("PaperScreen", WAIT)
    await person.until(lambda: person.app.app_state.asking is not None)
    await person.press("j")
    await person.until(lambda: person.app.app_state.asking is not None)


async def test_klippy_shut_down_by_somebody_else_is_explained_and_can_be_brought_back(tmp_path: Path) -> None:
    async with at_the_program(tmp_path, demo(), "accuracy", {"samples": 40}) as person:
        await person.press("enter")
        await samples(person, 3)
        person.session.emergency_stop()  # past this screen's own STOP: as from any other client
        await person.until_shown("The check stopped", WAIT)
        told = person.words()
        assert "shutdown" in told, "the bar says how klippy is"
        assert "Firmware restart" in told
        assert last(person).outcome is Outcome.ERROR
        await person.press("f")
        await person.until(lambda: person.session.snapshot.printer.ready, WAIT)
        assert person.screen == "VerdictScreen"
        assert f"{len(last(person).samples)} samples are stored" in person.words()
        await person.until_shown("not homed")
        await person.press("r")
        await samples(person, 3)
        assert person.screen == "RunScreen", "it homes again and goes on"


async def test_a_printer_homed_in_the_middle_of_a_paper_test_ends_it_with_the_reason(tmp_path: Path) -> None:
    async with at_the_program(tmp_path, demo(), "z-offset", {"touches": 3}) as person:
        await in_the_paper_test(person)
        person.session.send_gcode("ABORT\nG28")
        await person.until_shown("The check stopped", WAIT)
        assert "paper test" in person.words()
        await person.press("escape")
        assert person.screen == "VerdictScreen"
        assert person.session.snapshot.printer.manual_probe.is_active is False
        await person.until(lambda: person.app.app_state.can_start, WAIT)


async def test_a_paper_test_that_somebody_else_began_is_told_and_can_be_ended(tmp_path: Path) -> None:
    async with at_the_program(tmp_path, demo(), "accuracy", {"samples": 30}) as person:
        person.session.send_gcode("G28\nMANUAL_PROBE")
        await person.until_shown("A paper test is open that was not started here", WAIT)
        await person.press("enter")
        assert person.screen == "PlanScreen", "nothing moves while it is open"
        await person.press("w")
        assert "Take over" in person.words()
        assert "ABORT" in person.words()
        await person.press("x")
        await person.until(lambda: person.app.app_state.can_start, WAIT)
        assert "A paper test is open" not in person.words()
        await person.press("enter")
        await samples(person, 3)


async def test_a_pause_while_a_question_is_open_ends_the_run_where_it_stands(
    tmp_path: Path,
) -> None:
    async with at_the_program(tmp_path, demo(), "z-offset", {"touches": 3}) as person:
        await person.press("enter")
        await person.walk("QuestionModal", WAIT)
        await person.until_shown("y Yes")
        while "above the point" not in person.words():
            await person.press("y")
            await person.walk("QuestionModal", WAIT)
            await person.until_shown("y Yes")
        person.session.send_gcode("PAUSE")
        await person.until(lambda: person.session.snapshot.printer.paused, WAIT)
        before = person.session.snapshot.printer.position
        await person.press("y")
        await person.until_shown("was paused (PAUSE)", WAIT)
        assert "paused" in person.words(), "the bar says so as well"
        assert person.session.snapshot.printer.position == before
        await person.press("escape")
        await person.press("p")
        await person.press("enter")
        assert person.screen == "PlanScreen", "nothing is begun on a paused printer"
        person.session.send_gcode("CLEAR_PAUSE")
        await person.until(lambda: person.app.app_state.can_start, WAIT)


@pytest.mark.parametrize("yes", [True, False])
async def test_another_client_asks_for_the_printer(yes: bool, tmp_path: Path) -> None:
    async with at_the_program(tmp_path, demo(), "z-offset", {"touches": 3}) as person:
        await in_the_paper_test(person)
        person.session.send_gcode("M118 zcal-tui: zcal-tui on workshop (1) asks to take over this printer")
        await person.until_shown("zcal-tui on workshop (1) requests control", WAIT)
        assert "the samples are stored" in " ".join(person.words().split())
        await person.press("y" if yes else "n")
        if yes:
            await person.until_shown("Cancelled", WAIT)
            assert person.screen == "VerdictScreen"
            assert last(person).outcome is Outcome.CANCELLED
            printer = person.session.snapshot.printer
            assert printer.zcal.get("lease") is None
            assert printer.manual_probe.is_active is False
            return
        await person.until(
            lambda: any(
                "keeps this printer" in line.text and not line.sent
                for line in person.session.snapshot.console
            ),
            WAIT,
        )
        assert person.screen == "PaperScreen"
        assert last(person).outcome is Outcome.RUNNING
        await person.until(lambda: person.app.app_state.asking is not None, WAIT)
        await person.press("j")
        await person.until(lambda: person.app.app_state.asking is not None, WAIT)


async def test_a_request_is_heard_in_the_middle_of_a_command(tmp_path: Path) -> None:
    """A script of another client's would wait until the series has ended; the extra prints it at once."""
    async with at_the_program(tmp_path, demo(), "accuracy", {"samples": 200}) as person:
        await person.press("enter")
        await samples(person, 3)
        control = person.session.snapshot.link.control
        assert control is not None
        other = KlippyClient(str(Path(control).with_name("klippy.sock")))
        other.call("zcal/say", text="zcal-tui: zcal-tui on workshop (1) asks to take over this printer")
        other.close()
        await person.until_shown("zcal-tui on workshop (1) requests control", WAIT)
        assert last(person).outcome is Outcome.RUNNING
        assert len(last(person).samples) < 200
        await person.press("y")
        await person.until_shown("Cancelled", WAIT)
        assert last(person).outcome is Outcome.CANCELLED


async def test_a_link_that_is_cut_for_a_moment_is_told_and_the_run_goes_on(
    printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim(PROFILE, speed=SPEED)
    proxy = CuttingProxy(tmp_path / "s", printer.klippy)
    target = PrinterTarget(addresses=(SocketAddress(proxy.path),))
    async with at_the_program(tmp_path, target, "accuracy", {"samples": 40}) as person:
        await person.press("enter")
        await samples(person, 4)
        with slowly(printer, IN_TIME):
            # in the middle of a command, not before one is sent
            await samples(person, len(last(person).samples) + 1)
            proxy.cut_off()
            await person.until_shown("reconnecting", WAIT)
            assert link_state(person) is LinkState.LOST
            proxy.let_in()
            await person.until(lambda: link_state(person) is LinkState.UP, WAIT)
        await person.until(lambda: person.screen == "VerdictScreen", WAIT)
        assert last(person).outcome is Outcome.FINISHED
        places = Counter(sample.place for sample in last(person).samples)
        assert places == {"": 40, "homing": 15}
        assert link_state(person) is LinkState.UP
    proxy.close()


async def test_a_link_that_is_gone_for_good_is_told_with_what_is_safe(
    printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim(PROFILE, speed=SPEED)
    proxy = CuttingProxy(tmp_path / "s", printer.klippy)
    target = PrinterTarget(addresses=(SocketAddress(proxy.path),))
    async with at_the_program(tmp_path, target, "accuracy", {"samples": 200}) as person:
        await person.press("enter")
        await samples(person, 3)
        proxy.close()
        await person.until_shown("The check stopped", WAIT)
        assert "completes the commands" in person.words()
        assert "All samples are stored" in person.words()
        assert "repeat the check" in person.words()
        assert last(person).outcome is Outcome.LOST
        assert len(last(person).samples) >= 3
        await person.press("escape")
        await person.press("p")
        assert not person.app.app_state.can_start
    client = wait_for_state(printer, "ready")
    # Nobody renewed the lease: the extra has stopped the series and lifted the nozzle
    eventually(lambda: client.status("zcal")["state"] != "running")
    eventually(lambda: client.status("zcal")["lease"] is None)
    eventually(lambda: client.status("toolhead")["position"][2] >= 9.0)
    client.close()
