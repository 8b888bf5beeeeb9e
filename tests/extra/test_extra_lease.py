"""The lease in a real klippy: what a dead client has left is restored, and nothing else.

Klippy's seconds are twenty a second here: a lease lasts until the test lets it run out, however slow the computer is.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.simulated import KlippyError
from tests.extra.rig import Machine

LONG = 600
"""Seconds of klippy's that no test takes."""


def lease(machine: Machine, **parameters: Any) -> dict[str, Any]:
    return machine.client.call("zcal/lease", **{"holder": "test", "seconds": LONG, **parameters})


def run_out(machine: Machine) -> None:
    """Have the lease run out in a second: its holder does not respond again."""
    lease(machine, seconds=1)


def expired(machine: Machine) -> None:
    """Wait until the lease has expired and the cleanup is over, then check that commands run."""
    machine.eventually(lambda: machine.status()["lease"] is None)
    machine.gcode("M400")
    machine.eventually(lambda: machine.status()["state"] not in ("running", "waiting"))
    machine.gcode("G1 X120 F6000\nZCAL_PROBE SAMPLES=1")


def target(machine: Machine, heater: str) -> float:
    return float(machine.status(heater)["target"])


def test_raised_heaters_are_restored(voron: Machine) -> None:
    voron.gcode("SET_HEATER_TEMPERATURE HEATER=extruder TARGET=50")
    lease(voron, hold={"heaters": {"heater_bed": 60.0, "extruder": 150.0}})
    voron.gcode("SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=60")
    voron.gcode("SET_HEATER_TEMPERATURE HEATER=extruder TARGET=150")
    assert (target(voron, "heater_bed"), target(voron, "extruder")) == (60.0, 150.0)
    run_out(voron)
    expired(voron)
    assert (target(voron, "heater_bed"), target(voron, "extruder")) == (0.0, 50.0)


def test_heat_does_not_wait_for_a_command_that_holds_the_queue(voron: Machine) -> None:
    lease(voron, hold={"heaters": {"heater_bed": 70.0}})
    voron.gcode("SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=70")
    with voron.meanwhile("G4 P240000"):
        voron.eventually(lambda: waits(voron))
        run_out(voron)
        voron.eventually(lambda: target(voron, "heater_bed") < 69.0)
        assert target(voron, "heater_bed") <= float(voron.status("heater_bed")["temperature"]) + 1.0
        voron.eventually(lambda: target(voron, "heater_bed") == 0.0, 40.0)
        assert waits(voron)


def waits(machine: Machine) -> bool:
    """Whether a dwell still holds the queue."""
    toolhead = machine.status("toolhead")
    return bool(toolhead["print_time"] > toolhead["estimated_print_time"] + 2.0)


def test_a_command_that_waits_for_a_heater_comes_to_its_end(voron: Machine) -> None:
    """It would wait forever for a heater that is off, and nothing else could ever run."""
    lease(voron, hold={"heaters": {"extruder": 150.0}})
    with voron.meanwhile("M109 S150") as errors:
        voron.eventually(lambda: target(voron, "extruder") == 150.0)
        run_out(voron)
        voron.eventually(lambda: voron.status()["lease"] is None)
    assert errors == []
    voron.eventually(lambda: target(voron, "extruder") == 0.0, 40.0)
    lease_is_free(voron)


def lease_is_free(machine: Machine) -> None:
    """Wait until everything is restored, so the lease can be taken again."""

    def taken() -> bool:
        try:
            lease(machine)
        except KlippyError:
            return False
        return True

    machine.eventually(taken, 40.0)
    lease(machine, action="end")


def begin_print(machine: Machine, text: str) -> None:
    folder = Path(machine.status("configfile")["settings"]["virtual_sdcard"]["path"])
    folder.mkdir(exist_ok=True)
    (folder / "lease.gcode").write_text(text)
    machine.gcode("SDCARD_PRINT_FILE FILENAME=lease.gcode")


def test_during_a_print_nothing_is_restored(voron: Machine) -> None:
    """Heights and temperatures must not change, even if the print itself has set the same values."""
    voron.gcode("SET_GCODE_OFFSET Z=-0.3 MOVE=0")
    lease(voron, hold={"gcode_offset": [0.0, 0.0, 0.0], "heaters": {"heater_bed": 40.0}})
    voron.gcode("SET_GCODE_OFFSET Z=0 MOVE=0\nSET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=40")
    begin_print(voron, "SET_GCODE_OFFSET Z=0\nM140 S40\n" + "G4 P200\n" * 20000)
    run_out(voron)
    voron.eventually(lambda: voron.status()["lease"] is None)
    voron.gcode("M400")
    assert voron.status("gcode_move")["homing_origin"][2] == 0.0
    assert target(voron, "heater_bed") == 40.0
    with pytest.raises(KlippyError, match="when the print is over"):
        lease(voron)
    voron.gcode("PAUSE\nCANCEL_PRINT")
    voron.eventually(lambda: voron.status("gcode_move")["homing_origin"][2] == -0.3, 40.0)
    voron.eventually(lambda: target(voron, "heater_bed") == 0.0)
    lease_is_free(voron)
    voron.gcode("SET_GCODE_OFFSET Z=0 MOVE=0")


def test_a_paper_test_is_ended_without_a_move_under_a_print(voron: Machine) -> None:
    lease(voron)
    voron.gcode("G1 Z5 F600\nZCAL_PAPER_TEST\nTESTZ Z=-2")
    begin_print(voron, "G4 P200\n" * 20000)
    before = voron.z()
    run_out(voron)
    voron.eventually(lambda: not voron.status("manual_probe")["is_active"])
    voron.gcode("M400")
    assert voron.z() == before, "what follows would be printed in the air"
    assert voron.status()["state"] == "cancelled"
    voron.gcode("PAUSE\nCANCEL_PRINT")
    lease_is_free(voron)


def test_what_was_queued_before_the_end_of_a_lease_does_not_begin_after_it(voron: Machine) -> None:
    # Five seconds for the commands to be queued before the lease ends: what waits for its turn cannot be seen
    lease(voron, seconds=100, hold={"heaters": {"heater_bed": 55.0}})
    with (
        voron.meanwhile("G4 P200000"),
        voron.meanwhile("SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=55"),
        voron.meanwhile("ZCAL_PAPER_TEST") as refused,
    ):
        voron.eventually(lambda: voron.status()["lease"] is None)
    assert "[zcal] is cleaning up" in "".join(refused)
    assert not voron.status("manual_probe")["is_active"]
    lease_is_free(voron)
    assert target(voron, "heater_bed") == 0.0


def test_a_heater_is_ours_at_every_value_we_gave_it(voron: Machine) -> None:
    """The client may die between announcing a change and making it."""
    lease(voron, hold={"heaters": {"heater_bed": 40.0}})
    voron.gcode("SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=40")
    lease(voron, hold={"heaters": {"heater_bed": 60.0}})
    run_out(voron)
    expired(voron)
    assert target(voron, "heater_bed") == 0.0


def test_a_low_nozzle_is_lifted(voron: Machine) -> None:
    """The client has died between two moves, with the nozzle close to the bed."""
    lease(voron)
    voron.gcode("G1 Z0.5 F600")
    run_out(voron)
    voron.eventually(lambda: voron.status()["lease"] is None)
    voron.eventually(lambda: voron.z() >= 9.9)


def test_a_nozzle_is_not_lifted_while_a_manual_probe_is_open(voron: Machine) -> None:
    lease(voron)
    voron.gcode("G1 Z5 F600\nMANUAL_PROBE\nTESTZ Z=-4")
    run_out(voron)
    voron.eventually(lambda: voron.status()["lease"] is None)
    voron.gcode("M400")
    assert voron.status("manual_probe")["is_active"]
    assert voron.z() < 2.0
    voron.gcode("ABORT")


def test_during_a_paper_test_it_is_aborted_and_the_nozzle_lifted(voron: Machine) -> None:
    lease(voron)
    voron.gcode("G1 Z5 F600\nZCAL_PAPER_TEST\nTESTZ Z=-4")
    run_out(voron)
    voron.eventually(lambda: voron.status()["lease"] is None and voron.z() > 10.0)
    assert not voron.status("manual_probe")["is_active"]
    assert voron.result["outcome"] == "aborted"
    assert "has not responded" in voron.status()["error"]
    expired(voron)


def test_during_a_series_it_ends_above_the_bed(voron: Machine) -> None:
    lease(voron)
    with voron.meanwhile("ZCAL_PROBE_ACCURACY SAMPLES=500") as errors:
        voron.eventually(lambda: voron.status()["state"] == "running" and voron.status()["count"] >= 1)
        run_out(voron)
    assert "has not responded" in errors[0]
    assert voron.z() == pytest.approx(15.0, abs=0.01)
    expired(voron)


def test_everything_held_is_restored(voron: Machine) -> None:
    voron.gcode("BED_MESH_CALIBRATE")
    mesh = voron.status("bed_mesh")
    limits = voron.status("toolhead")
    voron.gcode("SET_GCODE_OFFSET Z=0.15\nG1 Z15 F600")
    lease(
        voron,
        hold={
            "gcode_offset": [0.0, 0.0, 0.0],
            "mesh": True,
            "idle_timeout": 7200.0,
            "velocity_limits": {"max_accel": 500.0, "max_velocity": 50.0},
            "speed_factor": 0.5,
        },
    )
    voron.gcode(
        "SET_GCODE_OFFSET Z=0\nBED_MESH_CLEAR\nSET_IDLE_TIMEOUT TIMEOUT=7200\n"
        "SET_VELOCITY_LIMIT ACCEL=500 VELOCITY=50\nM220 S50"
    )
    assert voron.status("bed_mesh")["profile_name"] == ""
    run_out(voron)
    expired(voron)
    assert voron.status("gcode_move")["homing_origin"][2] == pytest.approx(0.15)
    assert voron.status("gcode_move")["speed_factor"] == pytest.approx(1.0)
    assert voron.status("bed_mesh")["mesh_matrix"] == mesh["mesh_matrix"]
    now = voron.status("toolhead")
    assert (now["max_accel"], now["max_velocity"]) == (limits["max_accel"], limits["max_velocity"])
    voron.gcode("BED_MESH_CLEAR")


def test_a_setting_that_someone_else_has_changed_is_left_alone(voron: Machine) -> None:
    lease(voron, hold={"heaters": {"heater_bed": 60.0}, "gcode_offset": [0.0, 0.0, 0.1], "speed_factor": 0.5})
    voron.gcode("SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=60\nSET_GCODE_OFFSET Z=0.1\nM220 S50")
    voron.gcode("SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=65\nSET_GCODE_OFFSET Z=0.2\nM220 S80")
    run_out(voron)
    expired(voron)
    assert target(voron, "heater_bed") == 65.0
    assert voron.status("gcode_move")["homing_origin"][2] == pytest.approx(0.2)
    assert voron.status("gcode_move")["speed_factor"] == pytest.approx(0.8)
    voron.gcode("M220 S100")


def test_the_console_reports_what_was_done(voron: Machine) -> None:
    lease(voron, hold={"heaters": {"heater_bed": 60.0}})
    voron.gcode("SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=60")
    voron.client.console.clear()
    run_out(voron)
    report = "Cleaned up: "

    def said() -> bool:
        voron.status()
        return any(report in line for line in voron.client.console)

    voron.eventually(said)
    (line,) = [line for line in voron.client.console if report in line]
    assert "test has not responded for 1 s" in line
    assert "heaters heater_bed is restored to 0" in line


def test_renewing_keeps_it_and_ending_it_changes_nothing(voron: Machine) -> None:
    # Each time there are two seconds on the tester's clock left to renew it
    lease(voron, seconds=80, hold={"heaters": {"heater_bed": 60.0}})
    voron.gcode("SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=60")
    for _ in range(3):
        voron.gcode("G4 P40000")
        assert lease(voron, seconds=80)["holds"] == ["heaters heater_bed"]
    assert target(voron, "heater_bed") == 60.0
    assert lease(voron, action="end") == {"holder": None, "seconds": 0.0, "holds": []}
    voron.gcode("G4 P90000")
    assert target(voron, "heater_bed") == 60.0


def test_restoring_is_done_at_once_on_request(voron: Machine) -> None:
    lease(voron, hold={"heaters": {"heater_bed": 60.0}})
    voron.gcode("SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=60")
    lease(voron, action="restore")
    assert target(voron, "heater_bed") == 0.0
    expired(voron)


def test_one_client_at_a_time(voron: Machine) -> None:
    lease(voron)
    with pytest.raises(KlippyError, match="test holds the lease"):
        voron.client.call("zcal/lease", holder="other")
    lease(voron, action="end")
    voron.client.call("zcal/lease", holder="other")
    voron.client.call("zcal/lease", holder="other", action="end")


@pytest.mark.parametrize(
    "parameters",
    [
        {"holder": ""},
        {"holder": 5},
        {"holder": "cut \udcff off"},
        {"holder": "x" * 201},
        {"holder": "red \x1b[31m"},
        {"holder": "two\nlines"},
        {"process": {"name": "x" * 200}},
        {"process": {"name": "\u202egro.rb"}},
        {"process": {str(n): n for n in range(50)}},
        {"seconds": 0},
        {"seconds": -1},
        {"seconds": 1e9},
        {"seconds": "x"},
        {"seconds": True},
        {"action": "x"},
        {"action": "end"},
        {"hold": []},
        {"hold": {"x": 1}},
        {"hold": {"heaters": {"oven": 60}}},
        {"hold": {"heaters": {"heater_bed": "hot"}}},
        {"hold": {"heaters": 5}},
        {"hold": {"gcode_offset": [1, 2]}},
        {"hold": {"gcode_offset": [1, 2, None]}},
        {"hold": {"mesh": 1}},
        {"hold": {"velocity_limits": {"max_jerk": 1}}},
        {"hold": {"idle_timeout": None}},
    ],
)
def test_what_makes_no_sense_is_refused_and_holds_nothing(voron: Machine, parameters: dict[str, Any]) -> None:
    with pytest.raises(KlippyError):
        lease(voron, **parameters)
    assert voron.status()["lease"] is None
    assert voron.client.state() == "ready"


def test_the_lease_shows_since_when_it_is_held(voron: Machine) -> None:
    lease(voron)
    first = voron.status()["lease"]
    voron.gcode("G4 P1000")
    lease(voron)
    renewed = voron.status()["lease"]
    assert renewed["since"] == first["since"] <= first["until"] - LONG + 1e-6
    assert renewed["until"] > first["until"]
    lease(voron, action="end")
    lease(voron)
    assert voron.status()["lease"]["since"] > first["since"]


def test_a_holder_that_another_program_knows_to_be_dead_is_cleaned_up_behind_at_once(voron: Machine) -> None:
    me = {"pid": 4711, "began": "12", "unknown": {"seconds": 0}}  # shown as given, never acted on
    lease(voron, process=me, hold={"heaters": {"heater_bed": 60.0}, "gcode_offset": [0, 0, 0.2]})
    assert voron.status()["lease"]["process"] == me
    voron.gcode("SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=60\nSET_GCODE_OFFSET Z=0.2\nG1 Z0.5 F600")
    voron.client.call("zcal/lease", holder="other", action="take_over", instead_of="test")
    assert target(voron, "heater_bed") == 0.0
    voron.eventually(lambda: voron.z() >= 9.9)
    expired(voron)
    assert voron.status("gcode_move")["homing_origin"][2] == 0.0
    voron.client.call("zcal/lease", holder="other")
    assert voron.status()["lease"]["process"] is None
    voron.client.call("zcal/lease", holder="other", action="end")


def test_the_lease_is_refused_until_everything_is_restored(voron: Machine) -> None:
    lease(voron)
    with voron.meanwhile("G4 P100000\nM400"):
        voron.eventually(lambda: waits(voron))
        voron.client.call("zcal/lease", holder="other", action="take_over", instead_of="test")
        with pytest.raises(KlippyError, match="still cleaning up"):
            voron.client.call("zcal/lease", holder="other")
    voron.gcode("M400")
    voron.client.call("zcal/lease", holder="other")
    voron.client.call("zcal/lease", holder="other", action="end")


@pytest.mark.parametrize("instead_of", ["", "somebody", "test", 5])
def test_no_lease_is_taken_over_by_mistake(voron: Machine, instead_of: object) -> None:
    lease(voron)
    with pytest.raises(KlippyError):
        lease(voron, action="take_over", instead_of=instead_of)
    assert voron.status()["lease"]["holder"] == "test"
    lease(voron, action="end")
    with pytest.raises(KlippyError):
        voron.client.call("zcal/lease", holder="other", action="take_over", instead_of="test")
