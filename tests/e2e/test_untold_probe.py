"""A docked probe that nothing can notice missing: every check that touches the bed with it refuses before it does."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import program
from tests.e2e.simulated import PrinterSim, Starter

PROFILE = Path(__file__).parents[2] / "zcal_tui" / "sim" / "profiles" / "voron"
WRAPPED = """
[gcode_macro PROBE_ACCURACY]
rename_existing: _PROBE_ACCURACY
gcode:
    ATTACH_PROBE
    _PROBE_ACCURACY {rawparams}
    DETACH_PROBE
"""
"""As printers with a Klicky probe have it."""
TOUCHING = {
    "accuracy": (),
    "z-offset": (),
    "probe-xy": (),
    "bias": (),
    "temperature": (),
    "backlash": (),
}


@pytest.fixture(scope="module")
def wired_open(module_printer_sim: Starter) -> Iterator[PrinterSim]:
    """A printer whose docked probe is wired normally open, so that its own macros take it for fetched."""
    printer = module_printer_sim("voron", speed=40.0)
    printer.control.request("set", path="probe.normally_open", value=True)
    yield printer


@pytest.mark.parametrize("check", TOUCHING)
def test_a_probe_wired_normally_open_is_refused_before_a_touch(
    check: str, wired_open: PrinterSim, tmp_path: Path
) -> None:
    ended = program.run(
        tmp_path,
        *(check, *TOUCHING[check], "--printer", wired_open.klippy),
        *("--autopilot", "--control", str(wired_open.ready["control"])),
    )
    assert ended.samples == []
    assert ended.code not in (0, 1)
    problem = ended.record["problem"]
    assert "reads open both after ATTACH_PROBE and after DETACH_PROBE" in problem["what"]
    assert "normally open" in problem["cause"]
    report = wired_open.report()
    assert report["events"] == [], "nothing was touched"
    assert report["toolhead"][2] > 5.0


def test_a_macro_that_fetches_it_for_probe_accuracy_is_looked_behind(
    printer_sim: Starter, tmp_path: Path
) -> None:
    profile = tmp_path / "wrapped"
    shutil.copytree(PROFILE, profile)
    config = profile / "printer.cfg"
    config.write_text(WRAPPED + config.read_text())
    printer = printer_sim(str(profile), speed=40.0)
    arguments = ("accuracy", "--samples", "4", "--printer", printer.klippy)
    fine = program.run(tmp_path / "data", *arguments)
    assert fine.code == 0, fine.errors
    assert len(fine.samples) == 4
    printer.control.request("set", path="probe.normally_open", value=True)
    ended = program.run(tmp_path / "data", *arguments)
    assert ended.samples == []
    assert "reads open both after ATTACH_PROBE and after DETACH_PROBE" in ended.record["problem"]["what"]
    assert printer.report()["events"] == []
