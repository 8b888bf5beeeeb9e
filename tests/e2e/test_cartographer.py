"""The checks on a Cartographer scanner: the unmodified plugin, through the command line, as a user runs it."""

import re
from pathlib import Path

import pytest

from tests.e2e import klippers, program
from tests.e2e.configured import profile_without
from tests.e2e.simulated import PrinterSim, Starter
from zcal_tui.checks.backlash.plugin_calibration import AGREEMENT

pytestmark = pytest.mark.core

DRIVES = ("stepper_z", "stepper_z1", "stepper_z2")
WIDTH = 0.008
"""mm. The widest half of a backlash's 95 % interval that is accepted."""


@pytest.fixture(scope="module")
def printer(module_printer_sim: Starter, tmp_path_factory: pytest.TempPathFactory) -> PrinterSim:
    """One without the [zcal] module, for all tests that leave it as it was."""
    klippers.skip_without_cartographer()
    folder = profile_without(tmp_path_factory.mktemp("printer"), "cartographer", "zcal")
    return module_printer_sim(str(folder), speed=40)


def test_it_is_ready_and_its_limits_are_shown(printer: PrinterSim, tmp_path: Path) -> None:
    ended = program.run(tmp_path, "ready", "--printer", printer.klippy)
    reasons = " ".join(ended.record["verdict"]["reasons"])
    assert "CARTOGRAPHER_ESTIMATE_BACKLASH ITERATIONS=1 reports noise" in reasons
    assert "PROBE_ACCURACY refuses fewer than 3 samples." in reasons
    assert "[cartographer scan_model default] is the scanner's scan model." in reasons
    assert "Its age is unknown. Firmware simulated-1. Coil 23 °C. Made at 23 °C." in reasons
    assert "[cartographer touch_model default] is the scanner's touch model." in reasons


def test_its_repeatability_is_read_from_its_own_lines(printer: PrinterSim, tmp_path: Path) -> None:
    ended = program.run(tmp_path, "accuracy", "--samples", "7", "--homings", "0", "--printer", printer.klippy)
    assert ended.code in (0, 7), ended.errors
    samples = ended.record["samples"]
    assert [sample["n"] for sample in samples] == list(range(1, 8))
    assert [sample["trigger_z"] for sample in samples] == pytest.approx([2.0] * 7, abs=0.05)
    assert 0.0 < ended.record["estimates"]["sigma"]["value"] < 0.003


@pytest.mark.parametrize(("method", "height"), [("scan", 2.0), ("touch", 0.0)])
def test_each_method_is_measured_by_its_own_command(
    printer: PrinterSim, tmp_path: Path, method: str, height: float
) -> None:
    ended = program.run(
        tmp_path, "accuracy", "--method", method, "--samples", "5", "--printer", printer.klippy
    )
    assert ended.code in (0, 1, 7), ended.errors
    record = ended.record
    assert record["outcome"] == "finished", record["problem"]
    assert [sample["trigger_z"] for sample in record["samples"]] == pytest.approx([height] * 5, abs=0.12)


def test_both_methods_are_compared_in_one_run(printer: PrinterSim, tmp_path: Path) -> None:
    ended = program.run(tmp_path, "accuracy", "--compare-methods", "--printer", printer.klippy)
    record = ended.record
    assert record["outcome"] == "finished", record["problem"]
    assert [sample["place"] for sample in record["samples"][:6]] == ["scan"] * 3 + ["touch"] * 3
    assert {(sample["x"], sample["y"]) for sample in record["samples"] if sample["place"] == "scan"} == {
        (125, 104)
    }
    found = record["estimates"]["method_shift"]
    # The plugin's own z_offset of a touch model is -0.05
    assert 0.0 < found["low"] < found["value"] < found["high"] < 0.1


def test_a_method_that_the_probe_lacks_is_refused_by_name(printer: PrinterSim, tmp_path: Path) -> None:
    ended = program.run(tmp_path, "accuracy", "--method", "tap", "--printer", printer.klippy)
    assert ended.code == 3
    assert ended.record["problem"]["what"] == "[cartographer] has no method tap."
    assert "scan and touch" in ended.record["problem"]["cause"]


@pytest.mark.parametrize("option", [("--samples", "2"), ("--retract", "0.5")])
def test_what_its_command_refuses_is_refused_before_anything_moves(
    printer: PrinterSim, tmp_path: Path, option: tuple[str, str]
) -> None:
    ended = program.run(tmp_path, "accuracy", *option, "--printer", printer.klippy)
    assert ended.code == 3
    remedy = ended.record["problem"]["remedy"]
    assert remedy in ("Take at least three samples.", "Set SAMPLE_RETRACT_DIST to 1 or more.")


@pytest.mark.parametrize("delta", ["0.1", "1.5"])
def test_approaches_that_it_refuses_are_refused_before_anything_moves(
    printer: PrinterSim, tmp_path: Path, delta: str
) -> None:
    before = printer.report()["toolhead"]
    ended = program.run(tmp_path, "backlash", "--delta", delta, "--printer", printer.klippy)
    assert ended.code == 3
    assert "0.2 to 1 mm" in ended.record["problem"]["remedy"]
    assert printer.report()["toolhead"] == before


def test_the_whole_calibration_has_backlash_without_the_module(printer: PrinterSim, tmp_path: Path) -> None:
    """The plugin's own command measures it."""
    command = ("all", "--only", "backlash", "--save", "never", "--autopilot")
    control = ("--printer", printer.klippy, "--control", str(printer.ready["control"]))
    ended = program.start(tmp_path, *command, *control).end(longest=300.0)
    levels = {part["check"]: part["level"] for part in ended.record["parts"]}
    assert levels["backlash"] in ("pass", "warn"), ended.record


@pytest.mark.parametrize("truth", [0.0, 0.03])
def test_backlash_is_found_by_its_own_command(printer: PrinterSim, tmp_path: Path, truth: float) -> None:
    for drive in DRIVES:
        printer.control.request("set", path=f"drive.{drive}.backlash", value=truth)
    ended = program.run(
        tmp_path, "backlash", "--rounds", "3", "--x", "125", "--y", "104", "--printer", printer.klippy
    )
    record = ended.record
    assert record["outcome"] == "finished", record["problem"]
    if truth == 0.0:
        assert record["verdict"]["level"] == "pass", record["verdict"]
        assert 0.0 < record["estimates"]["backlash"]["high"] < 0.005
        return
    found = record["estimates"]["backlash"]
    assert found["low"] <= truth <= found["high"]
    assert (found["high"] - found["low"]) / 2 <= WIDTH
    assert [sample["values"]["backlash"] for sample in record["samples"]] == pytest.approx(
        [truth] * 3, abs=0.003
    )


def test_a_negative_estimate_of_the_plugin_is_explained(printer: PrinterSim, tmp_path: Path) -> None:
    """Drives that run ahead going up: the plugin's own arithmetic gives less than nothing, and it says so."""
    for drive in DRIVES:
        printer.control.request("set", path=f"drive.{drive}.backlash", value=-0.02)
    ended = program.run(
        tmp_path, "backlash", "--rounds", "3", "--x", "125", "--y", "104", "--printer", printer.klippy
    )
    record = ended.record
    assert record["outcome"] == "finished", record["problem"]
    assert [sample["values"]["backlash"] for sample in record["samples"]] == pytest.approx(
        [-0.02] * 3, abs=0.003
    )
    assert record["verdict"]["level"] == "unknown", record["verdict"]
    assert record["verdict"]["summary"].startswith("Backlash is negative at 125,104 (−")
    reasons = " ".join(record["verdict"]["reasons"])
    assert "Lost motion cannot be negative" in reasons
    assert "harmless" not in reasons
    assert re.search(r"Backlash of up to (19|20|21) µm is", reasons)
    assert "probe and its cable are firm" in record["advice"][0]


@pytest.fixture(scope="module")
def whole(module_printer_sim: Starter) -> PrinterSim:
    """One with the [zcal] module, for the tests that save."""
    klippers.skip_without_cartographer()
    return module_printer_sim("cartographer", speed=40)


def calibrate(printer: PrinterSim, folder: Path, *check: str) -> program.Ended:
    """Run a check as the simulated person would, and save what it proposes."""
    control = ("--printer", printer.klippy, "--autopilot", "--control", str(printer.ready["control"]))
    running = program.start(folder, *check, *control, "--save", "always")
    return running.end(longest=300.0)


def gap_at(printer: PrinterSim, z: float) -> float:
    """The true gap below the nozzle (mm) at this Z, after homing."""
    klippy = printer.connect()
    klippy.gcode(f"G28\nZ_TILT_ADJUST\nG28 Z\nG90\nG1 Z{z} F600")
    klippy.close()
    return float(printer.report()["gap"])


def test_the_offset_of_its_model_is_measured_and_saved(whole: PrinterSim, tmp_path: Path) -> None:
    """A nozzle that is 80 µm longer than when the model was made."""
    whole.control.request("set", path="eddy.height", value=2.68)
    ended = calibrate(whole, tmp_path, "z-offset")
    [change] = ended.record["changes"]
    assert (change["section"], change["option"]) == ("cartographer scan_model default", "z_offset")
    assert change["state"] == "saved"
    found = ended.record["estimates"]["z_offset"]
    assert found["low"] <= -0.08 <= found["high"]
    assert float(change["new"]) == pytest.approx(-0.08, abs=0.02)
    assert gap_at(whole, 2.0) == pytest.approx(2.0, abs=0.025)


def test_the_whole_calibration_reaches_its_end(whole: PrinterSim, tmp_path: Path) -> None:
    """With the nozzle as it was when the model was made: the offset saved by the test before is wrong now."""
    whole.control.request("set", path="eddy.height", value=2.6)
    ended = calibrate(whole, tmp_path, "all", "--skip", "temperature")
    record = ended.record
    assert record["outcome"] == "finished", record["problem"]
    levels = {part["check"]: part["level"] for part in record["parts"]}
    assert levels["accuracy"] == levels["probe-xy"] == levels["z-offset"] == "pass"
    assert levels["backlash"] == "warn"
    assert levels["first-layer"] in ("pass", "unknown")
    records = {event["check"]: event for event in ended.events if event["event"] == "record"}
    spots = records["backlash"]["estimates"]["backlash"]
    assert spots["low"] <= 0.03 <= spots["high"]
    assert gap_at(whole, 2.0) == pytest.approx(2.0, abs=0.025)


@pytest.mark.parametrize(
    ("calibration", "command", "option"),
    [
        ("touch", "CARTOGRAPHER_TOUCH_CALIBRATE", "threshold"),
        ("scan", "CARTOGRAPHER_SCAN_CALIBRATE", "coefficients"),
    ],
)
def test_the_plugins_own_calibration_is_guided_checked_and_saved(
    tmp_path: Path, calibration: str, command: str, option: str
) -> None:
    klippers.skip_without_cartographer()
    ended = program.run(
        tmp_path,
        *("--demo", "cartographer", "--sim-speed", "40", "--autopilot", "--save", "always"),
        *("z-offset", "--calibrate", calibration),
    )
    record = ended.record
    assert record["outcome"] == "finished", record["problem"]
    assert record["verdict"]["level"] == "pass", record["verdict"]
    assert command in record["verdict"]["summary"]
    model = f"cartographer {calibration}_model default"
    assert {change["section"] for change in record["changes"]} == {model}
    assert {change["state"] for change in record["changes"]} == {"saved"}
    assert option in {change["option"] for change in record["changes"]}
    verified = [sample for sample in record["samples"] if sample["kind"] == "verify"]
    assert len(verified) == 5
    lines = [event["text"] for event in ended.events if event["event"] == "stage"]
    assert any(f"{calibration.capitalize()} model 'default' has been saved" in line for line in lines)
    if calibration == "touch":
        assert any("The plugin reports: Screening 500: " in line for line in lines)
        tried = [(event["done"], event["total"]) for event in ended.events if event["event"] == "progress"]
        assert tried[0] == (0, 4500) and (4500, 4500) in tried


def test_a_calibration_is_compared_saved_and_read_back(tmp_path: Path) -> None:
    klippers.skip_without_cartographer()
    ended = program.run(
        tmp_path,
        *("--demo", "cartographer", "--sim-speed", "40", "--autopilot", "--save", "always"),
        *("backlash", "--calibrate"),
    )
    [change] = ended.record["changes"]
    assert (change["section"], change["option"], change["state"]) == ("cartographer", "z_backlash", "saved")
    assert float(change["old"]) == 0.05
    assert float(change["new"]) == pytest.approx(0.03, abs=0.002)
    found = ended.record["estimates"]["backlash"]["value"]
    assert float(change["new"]) == pytest.approx(found, abs=AGREEMENT)
