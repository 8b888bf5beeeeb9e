"""ZCAL_PROBE and ZCAL_PROBE_ACCURACY in a real klippy."""

import json
import statistics

import pytest

from tests.e2e.simulated import KlippyError
from tests.extra.rig import Machine


def test_a_series_publishes_every_sample_in_both_frames(voron: Machine) -> None:
    said = voron.gcode("ZCAL_PROBE_ACCURACY SAMPLES=6")
    samples = voron.samples()
    assert [sample["n"] for sample in samples] == [1, 2, 3, 4, 5, 6]
    for sample in samples:
        assert sample["trigger_z"] - sample["bed_z"] == pytest.approx(6.4, abs=1e-6)
        assert (sample["x"], sample["y"]) == pytest.approx((125.0, 120.0), abs=1e-3)
        assert sample["direction"] == "down"
        assert sample["bed"] == pytest.approx(23.0, abs=1.0)
        assert set(sample["skew"]) == {"stepper_z", "stepper_z1", "stepper_z2"}
    assert [sample["t"] for sample in samples] == sorted(sample["t"] for sample in samples)
    heights = [sample["trigger_z"] for sample in samples]
    found = voron.result["trigger"]
    assert found["n"] == 6
    assert found["mean"] == pytest.approx(statistics.mean(heights), abs=1e-6)
    assert found["sigma"] == pytest.approx(statistics.stdev(heights), abs=1e-6)
    assert "6 samples" in said and "standard deviation" in said


def test_its_heights_are_klippers_own(voron: Machine) -> None:
    voron.gcode("ZCAL_PROBE SAMPLES=1")
    ours = voron.result["bed_z"]
    voron.gcode("PROBE SAMPLES=1")
    probe = voron.status("probe")
    position = probe.get("last_probe_position")
    theirs = probe["last_z_result"] - 6.4 if position is None else position[2]
    assert ours == pytest.approx(theirs, abs=0.02)


def test_a_dropped_first_sample_is_published_but_not_counted(voron: Machine) -> None:
    voron.gcode("ZCAL_PROBE_ACCURACY SAMPLES=4 DROP_FIRST=1")
    assert [sample["dropped"] for sample in voron.samples()] == [True, False, False, False, False]
    assert voron.result["dropped"] == 1
    assert voron.result["trigger"]["n"] == 4


def test_a_series_ends_at_the_precision_asked_for_or_at_the_cap(voron: Machine) -> None:
    voron.gcode("ZCAL_PROBE_ACCURACY SAMPLES=3 PRECISION=0.02")
    assert voron.result["stopped"] == "precision"
    assert voron.result["nozzle"]["half_width"] <= 0.02
    voron.gcode("ZCAL_PROBE_ACCURACY SAMPLES=3 PRECISION=0.00001 MAX_SAMPLES=5")
    assert voron.result["stopped"] == "cap"
    assert voron.result["trigger"]["n"] == 5


def test_the_toolhead_is_back_where_it_began_and_samples_can_be_asked_for_in_part(voron: Machine) -> None:
    voron.gcode("ZCAL_PROBE_ACCURACY SAMPLES=12")
    assert voron.place() == pytest.approx([125.0, 120.0, 15.0], abs=0.01)
    status = voron.status()
    assert status["state"] == "done" and status["count"] == 12
    assert [sample["n"] for sample in status["recent"]] == list(range(5, 13))
    found = voron.client.call("zcal/samples", run=status["run"], since=9)["samples"]
    assert [sample["n"] for sample in found] == [10, 11, 12]
    json.dumps(status, allow_nan=False)


def test_probe_takes_samples_again_until_they_agree(voron: Machine) -> None:
    assert "differ" in voron.refused("ZCAL_PROBE SAMPLES=10 SAMPLES_TOLERANCE=0 SAMPLES_TOLERANCE_RETRIES=0")
    assert voron.status()["state"] == "failed"
    voron.gcode("ZCAL_PROBE SAMPLES=3 SAMPLES_TOLERANCE=0.1 SAMPLES_RESULT=average")
    assert voron.result["samples_result"] == "average"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("ZCAL_PROBE_ACCURACY SAMPLE_RETRACT_DIST=100.5", "SAMPLE_RETRACT_DIST"),
        ("ZCAL_PROBE_ACCURACY SAMPLES=0", "SAMPLES"),
        ("ZCAL_PROBE_ACCURACY SAMPLES=9 MAX_SAMPLES=3", "MAX_SAMPLES"),
        ("ZCAL_PROBE PROBE_SPEED=nan", "PROBE_SPEED"),
        ("ZCAL_PROBE METHOD=tap", "METHOD"),
        ("ZCAL_PROBE SAMPEL=2", "Did you mean"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_moves(
    voron: Machine, script: str, reason: str
) -> None:
    before = voron.place()
    assert reason in voron.refused(script)
    assert voron.place() == before


def test_a_probe_that_is_not_attached_is_refused_before_anything_moves(voron: Machine) -> None:
    voron.sim.control.request("detach_probe")
    try:
        before = voron.place()
        reason = voron.refused("ZCAL_PROBE_ACCURACY")
        assert "is already triggered" in reason and "Attach it" in reason
        assert voron.place() == before
    finally:
        voron.sim.control.request("attach_probe")


def test_nothing_moves_before_homing(voron: Machine) -> None:
    voron.gcode("M84")
    try:
        assert "Home all axes first" in voron.refused("ZCAL_PROBE")
        assert "Home all axes first" in voron.refused("ZCAL_PAPER_TEST")
        assert "Home all axes first" in voron.refused("ZCAL_ESTIMATE_BACKLASH")
    finally:
        voron.sim.control.request("dock_probe")
        voron.gcode("G28\nATTACH_PROBE")


def test_nothing_moves_while_the_printer_is_paused(voron: Machine) -> None:
    voron.gcode("PAUSE")
    try:
        for command in ("ZCAL_PROBE", "ZCAL_PROBE_ACCURACY", "ZCAL_PAPER_TEST", "ZCAL_ESTIMATE_BACKLASH"):
            assert "The printer is paused (PAUSE)" in voron.refused(command)
    finally:
        voron.gcode("CLEAR_PAUSE")


def test_a_cancel_ends_a_series_after_its_move_and_frees_the_queue(voron: Machine) -> None:
    with voron.meanwhile("ZCAL_PROBE_ACCURACY SAMPLES=500") as errors:
        voron.eventually(lambda: voron.status()["state"] == "running" and voron.status()["count"] >= 2)
        assert voron.client.call("zcal/cancel") == {"cancelled": True, "command": "ZCAL_PROBE_ACCURACY"}
        then = voron.status()["count"]
    assert "was cancelled after" in errors[0]
    status = voron.status()
    assert status["state"] == "cancelled"
    assert status["result"]["trigger"]["n"] == status["count"]
    assert status["count"] <= then + 1, "the present move ends, and no other sample"
    assert voron.place() == pytest.approx([125.0, 120.0, 15.0], abs=0.01)
    voron.gcode("ZCAL_PROBE SAMPLES=1")
    assert voron.client.call("zcal/cancel") == {"cancelled": False, "command": None}


def test_a_probe_that_does_not_trigger_ends_in_an_error_above_the_bed(voron: Machine) -> None:
    voron.gcode("G1 Z6.9 F600\nG1 Z15")
    voron.set_truth(probe__normally_open=True)
    voron.sim.control.request("detach_probe")
    try:
        assert "No trigger" in voron.refused("ZCAL_PROBE SAMPLES=1")
        assert voron.z() == pytest.approx(15.0, abs=0.01)
        assert voron.status()["state"] == "failed"
    finally:
        voron.set_truth(probe__normally_open=False)
        voron.sim.control.request("attach_probe")


def test_unknown_samples_are_said_to_be_unknown(voron: Machine) -> None:
    for parameters in (
        {"run": 99999},
        {"run": "x"},
        {"since": None, "run": -1},
        {"since": 1.5},
        {"run": True},
    ):
        with pytest.raises(KlippyError):
            voron.client.call("zcal/samples", **parameters)
    assert voron.client.state() == "ready"


def test_lost_steps_are_found_by_homing_before_and_after(voron: Machine) -> None:
    voron.gcode("ZCAL_PROBE_ACCURACY SAMPLES=3 HOMES=3")
    for lost in voron.result["lost_steps"].values():
        assert abs(lost["steps"]) <= lost["half_width"]
        assert lost["endstop_sigma"] < 5.0
    assert voron.place() == pytest.approx([125.0, 120.0, 15.0], abs=0.05)
    # A moved endstop looks the same as lost steps
    height = voron.sim.control.request("truth", path="z_endstop.height")["value"]
    before = voron.status()["run"]
    with voron.meanwhile("ZCAL_PROBE_ACCURACY SAMPLES=60 HOMES=3"):
        voron.eventually(lambda: voron.status()["run"] != before and voron.status()["count"] >= 1)
        voron.set_truth(z_endstop__height=height + 0.05)
    voron.set_truth(z_endstop__height=height)
    assert set(voron.result["lost_steps"]) == {"stepper_z", "stepper_z1", "stepper_z2"}
    for lost in voron.result["lost_steps"].values():
        assert abs(lost["steps"]) == pytest.approx(0.05 / 0.00125, abs=lost["half_width"] + 2.0)
    assert "HOMES=1" in voron.refused("ZCAL_PROBE_ACCURACY HOMES=1")
    voron.gcode("G28 Z")


def seconds(voron: Machine, script: str) -> float:
    """How long a script moves, from 15 mm up, by the print time: the least of three, because time goes on until the
    script arrives."""

    def once() -> float:
        voron.gcode("G1 Z15 F900\nM400")
        begun = voron.status("toolhead")["estimated_print_time"]
        voron.gcode(f"{script}\nM400")
        return float(voron.status("toolhead")["print_time"] - begun)

    return min(once() for _ in range(3))


def test_a_sample_takes_no_longer_than_one_of_klippers_own_command(voron: Machine) -> None:
    """A wait after each lift made it 29 % slower."""
    each = {
        command: (seconds(voron, f"{command} SAMPLES=16") - seconds(voron, f"{command} SAMPLES=4")) / 12
        for command in ("PROBE_ACCURACY", "ZCAL_PROBE_ACCURACY")
    }
    assert each["ZCAL_PROBE_ACCURACY"] < 1.06 * each["PROBE_ACCURACY"], each


def test_a_line_is_said_in_the_middle_of_a_command(voron: Machine) -> None:
    listener = voron.sim.connect()
    listener.call("gcode/subscribe_output", response_template={"method": "console"})
    with voron.meanwhile("ZCAL_PROBE_ACCURACY SAMPLES=500"):
        voron.eventually(lambda: voron.status()["count"] >= 2)
        assert voron.client.call("zcal/say", text="here \n I  am") == {}
        listener.call("info")
        assert any("here I am" in line for line in listener.console)
        assert voron.status()["state"] == "running"
        with pytest.raises(KlippyError, match="text must be a non-empty string"):
            voron.client.call("zcal/say", text="")
        voron.client.call("zcal/cancel")
    listener.close()
