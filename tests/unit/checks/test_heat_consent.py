"""Nothing heats without a consent that names temperatures and time."""

import pytest

from tests.unit.fakes.person import Nobody, Person
from tests.unit.fakes.virtual import Habits, VirtualBench, virtual_bench
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.lease import temporary_settings
from zcal_tui.checks.operator import NeedsPerson, Operator
from zcal_tui.checks.temperature.parameters import TemperatureParameters
from zcal_tui.model.questions import Confirm
from zcal_tui.printer import zcal_module


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zcal_module, "POLL", 0.0)
    monkeypatch.setattr(temporary_settings, "RATE_LOOK", 0.001)


async def run(bench: VirtualBench, operator: Operator, parameters: TemperatureParameters) -> None:
    object.__setattr__(bench.context, "operator", operator)
    await CHECKS["temperature"].run(bench.context, parameters)


def is_cold(bench: VirtualBench) -> bool:
    return all(bench.machine.objects[name]["target"] == 0.0 for name in ("heater_bed", "extruder"))


async def test_a_no_heats_nothing_and_moves_nothing() -> None:
    async with virtual_bench(Habits()) as bench:
        person, before = Person(False), bench.machine.lines
        with pytest.raises(CheckRefused, match="not to heat"):
            await run(bench, person, TemperatureParameters(bed=60.0, nozzle=200.0))
        (question,) = person.asked
        assert isinstance(question, Confirm)
        assert question.text.startswith("Heat the bed to 60 °C and the nozzle to 200 °C for up to ")
        assert question.text.endswith("0 min?")
        assert is_cold(bench) and bench.machine.lines == before


async def test_defaults_are_no_consent_where_nobody_can_be_asked() -> None:
    async with virtual_bench(Habits()) as bench:
        with pytest.raises(NeedsPerson) as needed:
            await run(bench, Nobody(), TemperatureParameters(bed=60.0))
        assert "--nozzle" in needed.value.remedy and "--bed" not in needed.value.remedy
        assert is_cold(bench)


async def test_temperatures_on_the_command_line_are_consent() -> None:
    parameters = TemperatureParameters(
        heat="bed", bed=40.0, baseline=0.5, soak=1.0, back=0.0, every=30.0, touches=3
    )
    async with virtual_bench(Habits()) as bench:
        await run(bench, Nobody(), parameters)
        assert any(sample.place == "bed" for sample in bench.samples)
