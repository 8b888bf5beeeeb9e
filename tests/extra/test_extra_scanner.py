"""The module on a scanner whose plugin brings the probe: the unmodified Cartographer plugin."""

from collections.abc import Iterator

import pytest

from tests.e2e import klippers
from tests.e2e.simulated import printers, wait_for_state
from tests.extra.rig import Machine


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """One printer for all tests, homed."""
    klippers.skip_without_cartographer()
    with printers() as start:
        sim = start("cartographer", speed=40)
        machine = Machine(sim, wait_for_state(sim, "ready"))
        machine.gcode("G28\nG90\nG1 X125 Y125 Z5 F6000")
        yield machine
        machine.client.close()


def test_the_probe_can_be_used(machine: Machine) -> None:
    unavailable = machine.status()["unavailable"]
    assert "probe" not in unavailable, unavailable
    assert "belongs to a plugin" in unavailable["scan"]
    assert "no switch" in unavailable["release"]


def test_its_samples_are_structured(machine: Machine) -> None:
    said = machine.gcode("ZCAL_PROBE_ACCURACY SAMPLES=5")
    assert "5 samples" in said
    assert machine.result["nozzle"]["sigma"] < 0.003
    heights = [sample["trigger_z"] for sample in machine.samples()]
    assert heights == pytest.approx([2.0] * 5, abs=0.05)
    assert [sample["bed_z"] for sample in machine.samples()] == pytest.approx([0.0] * 5, abs=0.05)
    assert machine.z() >= 5.0


def test_a_sample_has_the_settings_of_klipper(machine: Machine) -> None:
    machine.gcode("ZCAL_PROBE SAMPLES=2")
    assert machine.result["samples_result"] in ("average", "median")
    assert machine.result["trigger_z"] == pytest.approx(2.0, abs=0.05)


def test_backlash_is_left_to_the_plugin(machine: Machine) -> None:
    assert "plugin's own command" in machine.refused("ZCAL_ESTIMATE_BACKLASH")


def test_the_offset_of_its_model_is_staged(machine: Machine) -> None:
    refused = machine.refused("ZCAL_STAGE SECTION=cartographer OPTION=z_offset VALUE=-0.1")
    assert "cartographer scan_model default" in refused
    machine.gcode('ZCAL_STAGE SECTION="cartographer scan_model default" OPTION=z_offset VALUE=-0.0841')
    assert machine.client.status("configfile")["save_config_pending_items"] == {
        "cartographer scan_model default": {"z_offset": "-0.084"}
    }
