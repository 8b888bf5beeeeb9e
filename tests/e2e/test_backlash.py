"""The check `backlash` on the simulated machines, through the command line: what it finds is what is so."""

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import program
from tests.e2e.pace import slowly
from tests.e2e.simulated import PrinterSim, Starter, wait_for_state
from zcal_tui.results.store import read_run


def truths(printer: PrinterSim, path: str) -> float:
    value = printer.control.request("truth", path=path)["value"]
    return float(value)


def release_at(printer: PrinterSim, x: float, y: float, drives: dict[str, tuple[float, float]]) -> float:
    """How much is lost at a place that three drives carry: of each as much as its share of the plane."""
    (ax, ay), (bx, by), (cx, cy) = drives.values()
    whole = (by - cy) * (ax - cx) + (cx - bx) * (ay - cy)
    a = ((by - cy) * (x - cx) + (cx - bx) * (y - cy)) / whole
    b = ((cy - ay) * (x - cx) + (ax - cx) * (y - cy)) / whole
    shares = (a, b, 1.0 - a - b)
    return sum(
        share * truths(printer, f"drive.{name}.backlash") for share, name in zip(shares, drives, strict=True)
    )


VORON = {"stepper_z": (-50.0, 18.0), "stepper_z1": (125.0, 298.0), "stepper_z2": (300.0, 18.0)}
SPOTS = ((25.0, 30.0), (125.0, 225.0), (225.0, 30.0))


@pytest.fixture(scope="module")
def voron(module_printer_sim: Starter) -> PrinterSim:
    return module_printer_sim("voron")


def test_near_each_drive_with_the_switch_known_it_finds_the_truth(voron: PrinterSim, tmp_path: Path) -> None:
    hysteresis = truths(voron, "probe.hysteresis")
    ended = program.run(
        tmp_path, "backlash", "--switch-hysteresis", f"{hysteresis}", "--printer", voron.klippy
    )
    assert ended.code == 0, ended.errors
    record = ended.record
    assert {sample["place"] for sample in record["samples"]} == set(VORON)
    assert {sample["kind"] for sample in record["samples"]} == {"touch", "release"}
    for x, y in SPOTS:
        found = record["estimates"][f"backlash@{x:g},{y:g}"]
        true = release_at(voron, x, y, VORON)
        assert found["value"] == pytest.approx(true, abs=0.002)
        assert found["low"] - 0.0005 <= true <= found["high"] + 0.0005
    stages = [event["key"] for event in ended.events if event["event"] == "stage"]
    assert stages[0] == "home" and stages[-1] == "detach"
    assert voron.report()["probe"]["state"] == "docked"
    assert [sample["n"] for sample in ended.samples] == list(range(1, 121))


def test_a_drive_that_sags_is_named_though_the_switch_is_not_known(voron: PrinterSim, tmp_path: Path) -> None:
    before = truths(voron, "drive.stepper_z2.backlash")
    voron.control.request("set", path="drive.stepper_z2.backlash", value=0.09)
    try:
        ended = program.run(tmp_path, "backlash", "--iterations", "6", "--printer", voron.klippy)
    finally:
        voron.control.request("set", path="drive.stepper_z2.backlash", value=before)
    record = ended.record
    assert record["verdict"]["level"] == "warn"
    assert any(
        "stepper_z2 is" in reason and "above the mean of the others" in reason
        for reason in record["verdict"]["reasons"]
    )
    assert any("nearest to stepper_z2" in text for text in record["advice"])
    bound = record["estimates"]["backlash_upper_bound"]
    assert bound["value"] is None and bound["low"] is None and bound["high"] > 0.06


def test_here_is_where_the_toolhead_stands(voron: PrinterSim, tmp_path: Path) -> None:
    client = wait_for_state(voron, "ready")
    client.gcode("G28\nATTACH_PROBE\nG90\nG1 Z20 F900\nG1 X70 Y80 F9000")
    ended = program.run(
        tmp_path, "backlash", "--here", "--iterations", "2", "--printer", voron.klippy, "--attach", "none"
    )
    assert ended.record["outcome"] == "finished", ended.record["problem"]
    assert {(round(s["x"]), round(s["y"])) for s in ended.record["samples"]} == {(70, 80)}
    client.gcode("DETACH_PROBE")
    client.close()


def test_a_calibration_is_proposed_and_nothing_is_staged(voron: PrinterSim, tmp_path: Path) -> None:
    hysteresis = truths(voron, "probe.hysteresis")
    ended = program.run(
        tmp_path,
        "backlash",
        "--calibrate",
        "--switch-hysteresis",
        f"{hysteresis}",
        "--save",
        "never",
        "--printer",
        voron.klippy,
    )
    (change,) = ended.record["changes"]
    assert (change["section"], change["option"]) == ("zcal", "z_backlash")
    true = release_at(voron, 125.0, 125.0, VORON)
    assert float(change["new"]) == pytest.approx(true, abs=0.002)
    assert {(round(s["x"]), round(s["y"], 2)) for s in ended.record["samples"]} == {(125, 105.25)}
    client = wait_for_state(voron, "ready")
    assert client.status("configfile")["save_config_pending_items"] == {}
    client.close()


def test_a_calibration_is_refused_while_the_switch_is_not_known(voron: PrinterSim, tmp_path: Path) -> None:
    ended = program.run(tmp_path, "backlash", "--calibrate", "--printer", voron.klippy)
    assert ended.code == 3
    assert "switch_hysteresis" in ended.record["problem"]["remedy"]
    assert ended.record["samples"] == []


def test_a_cancel_ends_it_within_a_move_and_puts_everything_back(voron: PrinterSim, tmp_path: Path) -> None:
    running = program.start(tmp_path, "backlash", "--iterations", "50", "--printer", voron.klippy)
    running.until_samples(5)
    with slowly(voron):
        running.signal(signal.SIGINT)
        ended = running.end()
    assert ended.code == 5
    assert 5 <= len(ended.record["samples"]) < 40
    assert read_run(next(iter(tmp_path.rglob("*.jsonl")))).complete
    client = wait_for_state(voron, "ready")
    assert client.status("toolhead")["position"][2] >= 5.0
    client.close()
    assert voron.report()["probe"]["state"] == "docked"


@pytest.mark.parametrize("how", ["freeze", "crash", "kill_klippy"])
def test_a_printer_that_fails_in_the_middle(how: str, printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    running = program.start(tmp_path, "backlash", "--iterations", "50", "--printer", printer.klippy)
    running.until_samples(5)
    printer.control.request(how)
    ended = running.end()
    assert ended.code == 6
    assert ended.record["outcome"] in ("error", "lost")
    assert ended.record["problem"]["remedy"]
    assert len(ended.record["samples"]) >= 5


@pytest.mark.parametrize(("profile", "places"), [("corexy", 4), ("delta", 3)])
def test_between_places_the_switch_cancels(profile: str, places: int, tmp_path: Path) -> None:
    """An inductive sensor with much travel of its own, and a delta: nothing but the bound is affected."""
    ended = program.run(tmp_path, "--demo", profile, "--sim-speed", "20", "backlash")
    record = ended.record
    assert record["outcome"] == "finished", record["problem"]
    assert len({sample["place"] for sample in record["samples"]}) == places
    differences = [name for name in record["estimates"] if name.startswith("backlash_difference@")]
    assert len(differences) == places - 1
    spread = record["estimates"]["backlash_spread"]
    assert spread["high"] < 0.015
    if profile == "corexy":
        # 8, 11, 5 and 14 µm at the corners of the gantry, inwards of which the probe stays
        assert spread["low"] - 0.0005 <= 0.004 <= spread["high"] + 0.0005
        assert ended.code == 7


def test_a_grid_covers_the_bed(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    ended = program.run(tmp_path, "backlash", "--grid", "2", "--iterations", "2", "--printer", printer.klippy)
    beds: set[Any] = {(round(s["x"]), round(s["y"] + 25)) for s in ended.record["samples"]}
    assert beds == {(30, 35), (270, 35), (30, 270), (270, 270)}


def test_a_probe_that_retracts_is_refused_by_name(tmp_path: Path) -> None:
    ended = program.run(tmp_path, "--demo", "bedslinger", "--sim-speed", "20", "backlash")
    assert ended.code == 3
    problem = ended.record["problem"]
    assert problem["what"] == "The probe [bltouch] cannot show backlash."
    assert "no switch whose release could be measured" in problem["cause"]


def test_without_the_extra_it_says_how_to_install_it(printer_sim: Starter, tmp_path: Path) -> None:
    profile = Path(program.__file__).parents[2] / "zcal_tui" / "sim" / "profiles" / "corexy"
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "truth.toml").write_text((profile / "truth.toml").read_text())
    (folder / "printer.cfg").write_text((profile / "printer.cfg").read_text().replace("[zcal]\n", ""))
    printer = printer_sim(str(folder))
    ended = program.run(tmp_path / "data", "backlash", "--printer", printer.klippy)
    assert ended.code == 3
    assert "zcal-tui install" in ended.record["problem"]["remedy"]
