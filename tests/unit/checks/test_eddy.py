"""Klipper's eddy current calibration, driven on a fake printer: what is asked, what is given, what the record says."""

import asyncio
import math
from collections.abc import Callable

import pytest

from tests.unit.fakes.bench import Bench, FakeClock
from tests.unit.fakes.machine import Machine, Refused
from tests.unit.fakes.manual_probe import FakeManualProbe
from tests.unit.fakes.person import Nobody, Person, Said
from tests.unit.fakes.waiting import until
from zcal_tui.checks.errors import CheckCancelled, CheckFailed, CheckRefused
from zcal_tui.checks.operator import NeedsPerson
from zcal_tui.checks.z_offset.parameters import ZOffsetParameters
from zcal_tui.checks.z_offset.run import measure
from zcal_tui.model.events import ChangesUpdated, Progress, VerdictReached
from zcal_tui.model.questions import PaperMove, PaperStep
from zcal_tui.model.record import Change, Level
from zcal_tui.printer.config_view import _KINDS as KINDS
from zcal_tui.printer.printer import CommandFailed
from zcal_tui.printer.scanner_calibrations import OWN_COMMANDS

SECTION = "probe_eddy_current MyCoil"
ACCEPT, ABORT = PaperMove("accept"), PaperMove("abort")
DOWN, FINER = PaperMove("step", "-9.9"), PaperMove("step", "-0.01")
AGREED: tuple[Said, ...] = (True, True)
"""That Klipper stages, and that the nozzle is clean."""


class Clock(FakeClock):
    """One that lets others go on."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await asyncio.sleep(0)


class FakeEddy:
    """klippy's commands: a manual probe, and after its ACCEPT a measurement that stages."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.manual = FakeManualProbe(machine)
        self.chips: list[str] = []
        self.error = ""
        self.top = 4.05
        machine.handlers["PROBE_EDDY_CURRENT_CALIBRATE"] = self._begin
        machine.handlers["LDC_CALIBRATE_DRIVE_CURRENT"] = self._current

    def table(self) -> str:
        heights = [0.05 + 0.04 * n for n in range(101)]
        pairs = [f"{z:.6f}:{3e6 * (1 + 0.12 * math.exp(-z / 3)):.3f}" for z in heights if z <= self.top]
        return "\n" + ",\n".join(pairs)

    def stage(self, section: str, option: str, value: str) -> None:
        items = self.machine.objects["configfile"]["save_config_pending_items"]
        items = {**items, section: {**items.get(section, {}), option: value}}
        self.machine.change("configfile", save_config_pending=True, save_config_pending_items=items)

    async def _begin(self, parameters: dict[str, str]) -> None:
        self.chips.append(parameters["CHIP"])
        await self.manual.begin(parameters)
        accept = self.machine.handlers["ACCEPT"]

        async def measured(given: dict[str, str]) -> None:
            await accept(given)
            await asyncio.sleep(0.02)
            if self.error:
                raise Refused(self.error)
            self.machine.say("probe_eddy_current: noise 0.000642mm, MAD_Hz=11.314 in 2525 queries\n")
            self.machine.say("z: 0.530 # noise 0.000300mm, MAD_Hz=12.000\n")
            self.stage(SECTION, "calibrate", self.table())
            self.stage("temperature_probe MyCoil", "calibration_temp", "24.500000 ")
            self.stage("probe", "z_offset", "1.2")  # somebody else's

        self.machine.handlers["ACCEPT"] = measured

    async def _current(self, parameters: dict[str, str]) -> None:
        self.chips.append(parameters["CHIP"])
        self.stage(SECTION, "reg_drive_current", "17")


Edit = Callable[[Machine], None]


@pytest.fixture
def edit(request: pytest.FixtureRequest) -> Edit:
    """What a test changes on the printer before it is looked at; by indirect parameters."""
    edit: Edit = getattr(request, "param", lambda machine: None)
    return edit


@pytest.fixture
def machine(machine: Machine, edit: Edit) -> Machine:
    """A printer with a sensor that was calibrated before."""
    options = {"sensor_type": "ldc1612", "x_offset": 0.0, "y_offset": 10.0, "descend_z": 0.5}
    configfile = machine.objects["configfile"]
    settings = configfile["settings"]
    del settings["probe"]
    settings[SECTION.lower()] = {
        **options,
        "reg_drive_current": 15,
        "calibrate": "0.1:3400000.0,2.0:3100000.0",
    }
    configfile["config"] = {
        SECTION: {"reg_drive_current": "15", "calibrate": "0.1:3400000.0,2.0:3100000.0"},
        "stepper_z": {},
    }
    machine.objects["probe"]["name"] = SECTION
    commands = ("PROBE_EDDY_CURRENT_CALIBRATE", "LDC_CALIBRATE_DRIVE_CURRENT")
    machine.objects["gcode"]["commands"].update({name: {} for name in commands})
    edit(machine)
    return machine


def no_drive_current(machine: Machine) -> None:
    del machine.objects["configfile"]["config"][SECTION]["reg_drive_current"]


def no_command(machine: Machine) -> None:
    del machine.objects["gcode"]["commands"]["PROBE_EDDY_CURRENT_CALIBRATE"]


def something_pending(machine: Machine) -> None:
    machine.objects["configfile"].update(
        save_config_pending=True, save_config_pending_items={"probe": {"z_offset": "1"}}
    )


def never_calibrated(machine: Machine) -> None:
    machine.objects["toolhead"]["homed_axes"] = ""
    del machine.objects["configfile"]["config"][SECTION]["calibrate"]
    del machine.objects["configfile"]["settings"][SECTION.lower()]["calibrate"]


def plugins(word: str) -> Edit:
    """A plugin's scanner instead."""

    def edit(machine: Machine) -> None:
        settings = machine.objects["configfile"]["settings"]
        del settings[SECTION.lower()]
        settings[word] = {"x_offset": 0.0, "y_offset": 20.0}
        machine.objects["probe"]["name"] = word

    return edit


def unchanged(machine: Machine) -> None:
    assert machine.objects["configfile"]["save_config_pending"] is False


@pytest.fixture
def eddy(machine: Machine) -> FakeEddy:
    return FakeEddy(machine)


async def calibrate(bench: Bench, *answers: Said, x: float = 100.0) -> Person:
    person = Person(*answers)
    await measure(bench.context(person, clock=Clock()), ZOffsetParameters(x=x, y=100.0))
    return person


def changes(bench: Bench) -> tuple[Change, ...]:
    """As the record says in the end."""
    return bench.told(ChangesUpdated)[-1].changes


async def test_it_is_asked_before_and_staged_by_klipper(eddy: FakeEddy, bench: Bench) -> None:
    person = await calibrate(bench, *AGREED, DOWN, FINER, ACCEPT)
    assert person.keys == ["eddy-stages", "clean-nozzle", "paper", "paper", "paper"]
    assert eddy.chips == ["MyCoil"]
    assert [(change.section, change.option, change.state, change.saves) for change in changes(bench)] == [
        (SECTION, "calibrate", "staged", True),
        ("temperature_probe MyCoil", "calibration_temp", "staged", True),
    ]
    assert changes(bench)[0].new == eddy.table()
    assert changes(bench)[0].old == "0.1:3400000.0,2.0:3100000.0"
    assert "the bed" in changes(bench)[0].effect
    assert bench.told(VerdictReached)[0].verdict.level is Level.PASS
    assert bench.told(Progress)
    scripts = "\n".join(bench.machine.scripts)
    assert "ZCAL_STAGE" not in scripts and "SAVE_CONFIG" not in scripts


async def test_the_record_says_what_may_be_staged_before_it_can_be(eddy: FakeEddy, bench: Bench) -> None:
    await calibrate(bench, *AGREED, DOWN, ACCEPT)
    first = bench.said.index(bench.told(ChangesUpdated)[0])
    assert bench.told(ChangesUpdated)[0].changes[0].state == "staged"
    assert first < bench.said.index(bench.told(Progress)[0])


async def test_a_table_that_is_no_good_is_not_for_saving(eddy: FakeEddy, bench: Bench) -> None:
    eddy.top = 0.4
    await calibrate(bench, *AGREED, DOWN, ACCEPT)
    assert bench.told(VerdictReached)[0].verdict.level is Level.FAIL
    assert [(change.state, change.saves) for change in changes(bench)] == [("staged", False)] * 2


async def test_what_klipper_refuses_is_told_and_nothing_is_staged(eddy: FakeEddy, bench: Bench) -> None:
    eddy.error = "Failed calibration - No usable data"
    with pytest.raises(CommandFailed, match="No usable data"):
        await calibrate(bench, *AGREED, DOWN, ACCEPT)
    assert changes(bench) == ()
    assert "G1 Z10" in bench.machine.scripts[-1] or bench.machine.objects["toolhead"]["position"][2] >= 10.0


async def test_an_aborted_paper_test_stages_nothing(eddy: FakeEddy, bench: Bench) -> None:
    with pytest.raises(CheckCancelled):
        await calibrate(bench, *AGREED, DOWN, ABORT)
    assert changes(bench) == ()
    assert not bench.machine.objects["manual_probe"]["is_active"]


async def test_a_cancel_in_the_measurement_is_kept_for_its_end(eddy: FakeEddy, bench: Bench) -> None:
    def accept(_: object) -> PaperMove:
        bench.cancelled = True
        return ACCEPT

    with pytest.raises(CheckCancelled):
        await calibrate(bench, *AGREED, DOWN, accept)
    assert "Only the emergency stop can end this measurement" in bench.notices
    assert {change.state for change in changes(bench)} == {"staged"}, "for the session to discard"


async def test_a_program_that_is_ended_in_it_moves_nothing_more(eddy: FakeEddy, bench: Bench) -> None:
    running = asyncio.ensure_future(calibrate(bench, *AGREED, DOWN, ACCEPT))
    await until(lambda: bool(bench.told(Progress)) and "ACCEPT" in bench.machine.scripts)
    before = len(bench.machine.scripts)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert bench.machine.scripts[before:] == []
    assert [change.state for change in changes(bench)] == ["staged"]


async def test_another_clients_accept_is_not_taken_for_ours(eddy: FakeEddy, bench: Bench) -> None:
    class Elsewhere(Person):
        async def paper(self, question: PaperStep) -> PaperMove:
            if question.height > 1.0:
                return DOWN
            await bench.machine.run("ACCEPT")
            await asyncio.sleep(60)
            raise AssertionError("the end was not noticed")

    with pytest.raises(CheckFailed, match="ended by another client"):
        await measure(bench.context(Elsewhere(*AGREED), clock=Clock()), ZOffsetParameters(x=100.0, y=100.0))
    assert [change.state for change in changes(bench)] == ["staged"], "for the session to discard"


@pytest.mark.parametrize("edit", [no_drive_current], indirect=True)
async def test_the_drive_current_is_offered_first(eddy: FakeEddy, bench: Bench) -> None:
    person = await calibrate(bench, True)
    assert person.keys == ["eddy-drive-current"]
    assert [(change.option, change.new, change.state) for change in changes(bench)] == [
        ("reg_drive_current", "17", "staged")
    ]
    assert bench.told(VerdictReached)[0].verdict.level is Level.UNKNOWN
    assert "LDC_CALIBRATE_DRIVE_CURRENT" in bench.machine.scripts[-1]


@pytest.mark.parametrize("edit", [no_drive_current], indirect=True)
async def test_it_can_be_left_as_it_is(eddy: FakeEddy, bench: Bench) -> None:
    person = await calibrate(bench, False, *AGREED, DOWN, ACCEPT)
    assert person.keys[:2] == ["eddy-drive-current", "eddy-stages"]
    assert changes(bench)[0].option == "calibrate"


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (unchanged, "declined"),
        (something_pending, "pending"),
        (no_command, "This Klipper cannot calibrate"),
        (never_calibrated, "not calibrated yet"),
    ],
    indirect=["edit"],
)
async def test_it_is_refused_before_anything_moves(eddy: FakeEddy, bench: Bench, words: str) -> None:
    with pytest.raises(CheckRefused) as refused:
        await calibrate(bench, False)
    assert words in refused.value.what
    assert bench.machine.scripts == []
    assert bench.told(ChangesUpdated) == []


async def test_nobody_cannot_do_it(eddy: FakeEddy, bench: Bench) -> None:
    with pytest.raises(NeedsPerson):
        await measure(bench.context(Nobody(), clock=Clock()), ZOffsetParameters(x=100.0, y=100.0))
    assert bench.machine.scripts == []


@pytest.mark.parametrize(
    ("edit", "command"),
    [(plugins(word), command) for word, command in OWN_COMMANDS.items()],
    indirect=["edit"],
    ids=list(OWN_COMMANDS),
)
async def test_plugins_scanners_name_their_own_command(bench: Bench, command: str) -> None:
    with pytest.raises(CheckRefused) as refused:
        await calibrate(bench, True)
    assert command in refused.value.remedy


def test_every_scanner_that_is_known_has_a_command() -> None:
    assert {word for word, kind in KINDS.items() if kind == "scanner"} == set(OWN_COMMANDS)
