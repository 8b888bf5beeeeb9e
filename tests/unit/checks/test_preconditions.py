"""What has to be so before anything moves: a printer that is free, cold parts, a clean nozzle."""

from types import MappingProxyType
from typing import Any

import pytest

from tests.unit.fakes.bench import Bench, FakeClock
from tests.unit.fakes.person import Person
from zcal_tui.checks.errors import CheckCancelled, CheckFailed, CheckRefused
from zcal_tui.checks.preconditions import (
    COLD_BED,
    COLD_NOZZLE,
    LONGEST_COOLING,
    home_cold,
    require_clean,
    require_cold,
    require_probe,
    require_ready,
    require_step,
    warm_parts,
)
from zcal_tui.checks.temperature import TemperatureParameters
from zcal_tui.checks.temperature.run import measure
from zcal_tui.model.events import Stage
from zcal_tui.model.questions import Choose, Confirm
from zcal_tui.printer.state import HeaterState, ManualProbeState, PrinterState


def state(**changes: Any) -> PrinterState:
    return PrinterState(**{"connected": True, "klippy": "ready", **changes})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"connected": False, "link": "cable pulled"}, "not connected"),
        ({"klippy": "startup", "message": "Printer is not ready"}, "not ready"),
        ({"klippy": "shutdown", "message": "MCU 'mcu' shutdown: Timer too close"}, "not ready"),
        ({"printing": True}, "A print is running"),
        ({"paused": True, "print_state": "paused"}, "A print is paused"),
        ({"paused": True}, "paused .PAUSE., with no print"),
        ({"manual_probe": ManualProbeState(True)}, "did not start"),
    ],
)
def test_a_printer_that_is_not_free_is_refused_with_a_remedy(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(CheckRefused, match=words) as refused:
        require_ready(state(**changes))
    assert refused.value.cause
    assert refused.value.remedy


def test_a_free_printer_is_not_refused() -> None:
    assert require_ready(state()) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize(
    ("name", "temperature", "target", "warm"),
    [
        ("extruder", COLD_NOZZLE, 0.0, False),
        ("extruder", COLD_NOZZLE + 0.5, 0.0, True),
        ("extruder", 20.0, 1.0, True),
        ("heater_bed", COLD_BED, 0.0, False),
        ("heater_bed", COLD_BED + 0.5, 0.0, True),
        ("heater_generic chamber", COLD_BED + 0.5, 0.0, False),
    ],
)
def test_a_part_is_warm_above_its_limit_or_while_it_is_heated(
    name: str, temperature: float, target: float, warm: bool
) -> None:
    found = warm_parts(state(heaters=MappingProxyType({name: HeaterState(temperature, target)})))
    assert found == ([f"{name} {temperature:.0f} °C"] if warm else [])


def test_a_missing_probe_is_refused_with_what_else_can_be_done() -> None:
    with pytest.raises(CheckRefused, match="no probe") as refused:
        require_probe(state(), "Or take --what endstop.")
    assert refused.value.remedy.endswith("similar section. Or take --what endstop.")
    assert require_probe(state(settings={"bltouch": {"z_offset": 2.0}})).kind == "bltouch"


def test_an_unknown_step_distance_is_refused() -> None:
    with pytest.raises(CheckRefused, match="step distance"):
        require_step(state(settings={"stepper_z": {"microsteps": 16}}))
    stepper = {"rotation_distance": 8.0, "microsteps": 16}
    assert require_step(state(settings={"stepper_z": stepper})) == pytest.approx(0.0025)


async def heat(bench: Bench, temperature: float = 180.0, target: float = 0.0) -> None:
    bench.machine.change("extruder", temperature=temperature, target=target)
    await bench.printer.wait_for(lambda state: bool(warm_parts(state)))


async def test_a_cold_printer_is_only_asked_for_a_clean_nozzle(bench: Bench) -> None:
    person = Person(True)
    await require_cold(bench.context(person))
    assert person.keys == ["clean-nozzle"]
    assert bench.machine.scripts == []


async def test_the_question_for_a_clean_nozzle_says_that_homing_follows(bench: Bench) -> None:
    for axes, says in (("xyz", False), ("xy", True)):
        bench.machine.change("toolhead", homed_axes=axes)
        await bench.printer.refresh()
        person = Person(True)
        await require_clean(bench.context(person))
        (question,) = person.asked
        assert isinstance(question, Confirm)
        assert ("homes next" in question.detail) == says


async def test_a_nozzle_that_is_not_clean_is_refused(bench: Bench) -> None:
    person = Person(False)
    with pytest.raises(CheckRefused, match="not clean") as refused:
        await require_clean(bench.context(person))
    assert "brush" in refused.value.remedy
    (question,) = person.asked
    assert isinstance(question, Confirm)


async def test_it_can_be_measured_warm(bench: Bench) -> None:
    await heat(bench, target=180.0)
    person = Person("measure", True)
    await require_cold(bench.context(person))
    choice = person.asked[0]
    assert isinstance(choice, Choose)
    assert [option.key for option in choice.options] == ["wait", "measure", "stop"]
    assert "extruder 180 °C" in choice.text
    assert bench.machine.scripts == [], "the heaters are left as they are"


async def test_it_can_be_left_for_later(bench: Bench) -> None:
    await heat(bench)
    person = Person("stop")
    with pytest.raises(CheckRefused, match="warm"):
        await require_cold(bench.context(person))
    assert person.keys == ["hot"]
    assert bench.machine.scripts == []


async def test_waiting_turns_the_heaters_off_and_ends_when_all_is_cold(bench: Bench) -> None:
    await heat(bench, target=180.0)
    temperatures = [150.0, 90.0, 44.0]

    class Cooling(FakeClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            now = temperatures.pop(0)
            bench.machine.change("extruder", temperature=now, target=0.0)
            await bench.printer.wait_for(lambda state: state.heaters["extruder"].temperature == now)

    clock = Cooling()
    await require_cold(bench.context(Person("wait", True), clock=clock))
    assert bench.machine.scripts == ["TURN_OFF_HEATERS"]
    assert [stage.text.split(": ")[1] for stage in bench.told(Stage)] == [
        "extruder 180 °C",
        "extruder 150 °C",
        "extruder 90 °C",
    ]
    assert clock.time == 30.0


async def test_what_never_gets_cold_is_not_waited_for_for_ever(bench: Bench) -> None:
    await heat(bench, temperature=60.0)
    clock = FakeClock()
    with pytest.raises(CheckFailed, match="Not cold after 2 h: extruder 60 °C"):
        await require_cold(bench.context(Person("wait"), clock=clock))
    assert LONGEST_COOLING < clock.time <= LONGEST_COOLING + 10.0


async def test_the_wait_can_be_cancelled(bench: Bench) -> None:
    await heat(bench)

    def cancel(_: float) -> None:
        bench.cancelled = True

    clock = FakeClock(cancel)
    with pytest.raises(CheckCancelled):
        await require_cold(bench.context(Person("wait"), clock=clock))
    assert clock.time == 10.0


def heats_when_homing(bench: Bench) -> None:
    """A homing macro that turns on the bed's heater, on a printer that is not homed."""
    bench.machine.objects["toolhead"]["homed_axes"] = ""

    async def home(_: dict[str, str]) -> None:
        bench.machine.change("heater_bed", target=60.0)
        bench.machine.change("toolhead", homed_axes="xyz")

    bench.machine.handlers["G28"] = home


async def test_what_the_homing_has_begun_to_heat_is_noticed_and_asked_about(bench: Bench) -> None:
    heats_when_homing(bench)
    await bench.printer.refresh()
    person = Person("measure")
    await home_cold(bench.context(person))
    assert "G28 turned on a heater: heater_bed 60 °C" in bench.notices
    assert person.keys == ["hot"]


async def test_a_bed_that_was_heated_before_is_not_asked_about_again(bench: Bench) -> None:
    heats_when_homing(bench)
    bench.machine.objects["heater_bed"]["target"] = 60.0
    await bench.printer.refresh()
    await home_cold(bench.context(Person()))
    assert bench.notices == ""


async def test_a_temperature_run_is_not_started_on_a_bed_that_the_homing_heats(bench: Bench) -> None:
    heats_when_homing(bench)
    bench.machine.objects["zcal"] = {"version": "1.1.0", "unavailable": {}}
    await bench.printer.restart_and_wait()
    await bench.printer.refresh()
    with pytest.raises(CheckRefused, match="too warm to start"):
        await measure(bench.context(), TemperatureParameters(bed=60.0, nozzle=150.0))
    assert not any("SET_HEATER" in script or "PROBE" in script for script in bench.machine.scripts)
