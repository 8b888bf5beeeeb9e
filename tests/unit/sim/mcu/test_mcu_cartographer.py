"""The simulated Cartographer scanner, by the commands that its plugin sends."""

import itertools
import struct
from collections.abc import Mapping

import pytest

from tests.unit.sim.mcu.mcu_bench import Host, Slide
from zcal_tui.sim.mcu import CLOCK_FREQ, SimulatedMcu
from zcal_tui.sim.mcu.analog import ADC_MAX
from zcal_tui.sim.mcu.coil_sensor import READINGS_PER_SECOND, ContactDetector

TRIGGERED, TIMEOUT = 1, 4
SCAN, TOUCH = 0, 1
INTERVAL = 2400
COUNT_PER_HZ = (1 << 28) / CLOCK_FREQ
BED = 800
"""Steps down to where the coil comes no nearer."""


class Approach(Slide):
    """A coil that rises with every step down until the nozzle is on the bed."""

    def eddy_frequency(self, sensor: str, t: float, steps: Mapping[str, int]) -> float:
        assert sensor == "cartographer"
        return 2_900_000.0 + 200.0 * min(BED, -steps.get("step", 0))


def bench(*, tick: float = 0.001) -> tuple[Host, Approach]:
    machine = Approach()
    host = Host(SimulatedMcu(machine, groups=("cartographer",)), tick=tick)
    host.configure(
        "config_stepper oid=0 step_pin=step dir_pin=dir invert_step=-1 step_pulse_ticks=1",
        "config_trsync oid=1",
    )
    return host, machine


def approach(host: Host, method: int, threshold: int, *, start: float = 0.2, count: int = 2000) -> None:
    """Home downwards, as klippy does, to the end."""
    clock = host.clock64(start) & 0xFFFFFFFF
    host.send(
        f"trsync_start oid=1 report_clock={clock} report_ticks=0 expire_reason={TIMEOUT}",
        "stepper_stop_on_trigger oid=0 trsync_oid=1",
        f"cartographer_home trsync_oid=1 trigger_reason={TRIGGERED} trigger_invert=0 threshold={threshold}"
        f" trigger_method={method}",
        f"reset_step_clock oid=0 clock={clock}",
        "set_next_step_dir oid=0 dir=0",
        f"queue_step oid=0 interval={INTERVAL} count={count} add=0",
    )
    host.until(start + count * INTERVAL / CLOCK_FREQ + 0.1)
    host.send("cartographer_stop_home")


def test_its_memory_has_what_the_coil_reads_far_from_metal() -> None:
    host, _ = bench()
    answer = host.ask("cartographer_base_read len=6 offset=0", "cartographer_base_data")
    data = answer["bytes"]
    assert isinstance(data, bytes)
    count, warmth = struct.unpack("<IH", data)
    assert count == round(2_900_000.0 * COUNT_PER_HZ)
    constants = host.dictionary["config"]
    assert isinstance(constants, dict)
    assert warmth == pytest.approx(0.8 * ADC_MAX * constants["CARTOGRAPHER_ADC_SMOOTH_COUNT"], abs=1)
    assert constants["CLOCK_FREQ"] / constants["CARTOGRAPHER_SENSOR_FREQ_DIVISOR"] == 12_000_000


@pytest.mark.parametrize("tick", [0.0007, 0.011, 0.3])
def test_a_stream_has_every_reading_of_its_grid(tick: float) -> None:
    host, machine = bench(tick=tick)
    host.until(0.1)
    begin = host.now
    host.send("cartographer_stream en=1")
    clock = host.clock64(0.2)
    host.send(
        f"reset_step_clock oid=0 clock={clock & 0xFFFFFFFF}",
        "set_next_step_dir oid=0 dir=0",
        f"queue_step oid=0 interval={INTERVAL} count=500 add=0",
    )
    host.until(0.6)
    host.send("cartographer_stream en=0")
    readings = host.named("cartographer_data")
    assert len(readings) == pytest.approx((host.now - begin) * READINGS_PER_SECOND, abs=6)
    clocks = [int(reading["clock"]) for reading in readings]
    assert {b - a for a, b in itertools.pairwise(clocks)} == {CLOCK_FREQ // READINGS_PER_SECOND}
    for at, reading in zip(clocks, readings, strict=True):
        taken = ((at - clock) & 0xFFFFFFFF) // INTERVAL
        steps = 0 if taken > 1 << 20 else min(500, taken)
        wanted = machine.eddy_frequency("cartographer", 0.0, {"step": -steps})
        assert reading["data"] == round(wanted * COUNT_PER_HZ)


def test_without_a_stream_it_sends_its_temperature_now_and_then() -> None:
    host, _ = bench()
    host.send("cartographer_stream en=0")
    host.until(2.0)
    assert 4 <= len(host.named("cartographer_data")) <= 8


def test_a_scan_stops_where_the_count_exceeds_the_threshold() -> None:
    host, machine = bench()
    trigger = round((2_900_000.0 + 200.0 * 300) * COUNT_PER_HZ)
    host.send(f"cartographer_set_threshold trigger={trigger} untrigger={trigger - 1000}")
    approach(host, SCAN, 0)
    # at 5000 steps and 400 readings a second
    assert -300 - 13 <= machine.steps["step"] <= -300
    [state] = host.named("trsync_state")
    assert state["trigger_reason"] == TRIGGERED


@pytest.mark.parametrize("threshold", [200, 2000, 5000])
def test_a_touch_stops_on_the_bed_and_a_higher_threshold_presses_harder(threshold: int) -> None:
    host, machine = bench()
    approach(host, TOUCH, threshold)
    beyond = -machine.steps["step"] - BED
    # it falls behind by half of the rise of each step
    wanted = threshold * 10 / (200.0 * COUNT_PER_HZ / 2)
    assert wanted <= beyond <= wanted + 2 * 13


def test_a_touch_that_was_stopped_triggers_no_more() -> None:
    host, machine = bench()
    approach(host, TOUCH, 1_000_000, count=900)
    assert machine.steps["step"] == -900
    assert host.named("trsync_state") == []


def test_a_coil_far_from_the_bed_makes_no_contact() -> None:
    contact = ContactDetector(1)
    assert not any(contact.update(65_000_000 + number % 7 * 100) for number in range(5000))
