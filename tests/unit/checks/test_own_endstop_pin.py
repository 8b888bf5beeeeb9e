"""Automatic Z offset where the probe homes Z: with a switch of its own for the nozzle, else refused by name."""

import pytest

from tests.unit.fakes.virtual import Habits, VirtualMachine, virtual_bench
from zcal_tui.checks.auto_z.parameters import AutoZParameters
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.lease import temporary_settings
from zcal_tui.model.events import EstimateUpdated, VerdictReached
from zcal_tui.printer import zcal_module


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zcal_module, "POLL", 0.0)
    monkeypatch.setattr(temporary_settings, "RATE_LOOK", 0.001)


@pytest.mark.parametrize("pin", ["^PG10", "!PA3", "toolhead:PB6"])
async def test_a_pin_of_its_own_is_measured(pin: str) -> None:
    def configure(machine: VirtualMachine) -> None:
        settings = machine.objects["configfile"]["settings"]
        settings["stepper_z"]["endstop_pin"] = "probe:z_virtual_endstop"
        del settings["stepper_z"]["position_endstop"]
        settings["z_calibration"]["endstop_pin"] = pin

    async with virtual_bench(Habits(), configure) as bench:
        await CHECKS["auto-z"].run(bench.context, AutoZParameters(repeats=2))
        assert any(isinstance(event, VerdictReached) for event in bench.said)
        (*_, last) = (event.estimates for event in bench.said if isinstance(event, EstimateUpdated))
        assert last["offset"].value == pytest.approx(-0.04, abs=0.02)
        assert not any("position_endstop" in str(event) for event in bench.said)


@pytest.mark.parametrize("pin", [None, "", "probe:z_virtual_endstop"])
async def test_without_one_it_is_refused_by_name(pin: str | None) -> None:
    def configure(machine: VirtualMachine) -> None:
        settings = machine.objects["configfile"]["settings"]
        settings["stepper_z"]["endstop_pin"] = "probe:z_virtual_endstop"
        if pin is not None:
            settings["z_calibration"]["endstop_pin"] = pin

    async with virtual_bench(Habits(), configure) as bench:
        with pytest.raises(CheckRefused) as refused:
            await CHECKS["auto-z"].run(bench.context, AutoZParameters())
        assert "the probe is the Z endstop" in refused.value.cause
        assert "endstop_pin in [z_calibration]" in refused.value.cause
