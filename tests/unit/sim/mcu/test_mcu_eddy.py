import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from tests.unit.sim.mcu.mcu_bench import Host, Slide, bench
from zcal_tui.sim.mcu import CLOCK_FREQ, SimulatedMcu
from zcal_tui.sim.mcu.sos_filter import FilterOverflowError, FilterSection, SosFilter

RATE = 400
REST = CLOCK_FREQ // (2 * RATE)
FREQ_PER_COUNT = 12_000_000 * 2 / (1 << 28)
TRIGGERED, TIMEOUT, ERROR = 1, 4, 5
INTERVAL = 2400

REGISTERS = {0x08: 1875, 0x14: 2 << 12 | 1, 0x1A: 0x1601}


def configure(host: Host, *, older: bool = False, bus: str = "i2c1", address: int = 0x2A) -> None:
    host.configure(
        "config_i2c oid=0",
        "config_ldc1612 oid=1 i2c_oid=0",
        f"i2c_set_bus oid=0 i2c_bus={bus} rate=400000 address={address}",
        "config_stepper oid=2 step_pin=step dir_pin=dir invert_step=-1 step_pulse_ticks=1",
        "config_trsync oid=3",
        *(
            ()
            if older
            else ("config_sos_filter oid=4 max_sections=2", "config_trigger_analog oid=5 sos_filter_oid=4")
        ),
    )
    for register, value in REGISTERS.items():
        data = bytes((register, *value.to_bytes(2, "big"))).hex()
        host.send(f"i2c_write oid=0 data={data}" if older else f"i2c_transfer oid=0 write={data} read_len=0")
    if not older:
        host.send(
            "ldc1612_attach_trigger_analog oid=1 trigger_analog_oid=5",
            "trigger_analog_set_raw_range oid=5 raw_min=0 raw_max=268435455",
            "sos_filter_set_offset_scale oid=4 offset=0 scale=1 scale_frac_bits=0 auto_offset=0",
        )


def move(host: Host, start: float, count: int, direction: int) -> int:
    clock = host.clock64(start)
    host.send(
        f"reset_step_clock oid=2 clock={clock & 0xFFFFFFFF}",
        f"set_next_step_dir oid=2 dir={direction}",
        f"queue_step oid=2 interval={INTERVAL} count={count} add=0",
    )
    return clock


def samples(host: Host) -> list[int]:
    values: list[int] = []
    for number, message in enumerate(host.named("sensor_bulk_data")):
        data = message["data"]
        assert message["sequence"] == number and isinstance(data, bytes) and len(data) == 48
        values += struct.unpack(">12I", data)
    return values


def test_the_chip_identifies_itself() -> None:
    host, _ = bench()
    configure(host)
    for register, expected in ((0x7E, 0x5449), (0x7F, 0x3055), (0x08, 1875)):
        answer = host.ask(f"i2c_transfer oid=0 write={register:02x} read_len=2", "i2c_response")
        assert (answer["i2c_bus_status"], answer["response"]) == (0, expected.to_bytes(2, "big"))


def test_nobody_answers_at_another_address() -> None:
    host, _ = bench()
    configure(host, address=0x50)
    assert host.ask("i2c_transfer oid=0 write=7e read_len=2", "i2c_response")["i2c_bus_status"] == 2
    assert host.shutdown_reason() is None


def test_with_the_older_commands_that_is_a_shutdown() -> None:
    host, _ = bench(older_i2c=True)
    configure(host, older=True)
    answer = host.ask("i2c_read oid=0 reg=7e read_len=2", "i2c_read_response")
    assert answer["response"] == b"\x54\x49"
    host, _ = bench(older_i2c=True)
    configure(host, older=True, address=0x50)
    assert host.shutdown_reason() == "I2C START NACK"


@settings(deadline=None, max_examples=15)
@given(st.sampled_from([0.0007, 0.011, 0.3]), st.integers(0, 1))
def test_samples_show_the_frequency_in_the_middle_of_each_conversion(tick: float, direction: int) -> None:
    host, machine = bench(tick=tick)
    configure(host)
    host.until(0.1)
    begin = host.clock64(host.now)
    host.send(f"query_ldc1612 oid=1 rest_ticks={REST}")
    start = move(host, 0.2, 2000, direction)
    host.until(0.65)
    values = samples(host)
    assert len(values) == pytest.approx((0.65 - 0.1) * RATE, abs=17)
    conversion = (1875 * 16 + 4) / 12_000_000 * CLOCK_FREQ
    sign = 1 if direction else -1
    for number, value in enumerate(values):
        middle = begin + int((number + 0.5) * conversion)
        steps = sign * min(2000, max(0, (middle - start) // INTERVAL))
        frequency = machine.frequency_at_zero + machine.frequency_per_step * steps
        assert value == round(frequency / FREQ_PER_COUNT)


def test_samples_show_where_the_axis_was_stopped() -> None:
    host, machine = bench(Slide(switch_at=-110), tick=0.2)
    host.configure(
        "config_i2c oid=0",
        "config_ldc1612 oid=1 i2c_oid=0",
        "i2c_set_bus oid=0 i2c_bus=i2c1 rate=400000 address=42",
        "config_stepper oid=2 step_pin=step dir_pin=dir invert_step=-1 step_pulse_ticks=1",
        "config_trsync oid=3",
        "config_endstop oid=4 pin=switch pull_up=0",
    )
    for register, value in REGISTERS.items():
        data = bytes((register, *value.to_bytes(2, "big"))).hex()
        host.send(f"i2c_transfer oid=0 write={data} read_len=0")
    begin = host.clock64(host.now)
    start = host.clock64(0.1)
    host.send(
        f"query_ldc1612 oid=1 rest_ticks={REST}",
        f"trsync_start oid=3 report_clock={start & 0xFFFFFFFF} report_ticks=0 expire_reason={TIMEOUT}",
        "stepper_stop_on_trigger oid=2 trsync_oid=3",
        f"endstop_home oid=4 clock={start & 0xFFFFFFFF} sample_ticks=180 sample_count=1 rest_ticks=20000"
        f" pin_value=1 trsync_oid=3 trigger_reason={TRIGGERED}",
    )
    move(host, 0.1, 500, 0)
    host.until(0.4)
    conversion = (1875 * 16 + 4) / 12_000_000 * CLOCK_FREQ
    for number, value in enumerate(samples(host)):
        middle = begin + int((number + 0.5) * conversion)
        steps = -min(116, max(0, (middle - start) // INTERVAL))
        frequency = machine.frequency_at_zero + machine.frequency_per_step * steps
        assert value == round(frequency / FREQ_PER_COUNT)


def test_the_status_counts_every_sample() -> None:
    host, _ = bench(tick=0.0031)
    configure(host)
    begin = host.now
    host.send(f"query_ldc1612 oid=1 rest_ticks={REST}")
    conversion = (1875 * 16 + 4) / 12_000_000
    for _ in range(30):
        host.until(host.now + 0.0173)
        status = host.ask("query_status_ldc1612 oid=1", "sensor_bulk_status")
        sequence, buffered = status["next_sequence"], status["buffered"]
        assert isinstance(sequence, int) and isinstance(buffered, int)
        assert status["clock"] == host.clock(host.now)
        assert sequence * 12 + buffered / 4 == int((host.now - begin) / conversion)
    host.send("query_ldc1612 oid=1 rest_ticks=0")
    count = len(host.named("sensor_bulk_data"))
    host.until(host.now + 0.2)
    assert len(host.named("sensor_bulk_data")) == count


def home(host: Host, *, trigger: str, value: int, monitor_max: int = 3) -> int:
    clock = host.clock64(host.now + 0.1)
    wire = clock & 0xFFFFFFFF
    host.send(
        f"trigger_analog_set_trigger oid=5 trigger_analog_type={trigger} trigger_value={value}",
        f"trsync_start oid=3 report_clock={wire} report_ticks=0 expire_reason={TIMEOUT}",
        "stepper_stop_on_trigger oid=2 trsync_oid=3",
        f"trigger_analog_home oid=5 trsync_oid=3 trigger_reason={TRIGGERED} error_reason={ERROR} clock={wire}"
        f" monitor_ticks={CLOCK_FREQ // RATE} monitor_max={monitor_max}",
    )
    return clock


@pytest.mark.parametrize("tick", [0.0009, 0.25])
def test_the_axis_stops_at_the_reading_that_passes_the_threshold(tick: float) -> None:
    host, machine = bench(tick=tick)
    configure(host)
    threshold = round((machine.frequency_at_zero + 30_050) / FREQ_PER_COUNT)
    host.until(0.1)
    begin = host.clock64(host.now)
    host.send(f"query_ldc1612 oid=1 rest_ticks={REST}")
    start = home(host, trigger="gt", value=threshold)
    assert move(host, 0.2, 2000, 0) == start
    host.until(1.0)
    state = host.ask("trigger_analog_query_state oid=5", "trigger_analog_state")
    conversion = (1875 * 16 + 4) / 12_000_000 * CLOCK_FREQ
    number = 0
    while (begin + int((number + 0.5) * conversion) - start) // INTERVAL <= 300:
        number += 1
    complete = begin + int((number + 1) * conversion)
    read = begin + REST
    while read < complete:
        read += REST
    assert (state["homing"], state["homing_clock"]) == (0, read & 0xFFFFFFFF)
    position = host.ask("stepper_get_position oid=2", "stepper_position")["pos"]
    assert position == -((read - start) // INTERVAL)
    assert host.ask("trsync_trigger oid=3 reason=2", "trsync_state")["trigger_reason"] == TRIGGERED


def test_with_the_older_commands_it_stops_at_the_same_place() -> None:
    host, machine = bench(older_i2c=True)
    configure(host, older=True)
    threshold = round((machine.frequency_at_zero + 30_050) / FREQ_PER_COUNT)
    host.send(f"query_ldc1612 oid=1 rest_ticks={REST}")
    clock = host.clock(0.1)
    host.send(
        f"trsync_start oid=3 report_clock={clock} report_ticks=0 expire_reason={TIMEOUT}",
        "stepper_stop_on_trigger oid=2 trsync_oid=3",
        f"ldc1612_setup_home oid=1 clock={clock} threshold={threshold} trsync_oid=3"
        f" trigger_reason={TRIGGERED} error_reason={ERROR}",
    )
    move(host, 0.1, 2000, 0)
    host.until(1.0)
    position = host.ask("stepper_get_position oid=2", "stepper_position")["pos"]
    assert isinstance(position, int) and 300 < -position < 300 + 0.005 * 5000
    state = host.ask("query_ldc1612_home_state oid=1", "ldc1612_home_state")
    assert state["homing"] == 0
    assert host.ask("trsync_trigger oid=3 reason=2", "trsync_state")["trigger_reason"] == TRIGGERED


def test_a_coil_that_does_not_oscillate_ends_homing_with_an_error() -> None:
    host, machine = bench()
    configure(host)
    host.send(f"query_ldc1612 oid=1 rest_ticks={REST}")
    home(host, trigger="gt", value=1 << 27)
    host.until(0.15)
    machine.frequency_at_zero = 0.0
    host.until(0.2)
    reason = host.ask("trsync_trigger oid=3 reason=2", "trsync_state")["trigger_reason"]
    specific = 3
    assert reason == ERROR + specific


def test_a_sensor_that_falls_silent_ends_homing_with_an_error() -> None:
    host, _ = bench()
    configure(host)
    home(host, trigger="gt", value=1 << 27)
    host.until(0.3)
    monitor = 2
    assert host.ask("trsync_trigger oid=3 reason=2", "trsync_state")["trigger_reason"] == ERROR + monitor


def test_values_outside_the_raw_range_end_homing_with_an_error() -> None:
    host, _ = bench()
    configure(host)
    host.send("trigger_analog_set_raw_range oid=5 raw_min=0 raw_max=1000")
    host.send(f"query_ldc1612 oid=1 rest_ticks={REST}")
    home(host, trigger="gt", value=1 << 27)
    host.until(0.3)
    assert host.ask("trsync_trigger oid=3 reason=2", "trsync_state")["trigger_reason"] == ERROR


def test_a_fall_from_the_peak_triggers() -> None:
    host, machine = bench()
    configure(host)
    host.send(f"query_ldc1612 oid=1 rest_ticks={REST}")
    fall = round(10_000 / FREQ_PER_COUNT)
    home(host, trigger="diff_peak_gt", value=fall)
    move(host, 0.11, 500, 0)  # the frequency rises by 50 kHz
    host.until(0.5)
    assert not host.named("trsync_state")
    machine.frequency_at_zero -= 11_000
    host.until(0.51)
    assert host.named("trsync_state")[0]["trigger_reason"] == TRIGGERED


@given(st.lists(st.integers(-1_000_000, 1_000_000), min_size=1, max_size=60))
def test_the_filter_filters_as_in_floating_point(values: list[int]) -> None:
    bits = 29
    design = signal.butter(4, 25, btype="lowpass", fs=400, output="sos")
    sections = [
        FilterSection(tuple(round(float(c) * (1 << bits)) for c in (*row[:3], *row[4:]))) for row in design
    ]
    fixed = SosFilter(sections, active=2, coefficient_bits=bits, scale=1)
    expected = signal.sosfilt(design, np.array(values, dtype=float))
    assert [fixed.apply(value) for value in values] == pytest.approx(expected.tolist(), abs=600)


def test_the_filter_takes_its_first_value_as_zero_when_told() -> None:
    sos_filter = SosFilter([], scale=3 << 4, scale_bits=4, auto_offset=True)
    assert [sos_filter.apply(value) for value in (5000, 5001, 4990)] == [0, 3, -30]


def test_a_value_too_great_for_the_filter_is_an_error() -> None:
    with pytest.raises(FilterOverflowError):
        SosFilter([], scale=1 << 30).apply(4)


@pytest.mark.parametrize(
    "command",
    [
        "sos_filter_set_section oid=4 section_idx=2 sos0=0 sos1=0 sos2=0 sos3=0 sos4=0",
        "sos_filter_set_active oid=4 n_sections=3 coeff_frac_bits=0",
    ],
)
def test_a_section_that_is_not_there_shuts_down(command: str) -> None:
    host, _ = bench()
    configure(host)
    host.send(command)
    assert host.shutdown_reason() == "Filter section index larger than max_sections"


def test_shutdown_ends_the_measurements() -> None:
    host, _ = bench()
    configure(host)
    host.send(f"query_ldc1612 oid=1 rest_ticks={REST}")
    host.until(0.3)
    host.send("emergency_stop")
    count = len(host.named("sensor_bulk_data"))
    host.until(0.6)
    assert len(host.named("sensor_bulk_data")) == count


def test_two_sensors_are_told_apart_by_their_bus() -> None:
    asked: set[str] = set()

    class TwoCoils(Slide):
        def eddy_frequency(self, sensor: str, t: float, steps: object) -> float:
            asked.add(sensor)
            return 3e6

    host, _ = bench(TwoCoils())
    configure(host, bus="i2c2")
    host.send(f"query_ldc1612 oid=1 rest_ticks={REST}")
    host.until(0.1)
    assert asked == {"i2c2"}


def test_buses_have_the_names_they_are_given() -> None:
    host = Host(SimulatedMcu(Slide(), i2c_buses=("i2c3_PB3_PB4", "i2c1a")))
    enumerations = host.dictionary["enumerations"]
    assert isinstance(enumerations, dict)
    assert enumerations["i2c_bus"] == {"i2c3_PB3_PB4": 0, "i2c1a": 1}
    configure(host, bus="i2c1a")
    assert host.shutdown_reason() is None
