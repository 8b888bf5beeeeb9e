"""ZCAL_PAPER_TEST and ZCAL_STAGE in a real klippy."""

from pathlib import Path

import pytest

from tests.e2e.simulated import Starter
from tests.extra.rig import PROFILES, Machine, start_machine, write_config


@pytest.fixture
def opened(voron: Machine) -> Machine:
    """A paper test that was just opened 5 mm above the bed."""
    voron.gcode("G1 Z5 F600\nZCAL_PAPER_TEST")
    assert voron.status()["state"] == "waiting"
    return voron


def staged(machine: Machine) -> object:
    return machine.status("configfile")["save_config_pending_items"]


def test_an_accepted_height_is_published_and_nothing_is_staged(opened: Machine) -> None:
    before = staged(opened)
    opened.gcode("TESTZ Z=-1.5")
    said = opened.gcode("ACCEPT")
    status = opened.status()
    assert status["state"] == "done"
    assert status["result"]["outcome"] == "accepted"
    assert status["result"]["height"] == pytest.approx(3.5, abs=0.002)
    assert staged(opened) == before
    assert "Nothing was staged" in said


def test_an_abort_is_distinguished_from_a_failure(opened: Machine) -> None:
    opened.gcode("TESTZ Z=-1\nABORT")
    assert opened.status()["state"] == "cancelled"
    assert opened.result["outcome"] == "aborted"
    opened.gcode("G1 Z5 F600\nZCAL_PAPER_TEST\nACCEPT")
    assert opened.status()["state"] == "failed"
    assert opened.result == {"outcome": "failed", "height": None, "x": 125.0, "y": 120.0}


def test_a_height_that_cannot_be_gone_to_ends_it_as_failed(opened: Machine) -> None:
    assert "out of range" in opened.refused("TESTZ Z=-50")
    assert opened.status()["state"] == "failed"
    opened.gcode("G1 Z15 F600\nZCAL_PROBE SAMPLES=1")


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_no_distance_does_not_end_it(opened: Machine, text: str) -> None:
    assert "is not a distance" in opened.refused(f"TESTZ Z={text}")
    assert opened.status("manual_probe")["is_active"]
    opened.gcode("ABORT")


def test_other_commands_wait_for_its_end(opened: Machine) -> None:
    assert "ACCEPT or ABORT" in opened.refused("ZCAL_PROBE")
    assert "ACCEPT or ABORT" in opened.refused("ZCAL_PAPER_TEST")
    opened.gcode("ABORT\nG1 Z15 F600\nZCAL_PROBE SAMPLES=1")


def test_a_cancel_ends_it_and_lifts_the_nozzle(opened: Machine) -> None:
    opened.gcode("TESTZ Z=-4")
    assert opened.client.call("zcal/cancel")["cancelled"]
    opened.eventually(lambda: opened.status()["state"] == "cancelled" and opened.z() > 10.0)
    assert not opened.status("manual_probe")["is_active"]
    assert "zcal/cancel" in opened.status()["error"]


def test_a_manual_probe_of_another_client_is_left_alone(voron: Machine) -> None:
    voron.gcode("G1 Z5 F600\nMANUAL_PROBE")
    assert "A manual probe is open" in voron.refused("ZCAL_PAPER_TEST")
    assert "A manual probe is open" in voron.refused("ZCAL_PROBE")
    assert voron.client.call("zcal/cancel") == {"cancelled": False, "command": None}
    voron.client.call("zcal/lease", holder="test", seconds=1)
    voron.eventually(lambda: voron.status()["lease"] is None)
    voron.gcode("M400")
    assert voron.status("manual_probe")["is_active"]
    voron.gcode("ABORT")


@pytest.mark.parametrize(
    ("section", "option", "value", "written"),
    [
        ("probe", "z_offset", "6.12345", "6.123"),
        ("probe", "x_offset", "-1.5", "-1.500"),
        ("stepper_z", "position_endstop", "0.4567", "0.457"),
        ("z_calibration", "switch_offset", "0.45678", "0.457"),
        ("zcal", "z_backlash", "0.0123456", "0.01235"),
    ],
)
def test_known_values_are_staged(voron: Machine, section: str, option: str, value: str, written: str) -> None:
    voron.gcode(f"ZCAL_STAGE SECTION={section} OPTION={option} VALUE={value}")
    pending = voron.status("configfile")["save_config_pending_items"]
    assert pending[section][option] == written


@pytest.mark.parametrize(
    "words",
    [
        "SECTION=probe OPTION=speed VALUE=1",
        "SECTION=extruder OPTION=z_offset VALUE=1",
        "SECTION=bed_mesh OPTION=switch_offset VALUE=1",
        "SECTION=probe OPTION=z_offset VALUE=nan",
        "SECTION=probe OPTION=z_offset VALUE=1000",
        "SECTION=probe OPTION=z_offset",
        "OPTION=z_offset VALUE=1",
        "",
    ],
)
def test_nothing_else_is(voron: Machine, words: str) -> None:
    before = staged(voron)
    voron.refused(f"ZCAL_STAGE {words}")
    assert staged(voron) == before


@pytest.mark.parametrize("name", ["ACCEPT", "NEXT", "TESTZ"])
def test_a_macro_by_the_name_of_one_of_its_commands_refuses_it(
    name: str, start: Starter, tmp_path: Path
) -> None:
    """Left half open, it would respond to ACCEPT and shut Klipper down."""
    macro = f"[gcode_macro {name}]\ngcode:\n    M117 mine"
    machine = start_machine(start, write_config(tmp_path / "corexy", PROFILES / "corexy", more=macro))
    machine.gcode("G28")
    assert f"a macro of this printer is named {name}," in machine.refused("ZCAL_PAPER_TEST")
    assert not machine.status("manual_probe")["is_active"]
    assert machine.status()["state"] == "failed"
    for command in ("ACCEPT", "NEXT", "ABORT"):
        said = machine.gcode(command)
        assert command == name or "Unknown command" in said
    assert machine.client.state() == "ready"


def test_one_that_is_cancelled_while_it_opens_does_not_stay_open(voron: Machine) -> None:
    with voron.meanwhile("G1 Z15 F900\nG1 Z3 F12\nZCAL_PAPER_TEST TAG=opening") as errors:
        voron.eventually(lambda: voron.status()["state"] == "running")
        voron.client.call("zcal/cancel", tag="opening")
    voron.gcode("M400")
    assert not voron.status("manual_probe")["is_active"]
    assert voron.status()["state"] == "cancelled"
    assert voron.z() >= 3.0
    assert "cancelled" in "".join(errors)


def test_what_opened_a_manual_probe_is_reported(voron: Machine) -> None:
    def opener() -> dict[str, object]:
        found: dict[str, object] = voron.client.call("zcal/manual_probe")["open"]
        return found

    assert voron.client.call("zcal/manual_probe") == {"open": None}
    voron.gcode("G1 Z5 F600\nZCAL_PAPER_TEST")
    assert str(opener()["module"]).endswith("zcal.host.manual")
    voron.gcode("ABORT\nMANUAL_PROBE")
    assert str(opener()["function"]).endswith("manual_probe_finalize")
    voron.gcode("ABORT\nZ_ENDSTOP_CALIBRATE")
    assert str(opener()["function"]).endswith("z_endstop_finalize")
    voron.gcode("ABORT\nBED_MESH_CALIBRATE METHOD=manual PROBE_COUNT=3,3")
    assert str(opener()["module"]).endswith("bed_mesh")
    assert (opener()["point"], opener()["points"]) == (1, 9)
    voron.gcode("TESTZ Z=-1\nACCEPT")
    assert (opener()["point"], opener()["points"]) == (2, 9)
    voron.gcode("ABORT")
    assert voron.client.call("zcal/manual_probe") == {"open": None}
