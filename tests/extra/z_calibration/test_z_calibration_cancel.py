"""Cancelling a calibration in a real klippy: it ends after the present move, cleans up, and applies nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from tests.e2e.simulated import KlippyClient, KlippyError, PrinterSim, eventually
from tests.extra.z_calibration.calibrated import SECTION, Starter

BEFORE = 0.05
"""mm; the gcode offset that is in effect when a command starts."""
SAMPLES = 20
"""At each height, so that there are many to come wherever a test cancels, also on a slow computer."""


@pytest.fixture(scope="module")
def printer(module_start: Starter) -> PrinterSim:
    """A printer with [z_calibration] and [zcal], whose calibration, start_gcode and end_gcode take a while."""
    slow = SECTION.replace("    RESPOND", "    G4 P4000\n    RESPOND")
    slow = slow.replace(
        "ATTACH_PROBE", '\n    ATTACH_PROBE\n    RESPOND MSG="fetched"\n    G4 P40000\n    M400'
    )
    slow += f"samples: {SAMPLES}\nsamples_tolerance: 1\n"
    return module_start(slow + "\n[zcal]\n")


@pytest.fixture
def klippy(printer: PrinterSim) -> Iterator[KlippyClient]:
    """A connection that receives the console output; the printer is homed."""
    client = printer.connect()
    client.gcode(f"G28\nSET_GCODE_OFFSET Z={BEFORE}")
    yield client
    assert client.state() == "ready"
    client.close()


@contextmanager
def running(printer: PrinterSim, script: str) -> Iterator[list[str]]:
    """Run a script on a connection of its own; the list gets its error, if it ends with one."""
    other = printer.connect()
    errors: list[str] = []

    def run() -> None:
        try:
            other.gcode(script)
        except KlippyError as error:
            errors.append(str(error))

    thread = Thread(target=run, daemon=True)
    thread.start()
    try:
        yield errors
    finally:
        thread.join(60)
        other.close()
        assert not thread.is_alive(), "the gcode queue is not free"


def heard(klippy: KlippyClient, text: str, times: int = 1) -> None:
    """Wait until the console has printed this so often."""

    def said() -> bool:
        klippy.call("info")
        return sum(text in line for line in klippy.console) >= times

    eventually(said)


def sampled(klippy: KlippyClient) -> int:
    """How many samples the console has reported."""
    return sum("CALIBRATE_Z: probe at " in line for line in klippy.console)


@pytest.mark.parametrize("endpoint", ["zcal/cancel", "z_calibration/cancel"])
@pytest.mark.parametrize("samples", [1, SAMPLES + 1, 2 * SAMPLES + 1])
def test_a_calibration_ends_clean_at_every_height(
    klippy: KlippyClient, printer: PrinterSim, endpoint: str, samples: int
) -> None:
    klippy.console.clear()
    with running(printer, "CALIBRATE_Z") as errors:
        heard(klippy, "CALIBRATE_Z: probe at ", samples)
        assert klippy.call(endpoint) == {"cancelled": True, "command": "CALIBRATE_Z"}
        before = sampled(klippy)
    assert errors == [f"CALIBRATE_Z was cancelled: requested through {endpoint}. No offset was applied."]
    klippy.call("gcode/script", script="M400")
    assert sampled(klippy) <= before + 1, "the present sample ends, and no other starts"
    assert sum("put away" in line for line in klippy.console) == 1
    assert printer.report()["probe"]["state"] == "docked"
    assert printer.report()["events"] == []
    assert klippy.status("gcode_move")["homing_origin"][2] == pytest.approx(BEFORE)
    assert klippy.status("toolhead")["position"][2] > 10.0
    assert klippy.status("z_calibration")["last_query"] is False


def test_a_calibration_after_a_cancelled_one_is_whole(klippy: KlippyClient, printer: PrinterSim) -> None:
    klippy.console.clear()
    with running(printer, "CALIBRATE_Z"):
        heard(klippy, "CALIBRATE_Z: probe at ")
        klippy.call("zcal/cancel")
    klippy.gcode("CALIBRATE_Z")
    assert klippy.status("z_calibration")["last_query"] is True


def test_cancelled_during_start_gcode_nothing_is_measured(klippy: KlippyClient, printer: PrinterSim) -> None:
    klippy.console.clear()
    touches = printer.report()["z_endstop"]["touches"]
    with running(printer, "CALIBRATE_Z") as errors:
        heard(klippy, "fetched")
        klippy.call("zcal/cancel")
    assert "was cancelled" in errors[0]
    assert printer.report()["z_endstop"]["touches"] == touches
    klippy.call("gcode/script", script="M400")
    assert printer.report()["probe"]["state"] == "docked"


def test_once_the_offset_is_applied_there_is_nothing_to_cancel(
    klippy: KlippyClient, printer: PrinterSim
) -> None:
    klippy.console.clear()
    with running(printer, "CALIBRATE_Z") as errors:
        heard(klippy, "--> new_offset")
        assert klippy.call("zcal/cancel") == {"cancelled": False, "command": None}
    assert errors == []
    assert klippy.status("z_calibration")["last_query"] is True


def test_an_endstop_series_ends_lifted(klippy: KlippyClient, printer: PrinterSim) -> None:
    klippy.console.clear()
    with running(printer, "PROBE_Z_ACCURACY SAMPLES=1000") as errors:
        heard(klippy, "PROBE_Z_ACCURACY: probe at ", 3)
        assert klippy.call("zcal/cancel")["command"] == "PROBE_Z_ACCURACY"
    assert errors == ["PROBE_Z_ACCURACY was cancelled: requested through zcal/cancel."]
    assert klippy.status("toolhead")["position"][2] > 10.0


def test_a_lease_that_runs_out_stops_what_began_under_it(klippy: KlippyClient, printer: PrinterSim) -> None:
    klippy.console.clear()
    klippy.call("zcal/lease", holder="test", seconds=600, hold={"heaters": {"heater_bed": 50.0}})
    klippy.gcode("SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=50")
    with running(printer, "CALIBRATE_Z") as errors:
        heard(klippy, "CALIBRATE_Z: probe at ")
        klippy.call("zcal/lease", holder="test", seconds=1)
    assert errors == ["CALIBRATE_Z was cancelled: test has not responded for 1 s. No offset was applied."]
    heard(klippy, "CALIBRATE_Z is cancelled")
    assert klippy.status("heater_bed")["target"] == 0.0
    assert klippy.status("gcode_move")["homing_origin"][2] == pytest.approx(BEFORE)


def test_a_lease_that_runs_out_leaves_alone_what_began_before_it(
    klippy: KlippyClient, printer: PrinterSim
) -> None:
    klippy.console.clear()
    with running(printer, "CALIBRATE_Z") as errors:
        heard(klippy, "fetched")
        klippy.call("zcal/lease", holder="test", seconds=1)
    assert errors == []
    assert klippy.status("zcal")["lease"] is None
    assert klippy.status("z_calibration")["last_query"] is True


def test_a_tag_stops_its_own_command_and_no_other(klippy: KlippyClient, printer: PrinterSim) -> None:
    klippy.console.clear()
    with running(printer, "CALIBRATE_Z TAG=theirs") as errors:
        heard(klippy, "CALIBRATE_Z: probe at ")
        left = klippy.call("z_calibration/cancel", tag="ours", since=0.0)
        assert left == {"cancelled": False, "command": None}
        assert klippy.call("z_calibration/cancel", tag="theirs")["cancelled"] is True
    assert "was cancelled" in errors[0]
    with running(printer, "PROBE_Z_ACCURACY SAMPLES=1000 TAG=ours") as errors:
        pass
    assert errors == ["PROBE_Z_ACCURACY was cancelled: requested through z_calibration/cancel."], (
        "before it has begun"
    )


def test_a_command_without_a_tag_is_identified_by_its_start(
    klippy: KlippyClient, printer: PrinterSim
) -> None:
    klippy.console.clear()
    with running(printer, "PROBE_Z_ACCURACY SAMPLES=1000") as errors:
        heard(klippy, "PROBE_Z_ACCURACY: probe at ")
        now = klippy.call("objects/query", objects={"toolhead": None})["eventtime"]
        assert klippy.call("z_calibration/cancel", tag="ours", since=now)["cancelled"] is False
        assert klippy.call("z_calibration/cancel", tag="ours", since=now - 1000.0)["cancelled"] is True
    assert "was cancelled" in errors[0]


def test_nothing_runs(klippy: KlippyClient) -> None:
    for endpoint in ("zcal/cancel", "z_calibration/cancel"):
        assert klippy.call(endpoint) == {"cancelled": False, "command": None}


def test_without_zcal_it_has_an_endpoint_of_its_own(start: Starter) -> None:
    printer = start()
    klippy = printer.connect()
    klippy.gcode("G28")
    with running(printer, "CALIBRATE_Z") as errors:
        heard(klippy, "CALIBRATE_Z: probe at ")
        klippy.call("z_calibration/cancel")
    assert "requested through z_calibration/cancel" in errors[0]
    klippy.close()


def test_a_cancel_of_one_that_waits_is_not_lost_behind_another_without_a_tag(
    printer: PrinterSim, klippy: KlippyClient
) -> None:
    with running(printer, "CALIBRATE_Z") as theirs:
        heard(klippy, "fetched")
        with running(printer, "CALIBRATE_Z TAG=ours") as ours:
            for _ in range(3):
                answer = klippy.call("z_calibration/cancel", tag="ours", since=1e9)
                assert answer == {"cancelled": False, "command": None}
    assert theirs == []
    assert "was cancelled" in "".join(ours)
    assert "No offset was applied" in "".join(ours)


def test_one_that_is_unwanted_by_the_time_it_begins_fetches_nothing(
    printer: PrinterSim, klippy: KlippyClient
) -> None:
    klippy.console.clear()
    klippy.call("z_calibration/cancel", tag="early", since=0.0)
    for command in ("CALIBRATE_Z TAG=early", "PROBE_Z_ACCURACY TAG=early"):
        with running(printer, command) as errors:
            pass
        assert "was cancelled" in "".join(errors)
    klippy.call("info")
    assert not any("fetched" in line or "put away" in line for line in klippy.console)


@pytest.mark.parametrize(("tag", "again"), [(" TAG=held", True), ("", False)], ids=["ours", "somebody's"])
def test_an_offset_that_the_holders_own_command_has_applied_is_put_back_with_its_lease(
    tag: str, again: bool, printer: PrinterSim, klippy: KlippyClient
) -> None:
    """The client may be killed before it can announce the offset."""
    klippy.call("zcal/lease", holder="test", seconds=600, hold={"gcode_offset": [0.0, 0.0, BEFORE]})
    klippy.gcode("CALIBRATE_Z" + tag)
    applied = klippy.status("gcode_move")["homing_origin"][2]
    assert applied != pytest.approx(BEFORE, abs=1e-3)
    klippy.call("zcal/lease", holder="test", action="restore")
    eventually(lambda: klippy.status("zcal")["lease"] is None)
    klippy.gcode("M400")
    found = klippy.status("gcode_move")["homing_origin"][2]
    assert found == pytest.approx(BEFORE if again else applied)
