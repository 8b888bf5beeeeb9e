"""Z offset and Automatic Z offset at print temperature: by consent, for a bounded time, and said in the result."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.fakes import records
from tests.unit.fakes.person import Nobody
from tests.unit.fakes.virtual import Habits, QuickPerson, VirtualBench, VirtualMachine, virtual_bench
from zcal_tui.checks.auto_z.parameters import AutoZParameters
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.heating.hot import MEASURING, hot_plan
from zcal_tui.checks.heating.targets import require_no_ooze
from zcal_tui.checks.lease import temporary_settings
from zcal_tui.checks.z_offset.parameters import ZOffsetParameters
from zcal_tui.checks.z_offset.run import sheet_of
from zcal_tui.model.events import EstimateUpdated, VerdictReached
from zcal_tui.model.questions import Confirm, PaperMove, PaperStep
from zcal_tui.model.record import Record
from zcal_tui.printer import zcal_module
from zcal_tui.printer.config_view import ProbeConfig, probe_config
from zcal_tui.printer.state import HeaterState, PrinterState
from zcal_tui.results.stale import stale
from zcal_tui.results.variant import variant


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zcal_module, "POLL", 0.0)
    monkeypatch.setattr(temporary_settings, "RATE_LOOK", 0.001)


class Asked(QuickPerson):
    """Agrees to everything but the keys in `refuses`; `slow` is called before each paper move."""

    def __init__(self, bench: VirtualBench, refuses: tuple[str, ...] = ()) -> None:
        super().__init__(bench.machine.chance)
        self.bench = bench
        self.refuses = refuses
        self.questions: list[Confirm] = []
        self.targets_then: list[float] = []
        self.slow: Callable[[], None] = lambda: None

    async def confirm(self, question: Confirm) -> bool:
        self.questions.append(question)
        self.targets_then.append(self.bench.machine.objects["extruder"]["target"])
        return question.key not in self.refuses and await super().confirm(question)

    async def paper(self, question: PaperStep) -> PaperMove:
        self.slow()
        return await super().paper(question)


def dwells(machine: VirtualMachine) -> None:
    machine.handlers["G4"] = machine.handlers["G1"]
    machine.objects["gcode"]["commands"]["G4"] = {}


async def run(bench: VirtualBench, check: str, person: Any, parameters: Any) -> None:
    object.__setattr__(bench.context, "operator", person)
    await CHECKS[check].run(bench.context, parameters)


def targets(bench: VirtualBench) -> list[float]:
    return [bench.machine.objects[name]["target"] for name in ("heater_bed", "extruder")]


@pytest.mark.parametrize(
    ("check", "parameters", "words"),
    [
        (
            "z-offset",
            ZOffsetParameters(bed=60.0, nozzle=200.0, soak=5.0),
            "the bed to 60 °C and the nozzle to 200 °C",
        ),
        ("z-offset", ZOffsetParameters(bed=110.0, soak=20.0, what="endstop"), "the bed to 110 °C"),
        ("auto-z", AutoZParameters(nozzle=150.0, soak=2.0), "the nozzle to 150 °C"),
    ],
)
async def test_the_consent_names_temperatures_and_time_and_a_no_heats_nothing(
    check: str, parameters: Any, words: str
) -> None:
    async with virtual_bench(Habits(), dwells) as bench:
        person, before = Asked(bench, ("heat",)), bench.machine.lines
        with pytest.raises(CheckRefused, match="not to heat"):
            await run(bench, check, person, parameters)
        (question,) = (question for question in person.questions if question.key == "heat")
        assert question.text.startswith(f"Heat {words} for up to ")
        assert question.facts["minutes"] * 60.0 >= parameters.soak * 60.0 + MEASURING
        assert bench.machine.lines == before and targets(bench) == [0.0, 0.0]


@pytest.mark.parametrize(("bed", "nozzle"), [(60.0, 200.0), (100.0, 240.0), (None, 150.0)])
async def test_z_offset_is_measured_hot_and_says_so(bed: float | None, nozzle: float) -> None:
    async with virtual_bench(Habits(), dwells) as bench:
        person = Asked(bench)
        began = bench.machine.eventtime
        await run(bench, "z-offset", person, ZOffsetParameters(bed=bed, nozzle=nozzle, soak=5.0))
        assert bench.machine.eventtime - began > 300.0
        keys = [question.key for question in person.questions]
        clean = keys.index("clean-nozzle")
        assert keys.index("heat") < clean
        assert person.targets_then[clean] == nozzle, "the tip is asked about when it is hot"
        (verdict,) = (event.verdict for event in bench.said if isinstance(event, VerdictReached))
        said = " ".join(verdict.reasons)
        assert f"nozzle {nozzle:.0f} °C" in said and "Measured at print temperature" in said
        assert bed is None or f"bed {bed:.0f} °C" in said
        last = [event for event in bench.said if isinstance(event, EstimateUpdated)][-1].estimates
        assert last["nozzle_temperature"].value == pytest.approx(nozzle, abs=2.0)
        assert last["nozzle_temperature"].unit == "°C"
        # The paper drags at Z 0 to 0.05, and counts as 0.1 mm under a nozzle that has grown
        assert last["z_offset"].value == pytest.approx(1.5 - 0.04 + 0.1, abs=0.06)
        assert "is subtracted" in said


async def test_auto_z_is_measured_hot_and_says_so() -> None:
    async with virtual_bench(Habits(), dwells) as bench:
        await run(bench, "auto-z", Asked(bench), AutoZParameters(bed=60.0, nozzle=150.0, soak=1.0, repeats=2))
        (verdict,) = (event.verdict for event in bench.said if isinstance(event, VerdictReached))
        assert "Measured at print temperature: bed 60 °C, nozzle 150 °C" in " ".join(verdict.reasons)


async def test_temperatures_on_the_command_line_are_consent_where_nobody_can_be_asked() -> None:
    async with virtual_bench(Habits(), dwells) as bench:
        await run(bench, "auto-z", Nobody(), AutoZParameters(nozzle=150.0, soak=1.0, repeats=2))
        assert any(isinstance(event, VerdictReached) for event in bench.said)


@pytest.mark.parametrize("check", ["z-offset", "auto-z"])
async def test_by_default_nothing_is_heated(check: str) -> None:
    async with virtual_bench(Habits(), dwells) as bench:
        person = Asked(bench)
        await run(bench, check, person, CHECKS[check].parameters())
        assert "heat" not in [question.key for question in person.questions]
        assert max(person.targets_then, default=0.0) == 0.0
        last = [event for event in bench.said if isinstance(event, EstimateUpdated)][-1].estimates
        assert "bed_temperature" not in last


async def test_the_heaters_are_off_after_the_agreed_time_whoever_is_waited_for() -> None:
    async with virtual_bench(Habits(), dwells) as bench:
        person = Asked(bench)
        person.slow = lambda: bench.machine.pass_time(3.0 * MEASURING)
        with pytest.raises(CheckFailed, match="agreed to heat is over"):
            await run(bench, "z-offset", person, ZOffsetParameters(nozzle=200.0, soak=1.0))
        assert targets(bench) == [0.0, 0.0]
        assert not any(isinstance(event, VerdictReached) for event in bench.said)


async def test_a_heater_that_somebody_turns_off_ends_it() -> None:
    async with virtual_bench(Habits(), dwells) as bench:
        person = Asked(bench)

        def turn_off() -> None:
            bench.machine.objects["extruder"]["target"] = 0.0
            bench.machine.pass_time(1.0)

        person.slow = turn_off
        with pytest.raises(CheckFailed, match="target is 0 °C"):
            await run(bench, "z-offset", person, ZOffsetParameters(nozzle=200.0, soak=1.0))


async def test_without_the_module_nothing_is_heated() -> None:
    def bare(machine: VirtualMachine) -> None:
        del machine.objects["zcal"]

    async with virtual_bench(Habits(), bare) as bench:
        with pytest.raises(CheckRefused, match="needs the \\[zcal\\] module"):
            await run(bench, "z-offset", Asked(bench), ZOffsetParameters(bed=60.0))
        assert targets(bench) == [0.0, 0.0]


@pytest.mark.parametrize(
    ("bed", "nozzle", "words"),
    [(125.0, None, "too hot for the bed"), (None, 300.0, "too hot for the nozzle")],
)
async def test_a_temperature_beyond_the_heaters_limit_is_refused(
    bed: float | None, nozzle: float | None, words: str
) -> None:
    async with virtual_bench(Habits(), dwells) as bench:
        with pytest.raises(CheckRefused, match=words):
            await run(bench, "z-offset", Asked(bench), ZOffsetParameters(bed=bed, nozzle=nozzle))


@pytest.mark.parametrize(
    ("kind", "nozzle"), [("load_cell_probe", 200.0), ("smart_effector", 151.0), ("probe", 220.0)]
)
def test_a_nozzle_that_is_the_probe_does_not_ooze_onto_the_bed(kind: str, nozzle: float) -> None:
    probe = probe_config(PrinterState(settings={kind: {"z_offset": 0.0}}))
    assert probe is not None
    with pytest.raises(CheckRefused, match="a nozzle that is the probe"):
        require_no_ooze(probe, nozzle)
    require_no_ooze(probe, 150.0)
    require_no_ooze(ProbeConfig("probe", "probe", x_offset=20.0), nozzle)


def test_a_printer_without_a_bed_heater_is_told_so() -> None:
    state = PrinterState(heaters={"extruder": HeaterState(23.0, 0.0)})
    assert hot_plan(state, None, None, 5.0) is None
    with pytest.raises(CheckRefused, match="no heated bed"):
        hot_plan(state, 60.0, None, 5.0)


@pytest.mark.parametrize(("nozzle", "sheet"), [(25.0, 0.0), (99.0, 0.0), (100.0, 0.1), (240.0, 0.1)])
def test_the_paper_counts_under_a_hot_nozzle(nozzle: float, sheet: float) -> None:
    state = PrinterState(
        heaters={"extruder": HeaterState(nozzle, 0.0), "heater_bed": HeaterState(60.0, 60.0)}
    )
    assert sheet_of(state) == sheet


TOOLS = {name: HeaterState(degrees, 0.0) for name, degrees in (("extruder", 180.0), ("extruder1", 25.0))}


@pytest.mark.parametrize(("used", "sheet"), [("extruder", 0.1), ("extruder1", 0.0), ("", 0.1)])
def test_the_paper_counts_under_the_nozzle_of_the_tool_in_use(used: str, sheet: float) -> None:
    assert sheet_of(PrinterState(heaters=TOOLS, extruder=used)) == sheet


def test_another_tools_nozzle_is_not_heated() -> None:
    with pytest.raises(CheckRefused, match="in use is that of extruder1"):
        hot_plan(PrinterState(heaters=TOOLS, extruder="extruder1"), None, 200.0, 5.0)
    assert hot_plan(PrinterState(heaters=TOOLS, extruder="extruder"), None, 200.0, 5.0) is not None


def hot(check: str, bed: float, chamber: float | None = None) -> Record:
    found = [records.estimate("bed_temperature", bed)]
    if chamber is not None:
        found.append(records.estimate("chamber_temperature", chamber))
    record = records.record(check, estimates=records.estimates(*found))
    return replace(record, parameters={**record.parameters, "bed": bed})


@pytest.mark.parametrize("check", ["z-offset", "auto-z"])
@pytest.mark.parametrize(
    ("target", "chamber", "words"),
    [
        (0.0, 23.0, ""),
        (60.0, 40.0, ""),
        (100.0, 40.0, "the bed is at 100 °C, and this was measured with it at 60 °C"),
        (60.0, 65.0, "the chamber is at 65 °C, and this was measured with it at 42 °C"),
    ],
)
def test_a_hot_result_holds_at_its_temperature_only(
    check: str, target: float, chamber: float, words: str
) -> None:
    record = hot(check, 60.0, 42.0)
    now = records.context(targets={"heater_bed": target}, sensors={"temperature_sensor chamber": chamber})
    why = stale(record, (), now)
    assert (why or "") == words
    assert variant(record) == "hot"
    assert variant(records.record(check)) != "hot"
