"""What `ready` says about a scanner's models."""

from typing import Any

import pytest

from tests.unit.fakes.bench import Bench
from tests.unit.fakes.machine import Machine
from zcal_tui.checks.ready.scanner_findings import scanner_findings
from zcal_tui.model.record import Change, Level, Outcome, Record

MODEL = "cartographer scan_model default"


@pytest.fixture
def machine(machine: Machine) -> Machine:
    settings: dict[str, Any] = machine.objects["configfile"]["settings"]
    del settings["probe"]
    settings["cartographer"] = {"mcu": "scanner"}
    settings[MODEL] = {"mcu_version": "v1.2", "reference_temperature": 25.0}
    machine.objects["probe"]["name"] = "cartographer"
    machine.objects["mcu scanner"] = {"mcu_version": "v1.2"}
    machine.objects["temperature_sensor cartographer_coil"] = {"temperature": 30.0}
    return machine


async def found(bench: Bench, **others: Any) -> dict[str, tuple[Level, str]]:
    await bench.printer.refresh()
    return {
        one.key: (one.level, f"{one.what} {one.why} {one.fix}")
        for one in await scanner_findings(bench.context(**others))
    }


async def test_model_firmware_and_coil_are_shown(bench: Bench) -> None:
    level, words = (await found(bench))[f"scanner-{MODEL}"]
    assert level is Level.PASS
    assert "Its age is unknown. Firmware v1.2. Coil 30 °C. Made at 25 °C." in words


async def test_the_age_is_that_of_the_run_that_saved_it(bench: Bench) -> None:
    change = Change(MODEL, "coefficients", "1", "2", state="saved")
    record = Record(
        "r",
        "z-offset",
        {},
        "",
        finished="2026-11-20T10:00:00+00:00",
        outcome=Outcome.FINISHED,
        changes=(change,),
    )
    _, words = (await found(bench, earlier=lambda check: record))[f"scanner-{MODEL}"]
    assert "Saved here on 2026-11-20." in words


async def test_another_firmware_or_a_coil_that_is_far_warmer_is_a_warning(bench: Bench) -> None:
    bench.machine.change("temperature_sensor cartographer_coil", temperature=60.0)
    level, words = (await found(bench))[f"scanner-{MODEL}"]
    assert level is Level.WARN
    assert "The coil is at 60 °C" in words
    bench.machine.objects["mcu scanner"]["mcu_version"] = "v2.0"
    level, words = (await found(bench))[f"scanner-{MODEL}"]
    assert level is Level.WARN
    assert "was made with firmware v1.2; the scanner runs v2.0" in words
    assert "z-offset --calibrate scan" in words


async def test_a_model_that_is_missing_names_its_calibration(bench: Bench) -> None:
    level, words = (await found(bench))["scanner-touch"]
    assert level is Level.WARN
    assert "z-offset --calibrate touch" in words
