"""Backlash by a scanning probe's own command, read from the console of a printer that has it."""

import math
import statistics
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.waiting import until
from zcal_tui.checks.backlash import BacklashParameters
from zcal_tui.checks.backlash.run import measure
from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckCancelled, CheckFailed, CheckRefused
from zcal_tui.checks.lease.temporary_settings import TemporarySettings
from zcal_tui.model.events import (
    AdviceGiven,
    ChangesUpdated,
    EstimateUpdated,
    Event,
    Notice,
    SampleTaken,
    VerdictReached,
)
from zcal_tui.model.questions import Confirm
from zcal_tui.model.record import Level
from zcal_tui.model.units import length
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.sampler import StockSampler
from zcal_tui.printer.zcal_module import ZcalModule
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.opening import open_transport

MOVES = ("SAVE_GCODE_STATE", "RESTORE_GCODE_STATE", "G90", "G1", "M400")


class Desk:
    """A check's surroundings: what it said, the printer it said it of, and the person's answer; None for nobody."""

    def __init__(self, machine: Machine, printer: Printer) -> None:
        self.machine = machine
        self.printer = printer
        self.events: list[Event] = []
        self.answer: bool | None = None
        self.asked: list[Confirm] = []
        self.cancelled = False

    @property
    def present(self) -> bool:
        return self.answer is not None

    async def confirm(self, question: Confirm) -> bool:
        self.asked.append(question)
        return bool(self.answer)

    async def run(self, **parameters: Any) -> None:
        zcal = ZcalModule(self.printer)
        context = Context(
            printer=self.printer,
            sampler=StockSampler(self.printer),
            clock=self.printer.clock,
            emit=self.events.append,
            cancelled=lambda: self.cancelled,
            operator=self,  # type: ignore[arg-type]  # it asks yes or no
            zcal=zcal,
            holder=TemporarySettings(self.printer, zcal, self.events.append),
        )
        await measure(context, BacklashParameters(**parameters))

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def fit(machine: Machine, section: str, command: str, lines: list[str]) -> list[dict[str, str]]:
    """Make the machine one with a scanning probe; returns the parameters of its estimates."""
    settings = machine.objects["configfile"]["settings"]
    settings[section] = {**settings.pop("probe"), "z_offset": 0.0, "z_backlash": 0.05}
    settings["bed_mesh"] = {"mesh_min": [20, 20], "mesh_max": [180, 180]}
    machine.objects["probe"]["name"] = section
    given: list[dict[str, str]] = []

    async def nothing(_: dict[str, str]) -> None:
        return

    async def estimate(parameters: dict[str, str]) -> None:
        given.append(parameters)
        machine.say_raw(lines[(len(given) - 1) % len(lines)])

    machine.handlers.update(dict.fromkeys(MOVES, nothing))
    machine.handlers[command] = estimate
    machine.objects["gcode"]["commands"][command] = {}
    return given


@pytest.fixture
async def desk(machine: Machine, klippy: FakeKlippy) -> AsyncIterator[Any]:
    made: list[tuple[Any, Printer]] = []

    async def start() -> Desk:
        link = open_transport(SocketAddress(klippy.path))
        await link.connect()
        printer = Printer(link)
        await printer.start()
        made.append((link, printer))
        return Desk(machine, printer)

    yield start
    for link, printer in made:
        await printer.close()
        await link.close()


async def test_cartographers_command_is_driven_without_calibrating(machine: Machine, desk: Any) -> None:
    given = fit(
        machine,
        "cartographer",
        "CARTOGRAPHER_ESTIMATE_BACKLASH",
        [
            "Backlash test over 8 samples detected a consistent 0.012 mm difference.\n",
            "Backlash test over 8 samples detected a consistent 0.014 mm difference.\n",
        ],
    )
    told = await desk()
    await told.run(here=True, iterations=8, rounds=4, delta=0.3)
    assert given == [{"ITERATIONS": "8", "DELTA": "0.3"}] * 4
    (verdict,) = told.of(VerdictReached)
    assert verdict.verdict.level is Level.PASS
    backlash = told.of(EstimateUpdated)[-1].estimates["backlash"]
    assert backlash.value == pytest.approx(0.013)
    assert backlash.low < 0.013 < backlash.high
    assert [event.sample.values["backlash"] for event in told.of(SampleTaken)] == [0.012, 0.014] * 2


async def test_cartographers_value_is_a_line_to_edit(machine: Machine, desk: Any) -> None:
    fit(
        machine,
        "cartographer",
        "CARTOGRAPHER_ESTIMATE_BACKLASH",
        ["Backlash test over 10 samples detected a consistent 0.012 mm difference.\n"],
    )
    told = await desk()
    await told.run(calibrate=True, rounds=2)
    (change,) = [change for event in told.of(AdviceGiven) for change in event.changes]
    assert (change.section, change.option, change.old, change.new) == (
        "cartographer",
        "z_backlash",
        "0.05",
        "0.01200",
    )
    assert not change.saves


def staging(machine: Machine, staged: str | None) -> list[dict[str, str]]:
    """A Cartographer that measures 12 µm, and stages something with CALIBRATE=1."""
    given = fit(
        machine,
        "cartographer",
        "CARTOGRAPHER_ESTIMATE_BACKLASH",
        ["Backlash test over 10 samples detected a consistent 0.012 mm difference.\n"],
    )
    estimate = machine.handlers["CARTOGRAPHER_ESTIMATE_BACKLASH"]

    async def calibrate(parameters: dict[str, str]) -> None:
        await estimate(parameters)
        if parameters.get("CALIBRATE") == "1" and staged is not None:
            configfile = machine.objects["configfile"]
            configfile["save_config_pending"] = True
            configfile["save_config_pending_items"] = {"cartographer": {"z_backlash": staged}}

    machine.handlers["CARTOGRAPHER_ESTIMATE_BACKLASH"] = calibrate
    return given


async def test_a_calibration_that_agrees_can_be_saved(machine: Machine, desk: Any) -> None:
    given = staging(machine, "0.0131")
    told = await desk()
    told.answer = True
    await told.run(calibrate=True, iterations=5, rounds=2)
    assert [parameters.get("CALIBRATE") for parameters in given] == [None, None, "1"]
    assert given[-1]["ITERATIONS"] == "5"
    (question,) = told.asked
    assert question.key == "plugin-stages"
    assert "12 µm" in question.detail and "RESTART" in question.detail
    before, after = (event.changes[0] for event in told.of(ChangesUpdated))
    assert (before.state, before.saves) == ("staged", False)
    assert (after.old, after.new, after.state, after.saves) == ("0.05", "0.0131", "staged", True)


async def test_a_calibration_that_disagrees_is_not_saved(machine: Machine, desk: Any) -> None:
    staging(machine, "0.0231")
    told = await desk()
    told.answer = True
    await told.run(calibrate=True, rounds=2)
    change = told.of(ChangesUpdated)[-1].changes[0]
    assert (change.state, change.saves) == ("staged", False)  # the session discards it
    assert any("gave 23 µm, ours 12 µm" in event.text for event in told.of(AdviceGiven))


async def test_a_calibration_that_stages_nothing_fails(machine: Machine, desk: Any) -> None:
    staging(machine, None)
    told = await desk()
    told.answer = True
    with pytest.raises(CheckFailed, match="nothing is staged"):
        await told.run(calibrate=True, rounds=2)
    assert told.of(ChangesUpdated)[-1].changes[0].state == "proposed"


async def test_nothing_is_staged_without_consent(machine: Machine, desk: Any) -> None:
    given = staging(machine, "0.012")
    told = await desk()
    told.answer = False
    await told.run(calibrate=True, rounds=2)
    assert len(told.asked) == 1
    assert not any("CALIBRATE" in parameters for parameters in given)


async def test_nothing_is_calibrated_while_values_are_pending(machine: Machine, desk: Any) -> None:
    given = staging(machine, "0.012")
    machine.objects["configfile"]["save_config_pending"] = True
    told = await desk()
    with pytest.raises(CheckRefused, match="unsaved pending values"):
        await told.run(calibrate=True, rounds=2)
    assert given == []


async def test_a_cancel_says_what_it_cannot_interrupt(machine: Machine, desk: Any) -> None:
    given = staging(machine, "0.012")
    told = await desk()
    estimate = machine.handlers["CARTOGRAPHER_ESTIMATE_BACKLASH"]

    async def slowly(parameters: dict[str, str]) -> None:
        told.cancelled = True
        await until(lambda: bool(told.of(Notice)))
        await estimate(parameters)

    machine.handlers["CARTOGRAPHER_ESTIMATE_BACKLASH"] = slowly
    with pytest.raises(CheckCancelled):
        await told.run(here=True)
    assert len(given) == 1
    assert "cannot be interrupted" in told.of(Notice)[0].text


async def test_no_difference_and_a_negative_one(machine: Machine, desk: Any) -> None:
    none = "Backlash test over 10 samples found no significant difference (|t|=0.42).\n"
    fit(machine, "cartographer", "CARTOGRAPHER_ESTIMATE_BACKLASH", [none])
    told = await desk()
    await told.run(here=True, rounds=2)
    (verdict,) = told.of(VerdictReached)
    assert verdict.verdict.level is Level.PASS
    high = told.of(EstimateUpdated)[-1].estimates["backlash"].high
    # |t| 0.42 and one-sided 1.65 standard errors of two visits, by the largest σ that 8 samples allow
    heights = [event.sample.trigger_z for event in told.of(SampleTaken) if event.sample.kind == "touch"]
    sigma = statistics.stdev(heights) * math.sqrt(7 / 2.167)
    assert high == pytest.approx(sigma * math.sqrt(2 / 10) * (0.42 + 1.645 / math.sqrt(2)), rel=0.01)
    assert verdict.verdict.summary == f"No backlash found: at most {length(high)}."


async def test_beacons_medians_are_read_by_their_directions(machine: Machine, desk: Any) -> None:
    given = fit(
        machine,
        "beacon",
        "BEACON_ESTIMATE_BACKLASH",
        ["// Median distance moving up 2.00000, down 2.01500, delta -0.01500 over 20 samples"],
    )
    told = await desk()
    await told.run(here=True, rounds=3)
    assert given == [{"SAMPLES": "20"}] * 3
    assert told.of(EstimateUpdated)[-1].estimates["backlash"].value == pytest.approx(0.015)
    assert any("backlash_comp" in event.text for event in told.of(AdviceGiven))


@pytest.mark.slow
async def test_words_that_are_not_known_are_an_error(machine: Machine, desk: Any) -> None:
    fit(machine, "beacon", "BEACON_ESTIMATE_BACKLASH", ["// something else"])
    told = await desk()
    with pytest.raises(CheckFailed, match="without reporting a result"):
        await told.run(here=True)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"method": "release"}, "no switch"),
        ({"speed": 5.0}, "no speed"),
        ({"calibrate": True}, "no option for the backlash"),
        ({"here": True, "grid": 3}, "more than one way: --here, --grid"),
        ({"drives": True}, "does not show where the Z drives are"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    machine: Machine, desk: Any, parameters: dict[str, Any], words: str
) -> None:
    given = fit(machine, "beacon", "BEACON_ESTIMATE_BACKLASH", ["// something else"])
    told = await desk()
    with pytest.raises(CheckRefused, match=words):
        await told.run(**parameters)
    assert given == []


async def test_without_the_extra_it_says_how_to_install_it(desk: Any) -> None:
    told = await desk()
    with pytest.raises(CheckRefused) as refused:
        await told.run(here=True)
    assert "zcal-tui install" in refused.value.remedy
