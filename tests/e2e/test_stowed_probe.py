"""A docked probe that hangs on the toolhead although commands fetch and stow it by themselves: the nozzle goes down
only once it is in its dock."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import program
from tests.e2e.simulated import PrinterSim, Starter

PROFILE = Path(__file__).parents[2] / "zcal_tui" / "sim" / "profiles" / "voron"
KLICKY = """
[gcode_macro PROBE_ACCURACY]
rename_existing: _PROBE_ACCURACY
variable_locked: False
gcode:
    ATTACH_PROBE
    _PROBE_ACCURACY {rawparams}
    {% if not locked %}
    DETACH_PROBE
    {% endif %}

[gcode_macro ATTACH_PROBE_LOCK]
gcode:
    ATTACH_PROBE
    SET_GCODE_VARIABLE MACRO=PROBE_ACCURACY VARIABLE=locked VALUE=True

[gcode_macro DOCK_PROBE_UNLOCK]
gcode:
    SET_GCODE_VARIABLE MACRO=PROBE_ACCURACY VARIABLE=locked VALUE=False
    DETACH_PROBE
"""
"""As printers with a Klicky probe have it: fetched for a command and stowed after it, unless it is locked."""


@pytest.fixture(scope="module")
def klicky(module_printer_sim: Starter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrinterSim]:
    profile = tmp_path_factory.mktemp("profile") / "voron"
    shutil.copytree(PROFILE, profile)
    config = profile / "printer.cfg"
    config.write_text(KLICKY + config.read_text())
    yield module_printer_sim(str(profile), speed=40.0)


@pytest.mark.parametrize(
    "arguments",
    [
        ("first-layer", "--calibrate", "no"),
        ("z-offset",),
        ("z-offset", "--what", "endstop"),
        ("probe-xy",),
        ("bias", "--rounds", "2", "--max-rounds", "2"),
        ("auto-z", "--tune", "--repeats", "2"),
    ],
    ids=" ".join,
)
def test_a_probe_that_hangs_on_the_toolhead_is_stowed_before_the_nozzle_goes_down(
    arguments: tuple[str, ...], klicky: PrinterSim, tmp_path: Path
) -> None:
    client = klicky.connect()
    client.gcode("G28\nATTACH_PROBE_LOCK")
    client.close()
    ended = program.run(
        tmp_path,
        *(*arguments, "--save", "never", "--printer", klicky.klippy),
        *("--autopilot", "--control", str(klicky.ready["control"])),
    )
    assert ended.code in (0, 1, 7), ended.errors
    assert klicky.report()["events"] == [], "nothing was pressed into the bed"
    assert ended.record["verdict"] is not None
