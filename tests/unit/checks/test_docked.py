"""A dockable probe is out of the way before the nozzle goes down, and where it was afterwards."""

import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from zcal_tui.checks.base import Context
from zcal_tui.checks.dock.attach import dock_macros, stow_macros
from zcal_tui.checks.dock.docked import probe_docked, require_travel
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.lease.temporary_settings import TemporarySettings
from zcal_tui.model.events import Event, Notice
from zcal_tui.model.questions import Choose, Confirm, JogMove, JogStep, PaperMove, PaperStep
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.sampler import StockSampler
from zcal_tui.printer.zcal_module import ZcalModule
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.opening import open_transport

MACROS = ("ATTACH_PROBE", "DETACH_PROBE")


class Scripted:
    """Answers yes or no to whatever is asked, and remembers what it was."""

    present = True

    def __init__(self, answer: bool) -> None:
        self._answer = answer
        self.asked: list[str] = []

    async def confirm(self, question: Confirm) -> bool:
        self.asked.append(question.key)
        return self._answer

    async def choose(self, question: Choose) -> str:
        raise AssertionError(question)

    async def paper(self, question: PaperStep) -> PaperMove:
        raise AssertionError(question)

    async def jog(self, question: JogStep) -> JogMove:
        raise AssertionError(question)


@pytest.fixture
async def printer(klippy: FakeKlippy, machine: Machine) -> AsyncIterator[Printer]:
    """A printer with a probe in a dock, whose switch reads triggered when it is off."""

    async def attach(_: dict[str, str]) -> None:
        machine.triggered = False

    async def detach(_: dict[str, str]) -> None:
        machine.triggered = True

    async def query(_: dict[str, str]) -> None:
        machine.objects["probe"]["last_query"] = machine.triggered

    machine.handlers.update({"ATTACH_PROBE": attach, "DETACH_PROBE": detach, "QUERY_PROBE": query})
    link = open_transport(SocketAddress(klippy.path))
    await link.connect()
    followed = Printer(link)
    await followed.start()
    yield followed
    await followed.close()
    await link.close()


@pytest.fixture
def context(printer: Printer) -> Callable[[Scripted], tuple[Context, list[Event]]]:
    def make(operator: Scripted) -> tuple[Context, list[Event]]:
        events: list[Event] = []
        zcal = ZcalModule(printer)
        made = Context(
            printer=printer,
            sampler=StockSampler(printer),
            clock=printer.clock,
            emit=events.append,
            cancelled=lambda: False,
            operator=operator,
            zcal=zcal,
            holder=TemporarySettings(printer, zcal, events.append),
        )
        return made, events

    return make


Make = Callable[[Scripted], tuple[Context, list[Event]]]


def moves(machine: Machine) -> list[str]:
    return [script for script in machine.scripts if script in MACROS]


async def test_a_probe_that_hangs_is_put_away_and_fetched_again(context: Make, machine: Machine) -> None:
    made, _ = context(Scripted(False))
    async with probe_docked(made, MACROS):
        assert machine.triggered
    assert moves(machine) == ["DETACH_PROBE", "ATTACH_PROBE"]


async def test_a_docked_probe_stays_docked(context: Make, machine: Machine) -> None:
    machine.triggered = True
    made, _ = context(Scripted(False))
    async with probe_docked(made, MACROS):
        pass
    assert moves(machine) == []


async def test_it_is_fetched_again_however_the_block_ends(context: Make, machine: Machine) -> None:
    made, _ = context(Scripted(False))
    with pytest.raises(ValueError, match="in between"):
        async with probe_docked(made, MACROS):
            raise ValueError("in between")
    assert moves(machine) == ["DETACH_PROBE", "ATTACH_PROBE"]


async def test_a_switch_that_reads_the_same_on_and_off_is_asked_about(
    context: Make, machine: Machine
) -> None:
    machine.handlers["DETACH_PROBE"] = machine.handlers["ATTACH_PROBE"]
    yes = Scripted(True)
    made, _ = context(yes)
    async with probe_docked(made, MACROS):
        pass
    assert yes.asked == ["probe-away"]
    assert moves(machine) == ["DETACH_PROBE"], (
        "nobody knows whether it hung there: the dock is the safe place"
    )
    made, _ = context(Scripted(False))
    with pytest.raises(CheckFailed, match="still attached"):
        async with probe_docked(made, MACROS):
            raise AssertionError("the nozzle must not go down")


async def test_nothing_is_fetched_once_a_print_runs(
    context: Make, machine: Machine, printer: Printer
) -> None:
    made, events = context(Scripted(False))
    async with probe_docked(made, MACROS):
        machine.change("print_stats", state="printing")
        await printer.wait_for(lambda state: state.busy)
    assert moves(machine) == ["DETACH_PROBE"]
    assert any(isinstance(event, Notice) and "not attached again" in event.text for event in events)


@pytest.mark.parametrize("macros", [None, ("ATTACH_PROBE", "")])
async def test_without_macros_nothing_moves(
    context: Make, machine: Machine, macros: tuple[str, str] | None
) -> None:
    made, _ = context(Scripted(False))
    async with probe_docked(made, macros):
        pass
    assert moves(machine) == []


async def configure(
    machine: Machine, klippy: FakeKlippy, printer: Printer, **sections: dict[str, str]
) -> None:
    """Have these sections read as well."""
    machine.objects["configfile"]["settings"].update(sections)
    starts = printer.state.starts
    await klippy.restart()
    await printer.wait_for(lambda state: state.ready and state.starts > starts)


async def test_one_that_commands_fetch_by_themselves_is_looked_for_all_the_same(
    context: Make, machine: Machine, klippy: FakeKlippy, printer: Printer
) -> None:
    wrapping = {"gcode_macro probe_accuracy": {"rename_existing": "_PROBE_ACCURACY"}}
    await configure(machine, klippy, printer, **wrapping)
    assert stow_macros(printer.state, "auto", "auto") is None
    machine.triggered = True
    nobody, _ = context(Scripted(False))
    async with probe_docked(nobody, None):
        pass  # it reads triggered: it is in its dock
    machine.triggered = False
    for answer in (True, False):
        person = Scripted(answer)
        made, _ = context(person)
        with contextlib.nullcontext() if answer else pytest.raises(CheckFailed, match="still attached"):
            async with probe_docked(made, None):
                assert answer, "the nozzle must not go down"
        assert person.asked == ["probe-away"]


async def test_macros_with_the_usual_names_put_it_away_whoever_fetches_it(
    context: Make, machine: Machine, klippy: FakeKlippy, printer: Printer
) -> None:
    names = ("probe_accuracy", "attach_probe_lock", "dock_probe_unlock")
    sections: dict[str, dict[str, str]] = {f"gcode_macro {name}": {} for name in names}
    sections["gcode_macro probe_accuracy"] = {"rename_existing": "_PROBE_ACCURACY"}
    await configure(machine, klippy, printer, **sections)
    assert dock_macros(printer.state, "auto", "auto") is None, "nothing has to be fetched"
    assert stow_macros(printer.state, "auto", "auto") == ("ATTACH_PROBE_LOCK", "DOCK_PROBE_UNLOCK")
    assert stow_macros(printer.state, "none", "auto") is None


async def test_euclids_names_are_usual_ones(machine: Machine, klippy: FakeKlippy, printer: Printer) -> None:
    sections: dict[str, dict[str, str]] = {
        f"gcode_macro {name}": {} for name in ("deploy_probe", "stow_probe")
    }
    await configure(machine, klippy, printer, **sections)
    assert dock_macros(printer.state, "auto", "auto") == ("DEPLOY_PROBE", "STOW_PROBE")


async def test_kalicos_own_dock_looks_by_itself(
    context: Make, machine: Machine, klippy: FakeKlippy, printer: Printer
) -> None:
    section = "dockable_probe"
    machine.objects["probe"]["name"] = section
    del machine.objects["configfile"]["settings"]["probe"]
    await configure(machine, klippy, printer, **{section: {"z_offset": "6.4"}})
    machine.triggered = True
    stow = stow_macros(printer.state, "auto", "auto")
    assert stow == MACROS
    made, _ = context(Scripted(False))
    async with probe_docked(made, stow):
        assert moves(machine) == ["DETACH_PROBE"]
    assert moves(machine) == ["DETACH_PROBE"]


LONG = ProbeConfig("probe", "probe", z_offset=6.4)


@pytest.mark.parametrize(
    ("macros", "probe", "asks"),
    [
        (None, LONG, True),
        (("ATTACH_PROBE", ""), LONG, True),
        (MACROS, LONG, False),
        (None, ProbeConfig("probe", "probe", z_offset=2.0), False),
        (None, ProbeConfig("bltouch", "bltouch", z_offset=6.4), False),
    ],
)
async def test_a_probe_that_stays_on_and_hangs_far_down_is_asked_about(
    context: Make, macros: tuple[str, str] | None, probe: ProbeConfig, asks: bool
) -> None:
    yes = Scripted(True)
    made, _ = context(yes)
    await require_travel(made, macros, probe)
    assert yes.asked == (["probe-travel"] if asks else [])
    if asks:
        made, _ = context(Scripted(False))
        with pytest.raises(CheckRefused, match="pressed into the bed"):
            await require_travel(made, macros, probe)
