"""A load cell: what the nozzle's force makes it read."""

import statistics

import pytest

from tests.unit.sim.machine_rig import CARTESIAN, Rig, truth_of
from zcal_tui.sim.wiring import WiringError, read_wiring

LOAD_CELL = "[load_cell_probe]\nsensor_type: hx717\ndout_pin: DOUT\nsclk_pin: SCLK\nz_offset: 0\n"
TRUTH = {"counts_per_gram": 50.0, "zero": -1000.0, "stiffness": 2000.0, "noise": 0.0, "travel": 0.5}


def reading(rig: Rig, z: float) -> int:
    return rig.machine.load_cell("DOUT", rig.t, rig.counts(z))


def test_it_reads_the_force_of_the_nozzle_on_the_bed() -> None:
    rig = Rig(CARTESIAN + LOAD_CELL, truth_of(load_cell=TRUTH))
    assert reading(rig, 0.1) == -1000
    assert reading(rig, -0.1) == -1000 + 50 * 200
    assert reading(rig, -5000.0) == (1 << 23) - 1


def test_its_noise_is_drawn_for_each_reading() -> None:
    rig = Rig(CARTESIAN + LOAD_CELL, truth_of(load_cell={**TRUTH, "noise": 2.0}))
    readings = [reading(rig, 5.0) for _ in range(400)]
    assert statistics.stdev(readings) == pytest.approx(100.0, rel=0.2)


def test_a_touch_within_its_travel_is_no_crash() -> None:
    rig = Rig(CARTESIAN + LOAD_CELL, truth_of(load_cell=TRUTH))
    rig.move(z=-0.4)
    assert not rig.machine.events
    rig.move(z=-0.6)
    assert [event.kind for event in rig.machine.events] == ["nozzle pressed into the bed"]


def test_another_converter_is_refused_by_name() -> None:
    text = LOAD_CELL.replace("hx717", "ads1220")
    with pytest.raises(
        WiringError, match=r"sensor_type: ads1220 cannot be simulated\. Only these can: hx711, hx717"
    ):
        read_wiring(CARTESIAN + text)
