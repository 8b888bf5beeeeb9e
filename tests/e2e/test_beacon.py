"""The checks on a Beacon: its unmodified plugin on a stand-in for its sensor, by hand.

ZCAL_TEST_BEACON names the plugin's file, beacon.py of beacon_klipper; seen with 7c71e98 on Kalico and Klipper's master.
"""

import math
import os
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import program
from tests.e2e.configured import PROFILES, profile_without, setting
from tests.e2e.simulated import KlippyError, PrinterSim, Starter, wait_for_state

PLUGIN = os.environ.get("ZCAL_TEST_BEACON", "")
pytestmark = [
    pytest.mark.core,
    pytest.mark.skipif(not PLUGIN, reason="ZCAL_TEST_BEACON does not name Beacon's plugin (beacon.py)"),
]
DRIVES = ("stepper_z", "stepper_z1", "stepper_z2")
BEACON = "[beacon]\nserial: /dev/serial/by-id/usb-Beacon\nx_offset: 0\ny_offset: 21\n"


def printer_folder(base: Path, *without: str) -> Path:
    """The profile `cartographer` with a Beacon in its place, which has no model yet."""
    assert (PROFILES / "cartographer").is_dir()
    folder = profile_without(base, "cartographer", *without)
    config = folder / "printer.cfg"
    text = config.read_text().split("#*# <---")[0].replace("CARTOGRAPHER_TOUCH_HOME", "G28 Z")
    config.write_text(re.sub(r"\[cartographer\]\n(?:\w.*\n)*", BEACON, text))
    return folder


def with_model(printer: PrinterSim) -> PrinterSim:
    """The same with a model that the plugin has made by contact, saved."""
    client = printer.connect()
    client.gcode("G28 X Y\nG90\nG1 X125 Y125 F6000\nBEACON_AUTO_CALIBRATE")
    client.send("SAVE_CONFIG")
    client.drain()
    wait_for_state(printer, "ready").close()
    return printer


@pytest.fixture(scope="module")
def stock(module_printer_sim: Starter, tmp_path_factory: pytest.TempPathFactory) -> PrinterSim:
    """One without the [zcal] module."""
    folder = printer_folder(tmp_path_factory.mktemp("printer"), "zcal")
    return with_model(module_printer_sim(str(folder), speed=40, options=("--extra", PLUGIN)))


@pytest.fixture(scope="module")
def printer(module_printer_sim: Starter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrinterSim]:
    """One with it."""
    folder = printer_folder(tmp_path_factory.mktemp("printer"))
    yield with_model(module_printer_sim(str(folder), speed=40, options=("--extra", PLUGIN)))


def test_it_homes_and_measures_what_is_so(stock: PrinterSim) -> None:
    client = stock.connect()
    client.gcode("G28\nZ_TILT_ADJUST\nG28 Z\nG90\nG1 Z2 F600")
    assert stock.report()["gap"] == pytest.approx(2.0, abs=0.02)
    [line] = [line for line in client.gcode("PROBE") if "probe at" in line]
    assert float(line.rsplit("=", 1)[1]) == pytest.approx(stock.report()["gap"], abs=0.02)
    client.gcode("BED_MESH_CALIBRATE PROFILE=tried\nBED_MESH_CLEAR")
    assert stock.report()["events"] == []
    client.close()


def test_its_limits_are_shown(stock: PrinterSim, tmp_path: Path) -> None:
    ended = program.run(tmp_path, "ready", "--printer", stock.klippy)
    reasons = " ".join(ended.record["verdict"]["reasons"])
    assert "PROBE_ACCURACY with fewer than 3 samples shuts the printer down." in reasons
    assert "BEACON_ESTIMATE_BACKLASH SAMPLES=1 has no sample of one direction." in reasons


@pytest.mark.parametrize("count", [2, 7])
def test_accuracy_never_takes_fewer_than_three_and_computes_its_own_scatter(
    stock: PrinterSim, tmp_path: Path, count: int
) -> None:
    ended = program.run(
        tmp_path, "accuracy", "--samples", str(count), "--homings", "0", "--printer", stock.klippy
    )
    if count < 3:
        assert ended.code == 3, ended.errors
    else:
        samples = [sample["trigger_z"] for sample in ended.record["samples"]]
        assert len(samples) == 7
        assert samples == pytest.approx([0.0] * 7, abs=0.05), "the distance is subtracted from the height"
        assert 0.0 < ended.record["estimates"]["sigma"]["value"] < 0.003
    assert wait_for_state(stock, "ready").status("webhooks")["state"] == "ready"


@pytest.mark.parametrize("truth", [0.0, 0.03])
def test_backlash_is_found_by_its_own_command(stock: PrinterSim, tmp_path: Path, truth: float) -> None:
    for drive in DRIVES:
        stock.control.request("set", path=f"drive.{drive}.backlash", value=truth)
    ended = program.run(tmp_path, "backlash", "--x", "125", "--y", "104", "--printer", stock.klippy)
    record = ended.record
    assert record["outcome"] == "finished", record["problem"]
    found = record["estimates"]["backlash"]
    assert (found["low"] or 0.0) <= truth <= found["high"]
    assert record["verdict"]["level"] == ("pass" if truth == 0.0 else "warn")
    assert any("backlash_comp" in advice["text"] for advice in ended.events if advice["event"] == "advice")


def test_its_backlash_has_no_option_to_be_saved_in(stock: PrinterSim, tmp_path: Path) -> None:
    ended = program.run(tmp_path, "backlash", "--calibrate", "--printer", stock.klippy)
    assert ended.code == 3
    assert "no option for the backlash" in ended.record["problem"]["what"]


def test_structured_samples_of_the_module(printer: PrinterSim, tmp_path: Path) -> None:
    ended = program.run(tmp_path, "accuracy", "--samples", "5", "--homings", "0", "--printer", printer.klippy)
    assert ended.code in (0, 7), ended.errors
    samples = ended.record["samples"]
    assert [sample["trigger_z"] for sample in samples] == pytest.approx([2.0] * 5, abs=0.05)
    assert [sample["bed_z"] for sample in samples] == pytest.approx([0.0] * 5, abs=0.05)


@pytest.mark.parametrize("with_module", [True, False])
def test_the_offset_of_its_model_is_measured(
    request: pytest.FixtureRequest, tmp_path: Path, with_module: bool
) -> None:
    """A nozzle that is 80 µm longer than when the model was made; model_offset is subtracted from distances."""
    here: PrinterSim = request.getfixturevalue("printer" if with_module else "stock")
    old = setting(here, "beacon model default", "model_offset")
    here.control.request("set", path="eddy.height", value=2.68)
    running = program.start(
        tmp_path,
        "z-offset",
        *("--printer", here.klippy, "--autopilot", "--control", str(here.ready["control"])),
        *("--save", "always"),
    )
    ended = running.end()
    here.control.request("set", path="eddy.height", value=2.6)
    found = ended.record["estimates"]["z_offset"]
    assert found["low"] <= old + 0.08 <= found["high"]
    [change] = ended.record["changes"]
    assert (change["section"], change["option"]) == ("beacon model default", "model_offset")
    assert change["state"] == ("saved" if with_module else "proposed")
    if with_module:
        assert setting(here, "beacon model default", "model_offset") == pytest.approx(float(change["new"]))


@pytest.mark.parametrize(
    ("what", "command"), [("auto", "BEACON_AUTO_CALIBRATE"), ("scan", "BEACON_CALIBRATE")]
)
def test_its_own_calibrations_are_compared_and_saved(
    printer: PrinterSim, tmp_path: Path, what: str, command: str
) -> None:
    control = ("--printer", printer.klippy, "--autopilot", "--control", str(printer.ready["control"]))
    running = program.start(tmp_path, "z-offset", "--calibrate", what, *control, "--save", "always")
    record = running.end(longest=300.0).record
    assert record["outcome"] == "finished", record["problem"]
    assert f"{command} agrees" in record["verdict"]["summary"]
    assert {change["section"] for change in record["changes"]} == {"beacon model default"}
    assert {change["state"] for change in record["changes"]} == {"saved"}


def test_contacts_are_sampled(printer: PrinterSim, tmp_path: Path) -> None:
    control = ("--printer", printer.klippy, "--autopilot", "--control", str(printer.ready["control"]))
    running = program.start(tmp_path, "accuracy", "--method", "contact", "--samples", "5", *control)
    record = running.end(longest=300.0).record
    assert record["outcome"] == "finished", record["problem"]
    assert 0.0 < record["estimates"]["sigma"]["value"] < 0.01


def test_two_samples_halt_it(printer_sim: Starter, tmp_path: Path) -> None:
    """What the table of hazards says, by the plugin itself."""
    halted = with_model(printer_sim(str(printer_folder(tmp_path)), speed=40, options=("--extra", PLUGIN)))
    client = halted.connect()
    client.gcode("G28")
    with pytest.raises(KlippyError, match="index out of range"):
        client.gcode("PROBE_ACCURACY SAMPLES=2")
    client.close()
    wait_for_state(halted, "shutdown").close()


def test_the_module_samples_with_the_coil_where_contact_is_the_default(
    printer_sim: Starter, tmp_path: Path
) -> None:
    folder = printer_folder(tmp_path / "contact")
    config = folder / "printer.cfg"
    config.write_text(config.read_text().replace(BEACON, f"{BEACON}default_probe_method: contact\n"))
    here = with_model(printer_sim(str(folder), speed=40, options=("--extra", PLUGIN)))
    ended = program.run(tmp_path, "accuracy", "--samples", "5", "--printer", here.klippy)
    assert [sample["trigger_z"] for sample in ended.record["samples"]] == pytest.approx([2.0] * 5, abs=0.05)


QUICK = {
    "probe.thermal_lag": 20.0,
    "bed.growth_lag": 15.0,
    "frame.growth": 0.0,
    "heater_bed.capacity": 200.0,
}
"""A machine that is warm through within minutes."""
SHORT = ("--baseline", "1", "--soak", "2.5", "--back", "3", "--every", "15", "--touches", "3")


def shift_when_hot(printer: PrinterSim, warmth: float) -> float:
    """mm by which the reading of a bed that is warmer by so many °C is higher, at 2 mm over the cold bed. The bed grows
    towards the coil; the coil's frequency drifts, which its plugin takes for distance."""
    truth = printer.control.request("truth")["truth"]
    coil = truth["eddy"]
    cold = 2.0 + coil["height"]
    grown = truth["bed"]["growth"] * warmth
    rise = math.exp(-(cold - grown) / coil["decay"])
    rise += coil["drift"] * warmth / (coil["far"] * coil["gain"])
    return float(cold + coil["decay"] * math.log(rise))


def test_the_shift_with_temperature_is_what_coil_and_bed_make_of_it(
    printer: PrinterSim, tmp_path: Path
) -> None:
    client = printer.connect()
    client.gcode("TURN_OFF_HEATERS\nG28")
    client.close()
    before = {path: printer.control.request("truth", path=path)["value"] for path in QUICK}
    for path, value in QUICK.items():
        printer.control.request("set", path=path, value=value)
    running = program.start(
        tmp_path, "temperature", "--printer", printer.klippy, "--bed", "60", "--nozzle", "200", *SHORT
    )
    record = running.end(longest=300.0).record
    for path, value in before.items():
        printer.control.request("set", path=path, value=value)
    assert record["outcome"] == "finished", record["problem"]
    cold, hot = (
        [sample["bed"] for sample in record["samples"] if sample["place"] == phase]
        for phase in ("baseline", "nozzle")
    )
    truth = shift_when_hot(printer, statistics.fmean(hot) - statistics.fmean(cold))
    found = record["estimates"]["shift"]
    assert found["low"] <= truth <= found["high"], (truth, found)
    assert record["verdict"]["level"] == "warn", record["verdict"]
    client = wait_for_state(printer, "ready")
    assert [client.status(name)["target"] for name in ("heater_bed", "extruder")] == [0.0, 0.0]
    assert client.status("zcal")["lease"] is None
    client.close()
