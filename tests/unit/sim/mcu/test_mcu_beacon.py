"""The stand-in for a Beacon's firmware, by the commands that its plugin sends."""

import itertools
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sim.mcu.mcu_bench import Host, Slide
from zcal_tui.sim.mcu import CLOCK_FREQ, SimulatedMcu
from zcal_tui.sim.mcu.beacon import BATCH, encode
from zcal_tui.sim.mcu.coil_sensor import READINGS_PER_SECOND

TRIGGERED, TIMEOUT = 1, 4
INTERVAL = 2400
COUNT_PER_HZ = (1 << 28) / CLOCK_FREQ
BED = 800
"""Steps down to where the coil comes no nearer."""


class Approach(Slide):
    """A coil that rises with every step down until the nozzle is on the bed."""

    def eddy_frequency(self, sensor: str, t: float, steps: Mapping[str, int]) -> float:
        assert sensor == "beacon"
        return 2_900_000.0 + 200.0 * min(BED, -steps.get("step", 0))


def bench() -> tuple[Host, Approach]:
    machine = Approach()
    host = Host(SimulatedMcu(machine, groups=("beacon",)), tick=0.001)
    host.configure(
        "config_stepper oid=0 step_pin=step dir_pin=dir invert_step=-1 step_pulse_ticks=1",
        "config_trsync oid=1",
    )
    return host, machine


def approach(host: Host, command: str, *, start: float = 0.2, count: int = 2000) -> None:
    """Home downwards, as klippy does, to the end."""
    clock = host.clock64(start) & 0xFFFFFFFF
    host.send(
        f"trsync_start oid=1 report_clock={clock} report_ticks=0 expire_reason={TIMEOUT}",
        "stepper_stop_on_trigger oid=0 trsync_oid=1",
        command,
        f"reset_step_clock oid=0 clock={clock}",
        "set_next_step_dir oid=0 dir=0",
        f"queue_step oid=0 interval={INTERVAL} count={count} add=0",
    )
    host.until(start + count * INTERVAL / CLOCK_FREQ + 0.1)


def decoded(samples: int, data: bytes) -> list[int]:
    """The counts of a message: the first bit tells a whole count from a change, which has 15 bits with its sign."""
    counts: list[int] = []
    for _ in range(samples):
        if data[0] & 0x80:
            counts.append(int.from_bytes(data[:4], "big") & 0x7FFFFFFF)
            data = data[4:]
            continue
        change = int.from_bytes(data[:2], "big")
        counts.append(counts[-1] + (change - 0x8000 if change & 0x4000 else change))
        data = data[2:]
    assert data == b""
    return counts


@given(st.lists(st.integers(0, (1 << 28) - 1), min_size=1, max_size=12))
def test_a_batch_can_be_read_again(counts: Sequence[int]) -> None:
    assert decoded(len(counts), encode(counts)) == list(counts)


@pytest.mark.parametrize(("change", "size"), [(0, 6), (16383, 6), (-16384, 6), (16384, 8), (-16385, 8)])
def test_a_small_change_takes_two_bytes(change: int, size: int) -> None:
    assert len(encode([100_000, 100_000 + change])) == size


def test_a_stream_has_every_reading_of_its_grid() -> None:
    host, machine = bench()
    begin = host.now
    host.send("beacon_stream en=1")
    host.until(0.6)
    host.send("beacon_stream en=0")
    messages = host.named("beacon_data")
    counts: list[int] = []
    for message in messages:
        assert isinstance(message["data"], bytes)
        counts += decoded(int(message["samples"]), message["data"])
    assert len(counts) == pytest.approx((host.now - begin) * READINGS_PER_SECOND, abs=BATCH + 6)
    assert set(counts) == {round(machine.eddy_frequency("beacon", 0.0, {}) * COUNT_PER_HZ)}
    starts = [int(message["start_clock"]) for message in messages]
    ticks = CLOCK_FREQ // READINGS_PER_SECOND
    assert {int(message["delta_clock"]) for message in messages} == {(BATCH - 1) * ticks}
    assert {b - a for a, b in itertools.pairwise(starts)} == {BATCH * ticks}
    assert host.named("beacon_status"), "the plugin takes the coil's temperature from it"


def test_its_memory_has_no_values_of_the_factory() -> None:
    host, _ = bench()
    assert host.ask("beacon_nvm_read len=20 offset=0", "beacon_nvm_data")["bytes"] == b"\xff" * 20
    assert host.ask("beacon_nvm_read len=8 offset=65534", "beacon_nvm_data")["offset"] == 0


def test_scanning_it_stops_where_the_count_exceeds_the_threshold() -> None:
    host, machine = bench()
    trigger = round((2_900_000.0 + 200.0 * 300) * COUNT_PER_HZ)
    host.send(f"beacon_set_threshold trigger={trigger} untrigger={trigger - 1000}")
    approach(host, f"beacon_home trsync_oid=1 trigger_reason={TRIGGERED} trigger_invert=0")
    host.send("beacon_stop_home")
    assert -300 - 13 <= machine.steps["step"] <= -300
    [state] = host.named("trsync_state")
    assert state["trigger_reason"] == TRIGGERED


def test_a_contact_stops_it_and_its_time_can_be_asked() -> None:
    host, machine = bench()
    assert host.ask("beacon_contact_query", "beacon_contact_state")["triggered"] == 0
    approach(host, f"beacon_contact_home trsync_oid=1 trigger_reason={TRIGGERED} trigger_type=0")
    assert -BED - 100 <= machine.steps["step"] <= -BED
    state = host.ask("beacon_contact_query", "beacon_contact_state")
    host.send("beacon_contact_stop_home")
    assert state["triggered"] == 1
    [contact] = host.named("beacon_contact")
    assert contact["detect_clock"] == state["detect_clock"]
    at = (int(state["detect_clock"]) - (host.clock64(0.2) & 0xFFFFFFFF)) & 0xFFFFFFFF
    assert at / INTERVAL == pytest.approx(-machine.steps["step"], abs=15)
