"""Every check on an eddy-ng probe, by the shape of its configuration and commands: measured, or refused by name.

Facts: eddy-ng 1ed056b, probe_eddy_ng.py.
"""

import pytest

from tests.unit.fakes.bench import Bench
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.person import Person
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.full_calibration import not_applicable
from zcal_tui.checks.parameters import build
from zcal_tui.model.check_info import CHECK_INFO
from zcal_tui.model.events import SampleTaken, VerdictReached
from zcal_tui.printer.backlash_commands import backlash_command
from zcal_tui.printer.capabilities import capabilities_of
from zcal_tui.printer.hazards import EDDY_NG_TAP, hazards_of

SECTION = "probe_eddy_ng btt_eddy"
OPTIONS = {
    "sensor_type": "btt_eddy",
    "x_offset": 0.0,
    "y_offset": 21.42,
    "home_trigger_height": 2.0,
    "tap_mode": "butter",
    "tap_threshold": 1000.0,
    "calibration_version": 5,
    "calibrated_drive_currents": [15, 16],
}
COMMANDS = (
    "PROBE",
    "PROBE_ACCURACY",
    "PROBE_CALIBRATE",
    "PROBE_EDDY_NG_STATUS",
    "PROBE_EDDY_NG_CALIBRATE",
    "PROBE_EDDY_NG_SETUP",
    "PROBE_EDDY_NG_PROBE",
    "PROBE_EDDY_NG_PROBE_STATIC",
    "PROBE_EDDY_NG_PROBE_ACCURACY",
    "PROBE_EDDY_NG_TAP",
    "PETAP",
)


@pytest.fixture
def machine(machine: Machine) -> Machine:
    configfile = machine.objects["configfile"]
    del configfile["settings"]["probe"]
    configfile["settings"][SECTION] = dict(OPTIONS)
    configfile["settings"]["stepper_z"]["endstop_pin"] = "probe:z_virtual_endstop"
    configfile["config"] = {SECTION: {}}
    machine.objects["probe"]["name"] = SECTION
    machine.objects["gcode"]["commands"].update({command: {} for command in COMMANDS})
    return machine


NO_SAMPLES = "(eddy-ng) has no samples that this check can use"
REFUSED = {
    "probe-xy": (NO_SAMPLES, "PROBE_EDDY_NG_"),
    "z-offset": ("no z_offset that a paper test can measure", "PROBE_EDDY_NG_SETUP"),
    "bias": ("measures distance and has no trigger", ""),
    "temperature": (NO_SAMPLES, "PROBE_EDDY_NG_"),
    "backlash": (NO_SAMPLES, "PROBE_EDDY_NG_"),
    "auto-z": ("no automatic Z offset", ""),
}
MEASURED = {"ready", "accuracy", "first-layer"}
"""Ready only looks, First layer compares paper and Z 0 without the probe."""


def test_every_check_is_decided() -> None:
    assert REFUSED.keys() | MEASURED == CHECKS.keys()


@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_measured_is_refused_by_name_before_anything_moves(
    bench: Bench, name: str
) -> None:
    what, remedy = REFUSED[name]
    check = CHECKS[name]
    with pytest.raises(CheckRefused) as refused:
        await check.run(bench.context(Person(True, True, True)), build(check.parameters, {}))
    assert what in refused.value.what
    assert remedy in refused.value.remedy
    assert bench.machine.scripts == []


@pytest.mark.parametrize("key", ["scan", "touch", "tap", "auto", "drive-current"])
async def test_its_calibrations_are_left_to_its_own_command(bench: Bench, key: str) -> None:
    check = CHECKS["z-offset"]
    with pytest.raises(CheckRefused, match="is not calibrated from here") as refused:
        await check.run(bench.context(Person(True, True)), build(check.parameters, {"calibrate": key}))
    assert "PROBE_EDDY_NG_SETUP" in refused.value.remedy
    assert bench.machine.scripts == []


@pytest.mark.parametrize(
    "line", ["Result is z=2.012000", "Result: at 100.000,121.420 estimate contact at z=0.012000"]
)
@pytest.mark.parametrize("method", ["auto", "scan"])
async def test_its_repeatability_is_measured_by_probe(bench: Bench, line: str, method: str) -> None:
    """Of an older and of a newer Klipper; the plugin itself prints nothing."""

    async def probe(_: dict[str, str]) -> None:
        bench.machine.say(line)

    bench.machine.handlers["PROBE"] = probe
    check = CHECKS["accuracy"]
    given = {"method": method, "samples": 5, "here": True}
    await check.run(bench.context(), build(check.parameters, given))
    heights = [event.sample.trigger_z for event in bench.told(SampleTaken)]
    assert heights == [float(line.rsplit("=", 1)[1])] * 5
    assert not any("PROBE_ACCURACY" in script for script in bench.machine.scripts)
    assert bench.told(VerdictReached)


@pytest.mark.parametrize("name", ["probe-xy", "z-offset", "bias", "temperature", "backlash", "auto-z"])
async def test_a_full_calibration_leaves_out_what_is_refused(bench: Bench, name: str) -> None:
    """A refusal of Probe XY offset or Z offset would end it."""
    assert not_applicable(CHECK_INFO[name], capabilities_of(bench.printer.state), person=True)


async def test_without_a_probe_command_nothing_takes_samples(bench: Bench) -> None:
    """Kalico's PROBE belongs to its own probe module, which eddy-ng does not load there."""
    del bench.machine.objects["gcode"]["commands"]["PROBE"]
    starts = bench.printer.state.starts
    await bench.klippy.restart()
    await bench.printer.wait_for(lambda state: state.ready and state.starts > starts)
    why = not_applicable(CHECK_INFO["accuracy"], capabilities_of(bench.printer.state), person=True)
    assert why is not None and "This printer has no command PROBE." in why
    check = CHECKS["accuracy"]
    with pytest.raises(CheckRefused, match="cannot use its method scan"):
        await check.run(bench.context(), build(check.parameters, {}))
    assert bench.machine.scripts == []


@pytest.mark.parametrize(
    ("method", "reason"), [("tap", "PROBE_EDDY_NG_TAP changes Z 0"), ("touch", "It has scan and tap.")]
)
async def test_a_method_that_would_change_z_0_is_refused(bench: Bench, method: str, reason: str) -> None:
    check = CHECKS["accuracy"]
    with pytest.raises(CheckRefused) as refused:
        await check.run(bench.context(), build(check.parameters, {"method": method}))
    assert reason in refused.value.cause
    assert bench.machine.scripts == []


async def test_what_ready_and_the_plan_know_of_it(bench: Bench) -> None:
    state = bench.printer.state
    assert EDDY_NG_TAP in hazards_of(state)
    assert backlash_command(state) is None
    check = CHECKS["ready"]
    await check.run(bench.context(), build(check.parameters, {}))
    (reached,) = bench.told(VerdictReached)
    assert any("PROBE_EDDY_NG_TAP changes Z 0" in reason for reason in reached.verdict.reasons)
    assert CHECK_INFO["auto-z"].unfit(capabilities_of(state)) is not None


@pytest.mark.parametrize("tap", ["PROBE_EDDY_NG_TAP", "PETAP"])
async def test_a_start_macro_that_taps_leaves_temperature_out(bench: Bench, tap: str) -> None:
    settings = bench.machine.objects["configfile"]["settings"]
    settings["gcode_macro print_start"] = {"gcode": f"G28\n{tap}"}
    starts = bench.printer.state.starts
    await bench.klippy.restart()
    await bench.printer.wait_for(lambda state: state.ready and state.starts > starts)
    reason = CHECK_INFO["temperature"].unfit(capabilities_of(bench.printer.state))
    assert reason is not None and "nozzle contact" in reason
