"""Klipper's start with [zcal]: an invalid option is a configuration error, an unsupported Klipper is not."""

from pathlib import Path

import pytest

from tests.e2e.simulated import SimulatorStartError, Starter, wait_for_state
from tests.extra.rig import PROFILES, start_machine, write_config
from zcal_tui.printer.errors.explain import explain

HOSTILE = Path(__file__).parent / "hostile" / "unknown_klipper.py"


def unknown(folder: Path, options: str) -> Path:
    """A printer whose Klipper is not supported."""
    return write_config(
        folder, PROFILES / "voron", replace={"[printer]": f"[unknown_klipper]\n{options}\n\n[printer]"}
    )


@pytest.mark.parametrize(
    ("name", "capability", "command"),
    [
        ("probe", "probe", "ZCAL_PROBE"),
        ("homing", "motion", "ZCAL_PROBE_ACCURACY"),
        ("manual_probe", "manual", "ZCAL_PAPER_TEST"),
        ("idle_timeout", "settings", "ZCAL_STAGE SECTION=probe OPTION=z_offset VALUE=1"),
    ],
)
def test_what_this_klippy_does_not_have_is_said_and_keeps_nothing_from_starting(
    start: Starter, tmp_path: Path, name: str, capability: str, command: str
) -> None:
    machine = start_machine(start, unknown(tmp_path / "voron", f"replaced: {name}"), HOSTILE)
    reason = machine.status()["unavailable"][capability]
    assert "is not supported" in reason
    assert reason in machine.refused(command)
    assert machine.status()["state"] == "failed"
    machine.sim.stop()


def test_a_fault_within_a_command_is_an_error_and_no_shutdown(start: Starter, tmp_path: Path) -> None:
    machine = start_machine(start, unknown(tmp_path / "voron", "faulty: print_stats"), HOSTILE)
    reason = machine.refused("ZCAL_PROBE")
    assert "ZeroDivisionError" in reason and "klippy.log" in reason
    machine.eventually(lambda: "Traceback" in machine.sim.log)  # klippy logs in a separate thread
    machine.sim.stop()


def test_a_fault_within_a_leases_end_is_no_shutdown(start: Starter, tmp_path: Path) -> None:
    machine = start_machine(start, unknown(tmp_path / "voron", "faulty: bed_mesh"), HOSTILE)
    machine.client.call("zcal/lease", holder="test", seconds=1, hold={"heaters": {"heater_bed": 50.0}})
    machine.gcode("SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=50")
    machine.eventually(lambda: machine.status("heater_bed")["target"] == 0.0)
    assert machine.client.state() == "ready"
    machine.sim.stop()


@pytest.mark.parametrize("option", ["z_backlash: -1", "scan_height: x", "speed: nan", "max_samples: 0"])
def test_an_invalid_option_is_klippys_own_configuration_error(
    start: Starter, tmp_path: Path, option: str
) -> None:
    folder = write_config(tmp_path / "voron", PROFILES / "voron", zcal=option)
    sim = start(str(folder))
    client = wait_for_state(sim, "error", "ready")
    message = client.call("info")["state_message"]
    assert f"'{option.split(':')[0]}'" in message and "zcal" in message
    sim.stop()


def test_an_unknown_option_is_refused_before_klippy_starts(start: Starter, tmp_path: Path) -> None:
    folder = write_config(tmp_path / "voron", PROFILES / "voron", zcal="no_such_option: 1")
    with pytest.raises(SimulatorStartError, match=r"\[zcal\] no_such_option"):
        start(str(folder))


def test_an_unknown_option_is_klippys_own_error_after_a_restart(start: Starter, tmp_path: Path) -> None:
    sim = start(str(write_config(tmp_path / "voron", PROFILES / "voron")))
    text = sim.config.read_text()
    sim.config.write_text(text.replace("[zcal]\n", "[zcal]\nno_such_option: 1\n", 1))
    client = wait_for_state(sim, "ready")
    client.call("gcode/restart")
    client.close()
    client = wait_for_state(sim, "error")
    message = client.call("info")["state_message"]
    assert "Option 'no_such_option' is not valid in section 'zcal'" in message
    explanation = explain(message)
    assert "no_such_option" in explanation.what and "zcal" in explanation.what
    sim.config.write_text(text)
    client.call("gcode/restart")
    client.close()
    wait_for_state(sim, "ready").close()
    sim.stop()


def test_estimate_backlash_of_another_module_is_left_alone(start: Starter, tmp_path: Path) -> None:
    macro = "[gcode_macro ESTIMATE_BACKLASH]\ngcode:\n    RESPOND MSG=theirs\n"
    machine = start_machine(start, write_config(tmp_path / "voron", PROFILES / "voron", more=macro))
    assert "theirs" in machine.gcode("ESTIMATE_BACKLASH")
    assert "Home all axes first" in machine.refused("ZCAL_ESTIMATE_BACKLASH")
    machine.sim.stop()


@pytest.mark.parametrize("profile", ["bedslinger", "corexy", "delta"])
def test_it_probes_on_every_kind_of_printer(start: Starter, tmp_path: Path, profile: str) -> None:
    machine = start_machine(start, write_config(tmp_path / profile, PROFILES / profile))
    machine.gcode("G28\nG90\nZCAL_PROBE SAMPLES=1")
    assert machine.z() > 5.0, "also where it cannot go back to, such as the top of a delta"
    machine.gcode("G1 Z20 F600")
    reference = (0, 0) if profile == "delta" else (120, 120)
    machine.gcode(f"G1 X{reference[0]} Y{reference[1]} F6000\nZCAL_PROBE_ACCURACY SAMPLES=4")
    assert machine.result["trigger"]["n"] == 4
    assert machine.result["trigger"]["range"] < 0.2
    assert machine.z() >= 19.99
    machine.sim.stop()


def test_a_move_off_the_axis_is_refused_before_anything_moves(start: Starter, tmp_path: Path) -> None:
    low = {"position_max: 240": "position_max: 60"}
    machine = start_machine(start, write_config(tmp_path / "voron", PROFILES / "voron", replace=low))
    machine.gcode("G28\nATTACH_PROBE\nG1 Z15 F600\nG1 X100 Y100 F6000")
    before = machine.place()
    assert "outside the axis" in machine.refused("ZCAL_PROBE_ACCURACY SAMPLE_RETRACT_DIST=60")
    assert machine.place() == before
    machine.sim.stop()
