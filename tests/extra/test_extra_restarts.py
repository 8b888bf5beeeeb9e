"""The [zcal] module after a shutdown and after a restart."""

import contextlib
from collections.abc import Iterator

import pytest

from tests.e2e.simulated import KlippyError, wait_for_state
from tests.extra.rig import Machine


@pytest.fixture
def restarted(voron: Machine) -> Iterator[Machine]:
    """The module's printer, restored at the end: ready, homed, with the probe attached."""
    yield voron
    voron.client = wait_for_state(voron.sim, "ready", "shutdown", "error")
    if voron.client.state() != "ready":
        voron.client.send("FIRMWARE_RESTART")
        voron.client.drain()
    voron.client = wait_for_state(voron.sim, "ready")
    voron.client.call("gcode/subscribe_output", response_template={"method": "console"})
    voron.sim.control.request("dock_probe")
    voron.gcode("G28\nATTACH_PROBE")


def test_a_shutdown_ends_a_series_and_the_next_start_is_clean(restarted: Machine) -> None:
    restarted.client.call("zcal/lease", holder="test", seconds=600, hold={"heaters": {"heater_bed": 50.0}})
    with contextlib.suppress(KlippyError), restarted.meanwhile("ZCAL_PROBE_ACCURACY SAMPLES=500"):
        restarted.eventually(lambda: restarted.status()["count"] >= 1)
        restarted.sim.control.request("crash")
    restarted.eventually(lambda: restarted.client.state() == "shutdown")
    assert restarted.status()["state"] == "failed"
    assert restarted.status()["lease"] is None
    restarted.client.send("FIRMWARE_RESTART")
    restarted.client.drain()
    restarted.client = wait_for_state(restarted.sim, "ready")
    assert restarted.status()["state"] == "idle"
    assert "Home all axes first" in restarted.refused("ZCAL_PROBE")
    assert restarted.client.call("zcal/cancel") == {"cancelled": False, "command": None}


def test_a_restart_registers_everything_again(restarted: Machine) -> None:
    restarted.gcode("ZCAL_PROBE SAMPLES=1")
    restarted.client.send("RESTART")
    restarted.client.drain()
    restarted.client = wait_for_state(restarted.sim, "ready")
    assert restarted.status()["run"] == 0
    assert restarted.status()["state"] == "idle"
    for path in ("zcal/cancel", "zcal/samples", "zcal/lease", "zcal/say"):
        assert path in restarted.client.call("list_endpoints")["endpoints"]


def test_an_emergency_stop_during_a_paper_test_shuts_down_as_ever(restarted: Machine) -> None:
    restarted.gcode("G1 Z12 F600\nZCAL_PAPER_TEST")
    restarted.client.call("emergency_stop")
    restarted.eventually(lambda: restarted.client.state() == "shutdown")
    with pytest.raises(KlippyError, match="shut down"):
        restarted.client.call("zcal/lease", holder="test", seconds=60)
    assert restarted.status()["lease"] is None
