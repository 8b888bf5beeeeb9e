"""The stand-in for eddy-ng's firmware: it reads the coil, and stops a move at a frequency."""

import struct

import pytest

from tests.unit.sim.mcu.mcu_bench import Host, Slide
from zcal_tui.sim.mcu import CLOCK_FREQ, SimulatedMcu

RATE = 250
REST = CLOCK_FREQ // (2 * RATE)
COUNT = 12_000_000 / (1 << 28)
SUCCESS, OTHER, TIMEOUT = 1, 5, 4
HOME, TAP = 1, 2
INTERVAL = 2400
REGISTERS = {0x08: 3049, 0x14: 1 << 12 | 1, 0x1A: 0x1601}


def reading(host_frequency: float) -> int:
    return round(host_frequency / COUNT)


def started() -> Host:
    host = Host(SimulatedMcu(Slide(), groups=("i2c", "eddy_ng"), older_i2c=True))
    host.configure(
        "config_i2c oid=0",
        "config_ldc1612_ng oid=1 i2c_oid=0 product=0",
        "i2c_set_bus oid=0 i2c_bus=i2c1 rate=400000 address=42",
        "config_stepper oid=2 step_pin=step dir_pin=dir invert_step=-1 step_pulse_ticks=1",
        "config_trsync oid=3",
    )
    for register, value in REGISTERS.items():
        host.send(f"i2c_write oid=0 data={bytes((register, *value.to_bytes(2, 'big'))).hex()}")
    return host


def home(host: Host, trigger: float, start: float, earliest: float, mode: int = HOME) -> int:
    """Move down from 0.2 s on, 2000 steps, and look for the trigger."""
    host.send(f"ldc1612_ng_start_stop oid=1 rest_ticks={REST}")
    host.send(
        f"trsync_start oid=3 report_clock={host.clock(0.1)} report_ticks=0 expire_reason={TIMEOUT}",
        "stepper_stop_on_trigger oid=2 trsync_oid=3",
        f"ldc1612_ng_setup_home oid=1 trsync_oid=3 trigger_reason={SUCCESS} other_reason_base={OTHER}"
        f" trigger_freq={reading(trigger)} start_freq={reading(start)} start_time={host.clock(earliest)}"
        f" mode={mode} tap_threshold=0 err_max=0",
    )
    clock = host.clock64(0.2)
    host.send(
        f"reset_step_clock oid=2 clock={clock & 0xFFFFFFFF}",
        "set_next_step_dir oid=2 dir=0",
        f"queue_step oid=2 interval={INTERVAL} count=2000 add=0",
    )
    host.until(1.0)
    return clock


def reason(host: Host) -> int:
    return int(host.ask("trsync_trigger oid=3 reason=2", "trsync_state")["trigger_reason"])


def test_readings_are_sent_in_series_and_one_can_be_asked_for() -> None:
    host = started()
    host.until(0.1)
    latest = host.ask("query_ldc1612_ng_latched_status_v2 oid=1", "ldc1612_ng_latched_status")
    assert (latest["status"], latest["lastval"]) == (0x48, reading(3_000_000.0))
    host.send(f"ldc1612_ng_start_stop oid=1 rest_ticks={REST}")
    host.until(1.1)
    values = [
        value
        for message in host.named("sensor_bulk_data")
        for value in struct.unpack(f">{len(message['data']) // 4}I", message["data"])  # type: ignore[arg-type]
    ]
    assert len(values) == pytest.approx(RATE, abs=15)
    assert set(values) == {reading(3_000_000.0)}
    host.send("ldc1612_ng_start_stop oid=1 rest_ticks=0")
    sent = len(host.named("sensor_bulk_data"))
    host.until(2.0)
    assert len(host.named("sensor_bulk_data")) == sent


def test_the_axis_stops_where_the_frequency_is_passed() -> None:
    host = started()
    start = home(host, trigger=3_030_050.0, start=3_010_050.0, earliest=0.2)
    assert reason(host) == SUCCESS
    ended = host.ask("ldc1612_ng_finish_home oid=1", "ldc1612_ng_finish_home_reply")
    passed = (int(ended["trigger_clock"]) - start) & 0xFFFFFFFF
    position = int(host.ask("stepper_get_position oid=2", "stepper_position")["pos"])
    assert position == -(passed // INTERVAL)
    assert 300 < -position <= 300 + 2 * CLOCK_FREQ / RATE / INTERVAL + 1


@pytest.mark.parametrize(
    ("start", "earliest", "mode", "wanted"),
    [(3_010_050.0, 0.9, HOME, OTHER + 2), (3_010_050.0, 0.2, TAP, OTHER)],
    ids=["too early", "tap"],
)
def test_what_ends_it_otherwise(start: float, earliest: float, mode: int, wanted: int) -> None:
    host = started()
    home(host, 3_030_050.0, start, earliest, mode)
    assert reason(host) == wanted
    ended = host.ask("ldc1612_ng_finish_home oid=1", "ldc1612_ng_finish_home_reply")
    assert ended["trigger_clock"] == 0
    assert host.shutdown_reason() is None
