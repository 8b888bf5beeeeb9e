"""The check `backlash` with a distance sensor, from the command line."""

from pathlib import Path

import pytest

from campaigns import eddy as eddy_printer
from tests.e2e import klippers, program
from tests.e2e.simulated import Starter
from tests.extra.rig import start_machine

pytestmark = pytest.mark.usefixtures("scanning")


@pytest.mark.parametrize("backlash", [0.0, 0.03])
def test_a_scan_finds_the_truth_and_proposes_it(backlash: float, start: Starter, tmp_path: Path) -> None:
    folder = tmp_path / "eddy"
    folder.mkdir()
    truth = f"[drive.stepper_z]\nbacklash = {backlash}\n[eddy]\nnoise = 150.0\n"
    eddy_printer.write_profile(folder, klippers.root(), truth=truth, more="[zcal]")
    machine = start_machine(start, folder)
    ended = program.run(
        tmp_path / "data", "backlash", "--calibrate", "--save", "never", "--printer", machine.sim.klippy
    )
    record = ended.record
    assert record["outcome"] == "finished", record["problem"]
    assert {sample["kind"] for sample in record["samples"]} == {"scan"}
    found = record["estimates"]["backlash"]
    if backlash:
        assert found["low"] - 0.0005 <= backlash <= found["high"] + 0.0005
        assert float(record["changes"][0]["new"]) == pytest.approx(backlash, abs=0.004)
        assert record["changes"][0]["section"] == "zcal"
    else:
        assert found["low"] is None and 0.0 < found["high"] < 0.01
        assert record["changes"] == []
        assert record["verdict"]["level"] == "pass"
