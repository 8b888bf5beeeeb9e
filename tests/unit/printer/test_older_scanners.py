"""The older plugins of Cartographer and IDM (scanner.py, idm.py, cartographer.py), by the shape of their configuration
and their console lines. Facts: cartographer-klipper 479f6ab."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.fakes.machine import Machine
from tests.unit.printer.test_sampler import take
from zcal_tui.printer import messages as m
from zcal_tui.printer.backlash_commands import backlash_command
from zcal_tui.printer.console import parse
from zcal_tui.printer.contact_homing import homes_by_contact
from zcal_tui.printer.hazards import hazards_of, minimum, outside
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.probe_methods import METHODS, NoSuchMethod, compared_methods, method_of
from zcal_tui.printer.sampler import ProbeUnusable, StockSampler
from zcal_tui.printer.state import PrinterState, SaveConfigPending
from zcal_tui.transport.reconnect import LinkedTransport

SCANNER: Mapping[str, Any] = {
    "sensor": "cartographer",
    "x_offset": 0.0,
    "y_offset": 15.0,
    "backlash_comp": 0.5,
    "mode": "touch",
    "scanner_touch_threshold": 2500,
    "scanner_touch_z_offset": 0.05,
}
IDM: Mapping[str, Any] = {
    "x_offset": 0.0,
    "y_offset": 20.0,
    "backlash_comp": 0.5,
    "calibration_method": "voron_tap",
    "tap_location": "110,110",
}
RETRACT = "retract=5.000 speed=5.0 lift_speed=5.0"
"""How idm.py names its settings."""
OLD: Mapping[str, Any] = {"x_offset": 0.0, "y_offset": 20.0, "backlash_comp": 0.5}
OLD_COMMANDS = frozenset(
    {
        "PROBE",
        "PROBE_ACCURACY",
        "CARTOGRAPHER_CALIBRATE",
        "CARTOGRAPHER_ESTIMATE_BACKLASH",
        "CARTOGRAPHER_MODEL_SELECT",
    }
)


def state(section: str, options: Mapping[str, Any], **others: Any) -> PrinterState:
    return PrinterState(settings={section: options}, **others)


PLUGINS = {
    "scanner": state("scanner", SCANNER),
    "idm": state("idm", IDM),
    "cartographer.py": state("cartographer", OLD, commands=OLD_COMMANDS),
}


@pytest.mark.parametrize(
    ("plugin", "command"),
    [
        ("scanner", "CARTOGRAPHER_ESTIMATE_BACKLASH"),
        ("idm", "IDM_ESTIMATE_BACKLASH"),
        ("cartographer.py", "CARTOGRAPHER_ESTIMATE_BACKLASH"),
    ],
)
def test_each_has_the_hazards_of_its_own_commands(plugin: str, command: str) -> None:
    printer = PLUGINS[plugin]
    assert minimum(printer, "PROBE_ACCURACY", "SAMPLES") == 3
    assert outside(printer, command, {"SAMPLES": 1, "OVERRUN": None}) is not None
    assert outside(printer, command, {"SAMPLES": 20, "OVERRUN": 1.6}) is not None
    assert outside(printer, command, {"SAMPLES": 20, "OVERRUN": 1.0}) is None
    named = {hazard.command for hazard in hazards_of(printer) if hazard.command.endswith("_BACKLASH")}
    assert named == {command}


def test_only_what_the_plugin_does_is_shown() -> None:
    effects = {name: " ".join(one.effect for one in hazards_of(printer)) for name, printer in PLUGINS.items()}
    assert "standard deviation" not in effects["scanner"], "scanner.py of 2026 computes it from all samples"
    assert "standard deviation" in effects["idm"] and "standard deviation" in effects["cartographer.py"]
    assert "PROBE_SWITCH" in effects["scanner"] and "PROBE_SWITCH" in effects["idm"]
    assert "PROBE_SWITCH" not in effects["cartographer.py"], "it knows no touch"
    assert "ITERATIONS" not in effects["cartographer.py"] and "DELTA" not in effects["cartographer.py"]
    assert "THRESHOLD_SCAN" in effects["scanner"] and "THRESHOLD_SCAN" not in effects["idm"]


def test_the_old_cartographer_gets_its_own_parameters_and_no_option_that_it_lacks() -> None:
    found = backlash_command(PLUGINS["cartographer.py"])
    assert found is not None
    assert found.parameters(10, 0.5) == {"SAMPLES": 20, "OVERRUN": 0.5}
    assert not found.stores_value and not found.nozzle_at_reference
    newer = backlash_command(
        state("cartographer", OLD, commands=OLD_COMMANDS - {"CARTOGRAPHER_MODEL_SELECT"})
    )
    assert newer is not None and newer.stores_value


@pytest.mark.parametrize(
    ("plugin", "refused", "reason"),
    [
        ("scanner", "touch", "sets Z 0 by itself"),
        ("idm", "tap", "PROBE_SWITCH METHOD=VORON_TAP"),
        ("cartographer.py", "touch", "It has scan."),
    ],
)
def test_scan_is_measured_and_each_touch_is_refused_by_name(plugin: str, refused: str, reason: str) -> None:
    printer = PLUGINS[plugin]
    assert method_of(printer, "scan").command == "PROBE_ACCURACY"
    for name in METHODS:
        if name == "scan":
            continue
        with pytest.raises(NoSuchMethod, match=name) as raised:
            method_of(printer, name)
        assert name != refused or reason in raised.value.cause
    with pytest.raises(NoSuchMethod):
        compared_methods(printer)


@pytest.mark.parametrize(("mode", "contact"), [("touch", True), ("scan", False)])
def test_its_touch_homes_only_in_touch_mode(mode: str, contact: bool) -> None:
    start = {"gcode": "G28\nCARTOGRAPHER_TOUCH"}
    settings = {"scanner": {**SCANNER, "mode": mode}, "gcode_macro print_start": start}
    assert homes_by_contact(PrinterState(settings=settings)) is contact


def test_its_lines_are_read() -> None:
    header = (
        "// PROBE_ACCURACY at X:150.000 Y:150.000 Z:5.000 (samples=3 sample_retract_dist=2.000 speed=5.0 "
        "lift_speed=5.0 skip=0)\n"
    )
    assert parse(header) == m.AccuracyHeader("PROBE_ACCURACY", 150, 150, 5, 3, 2, 5, 5)
    scanned = parse("// probe at 150.000,165.000,2.000 is z=1.994210 ")
    assert scanned == m.ProbeSample(150, 165, 0.00579, "toolhead", scanned=True)
    assert parse("// probe at 150.000,150.000 is z=-0.012000 ") == m.ProbeSample(150, 150, -0.012, "toolhead")
    left_out = parse("// probe at 150.000,165.000,2.000 is z=1.994210  - SKIPPED - result not added")
    assert isinstance(left_out, m.Info)
    assert parse("// Result is z=2.005790") == m.ProbeHeight(2.00579)
    assert parse("// Median distance moving up 1.99701, down 1.99772, delta 0.00070 over 20 samples") == (
        m.BeaconBacklash(1.99701, 1.99772, 0.0007, 20)
    )


def fit(machine: Machine, section: str, options: Mapping[str, Any]) -> None:
    """Make the machine one with this scanner."""
    settings = machine.objects["configfile"]["settings"]
    del settings["probe"]
    settings[section] = dict(options)
    machine.objects["probe"]["name"] = section


async def test_a_scanner_that_was_switched_to_touch_is_refused_before_anything_moves(
    transport: LinkedTransport, machine: Machine
) -> None:
    fit(machine, "scanner", SCANNER)
    configfile = machine.objects["configfile"]
    configfile.update(save_config_pending=True, save_config_pending_items={"scanner": {"mode": "touch"}})
    printer = Printer(transport)
    await printer.start()
    assert isinstance(printer.state.save_config, SaveConfigPending) and printer.state.save_config.pending
    with pytest.raises(ProbeUnusable, match="probes with the nozzle") as refused:
        await take(StockSampler(printer), 3)
    assert "PROBE_SWITCH MODE=SCAN" in refused.value.remedy
    assert machine.touches == 0
    await printer.close()


@pytest.mark.parametrize(
    ("section", "options", "back"), [("scanner", SCANNER, "MODE=SCAN"), ("idm", IDM, "METHOD=SCAN")]
)
async def test_a_nozzles_sample_is_not_taken_for_the_coils(
    transport: LinkedTransport, machine: Machine, section: str, options: Mapping[str, Any], back: str
) -> None:
    """idm.py does not show that it was switched; its first line does."""
    fit(machine, section, options)
    printer = Printer(transport)
    await printer.start()
    with pytest.raises(ProbeUnusable) as refused:
        await take(StockSampler(printer), 3)
    assert back in refused.value.remedy
    await printer.close()


@pytest.mark.parametrize(
    ("section", "options", "settings"),
    [
        ("scanner", SCANNER, "sample_retract_dist=2.000 speed=5.0 lift_speed=5.0 skip=0"),
        ("idm", IDM, RETRACT),
    ],
)
async def test_the_coils_samples_are_read(
    transport: LinkedTransport, machine: Machine, section: str, options: Mapping[str, Any], settings: str
) -> None:
    fit(machine, section, options)
    distances = [1.994, 1.996, 1.995, 1.993, 1.997, 1.995]

    async def accuracy(parameters: dict[str, str]) -> None:
        count = int(parameters["SAMPLES"])
        machine.say(f"PROBE_ACCURACY at X:150.000 Y:150.000 Z:5.000 (samples={count} {settings})\n")
        for _ in range(count):
            machine.say(f"probe at 150.000,150.000,2.000 is z={distances[machine.touches]:.6f} ")
            machine.touches += 1
        machine.say(
            "probe accuracy results: maximum 2.007000, minimum 2.003000, range 0.004000, average 2.005000, "
            "median 2.005000, standard deviation 0.001000"
        )

    machine.handlers["PROBE_ACCURACY"] = accuracy
    printer = Printer(transport)
    await printer.start()
    samples = await take(StockSampler(printer), 6)
    assert [sample.trigger_z for sample in samples] == [round(2.0 - distance, 6) for distance in distances]
    assert all(
        int(script.partition("SAMPLES=")[2].split()[0]) >= 3
        for script in machine.scripts
        if "SAMPLES" in script
    )
    await printer.close()
