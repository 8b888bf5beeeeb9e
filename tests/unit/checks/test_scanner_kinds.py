"""What applies to no scanner, whichever its plugin: what compares triggers refuses by name, before it moves."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.fakes.bench import Bench
from tests.unit.fakes.person import Person
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.parameters import build
from zcal_tui.model.check_info import CHECK_INFO
from zcal_tui.model.events import VerdictReached
from zcal_tui.printer.capabilities import capabilities_of

SCANNERS: Mapping[str, Mapping[str, Any]] = {
    "cartographer": {"x_offset": 0.0, "y_offset": 21.0},
    "beacon": {"x_offset": 0.0, "y_offset": 20.0, "default_probe_method": "contact"},
    "probe_eddy_current coil": {"x_offset": 0.0, "y_offset": 21.0, "descend_z": 0.5, "tap_threshold": 2000.0},
    "probe_eddy_ng coil": {"x_offset": 0.0, "y_offset": 21.0, "tap_threshold": 1000.0},
    "scanner": {"sensor": "cartographer", "x_offset": 0.0, "y_offset": 15.0, "mode": "touch"},
    "idm": {"x_offset": 0.0, "y_offset": 20.0, "calibration_method": "voron_tap"},
}


async def fit(bench: Bench, section: str, options: Mapping[str, Any] | None = None) -> None:
    """Make the printer one whose Z homes with this scanner."""
    configfile = bench.machine.objects["configfile"]
    del configfile["settings"]["probe"]
    configfile["settings"][section] = {**SCANNERS[section], **(options or {})}
    configfile["settings"]["stepper_z"]["endstop_pin"] = "probe:z_virtual_endstop"
    bench.machine.objects["probe"]["name"] = section
    starts = bench.printer.state.starts
    await bench.klippy.restart()
    await bench.printer.wait_for(lambda state: state.ready and state.starts > starts)


@pytest.mark.parametrize("section", SCANNERS)
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bias", "measures distance and has no trigger to compare with the paper test"),
        ("auto-z", "This printer has no automatic Z offset"),
    ],
)
async def test_what_needs_a_switch_is_refused(bench: Bench, section: str, name: str, reason: str) -> None:
    await fit(bench, section)
    check = CHECKS[name]
    with pytest.raises(CheckRefused, match=reason) as refused:
        await check.run(bench.context(Person(True, True)), build(check.parameters, {}))
    assert refused.value.cause and refused.value.remedy
    assert bench.machine.scripts == []
    if name == "auto-z":
        unfit = CHECK_INFO[name].unfit(capabilities_of(bench.printer.state))
        assert unfit is not None and "the probe is the Z endstop" in unfit


@pytest.mark.parametrize("section", ["scanner", "idm", "probe_eddy_ng coil"])
@pytest.mark.parametrize("calibrate", ["none", "scan", "touch"])
async def test_a_model_that_is_not_known_is_left_to_its_plugin(
    bench: Bench, section: str, calibrate: str
) -> None:
    await fit(bench, section)
    check = CHECKS["z-offset"]
    with pytest.raises(CheckRefused, match=rf"\[{section}\]") as refused:
        await check.run(bench.context(Person(True, True)), build(check.parameters, {"calibrate": calibrate}))
    assert "_CALIBRATE" in refused.value.remedy or "_SETUP" in refused.value.remedy
    assert bench.machine.scripts == []


@pytest.mark.parametrize(
    ("section", "options", "command"),
    [
        ("cartographer", {}, "CARTOGRAPHER_CALIBRATE"),
        ("scanner", {"sensor": "idm"}, "IDM_CALIBRATE"),
        ("scanner", {"sensor": "cartographer"}, "CARTOGRAPHER_CALIBRATE"),
    ],
)
async def test_an_older_plugin_is_named_by_its_own_command(
    bench: Bench, section: str, options: dict[str, Any], command: str
) -> None:
    """cartographer.py of 2024 shares its section with the newer plugin, but not its commands and models."""
    bench.machine.objects["gcode"]["commands"].update(CARTOGRAPHER_MODEL_SELECT={}, CARTOGRAPHER_CALIBRATE={})
    await fit(bench, section, options)
    check = CHECKS["z-offset"]
    with pytest.raises(CheckRefused) as refused:
        await check.run(bench.context(Person(True, True)), build(check.parameters, {}))
    assert f"Run {command}:" in refused.value.remedy
    ready = CHECKS["ready"]
    await ready.run(bench.context(), build(ready.parameters, {}))
    (reached,) = bench.told(VerdictReached)
    assert "scan model" not in " ".join(reached.verdict.reasons)


@pytest.mark.parametrize("section", SCANNERS)
async def test_ready_looks_at_each_and_moves_nothing(bench: Bench, section: str) -> None:
    await fit(bench, section)
    check = CHECKS["ready"]
    await check.run(bench.context(), build(check.parameters, {}))
    assert bench.told(VerdictReached)
    assert not any("PROBE" in script or "G28" in script for script in bench.machine.scripts)
