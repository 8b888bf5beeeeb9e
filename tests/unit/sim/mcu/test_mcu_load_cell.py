"""Load cells: bulk data, and the triggers of both generations of firmware."""

import pytest

from tests.unit.sim.mcu.mcu_bench import Host, Message, Slide
from zcal_tui.sim.mcu import CLOCK_FREQ, SimulatedMcu

REST = CLOCK_FREQ // 3200
"""320 conversions a second, polled ten times as often."""
SENSOR = "config_hx71x oid=0 gain_channel=1 dout_pin=therm sclk_pin=out"
STEPPER = "config_stepper oid=3 step_pin=step dir_pin=dir invert_step=-1 step_pulse_ticks=0"
NEW = (
    SENSOR,
    "config_sos_filter oid=2 max_sections=0",
    "config_trigger_analog oid=1 sos_filter_oid=2",
    STEPPER,
    "config_trsync oid=4",
    "hx71x_attach_trigger_analog oid=0 trigger_analog_oid=1",
)
OLD = (
    SENSOR,
    "config_sos_filter oid=2 max_sections=0",
    "sos_filter_set_active oid=2 n_sections=0 coeff_int_bits=2",
    "config_load_cell_probe oid=1 sos_filter_oid=2",
    STEPPER,
    "config_trsync oid=4",
)


def bench(*, older: bool) -> tuple[Host, Slide]:
    """A load cell that the slide presses from step -100 on, with 100 counts a step."""
    machine = Slide(switch_at=-100)
    host = Host(SimulatedMcu(machine, groups=("load_cell",), older_i2c=older))
    host.configure(*(OLD if older else NEW))
    if older:
        host.send("hx71x_attach_load_cell_probe oid=0 load_cell_probe_oid=1")
    else:
        host.send(
            "sos_filter_set_offset_scale oid=2 offset=0 scale=1 scale_frac_bits=0 auto_offset=0",
            "sos_filter_set_active oid=2 n_sections=0 coeff_frac_bits=0",
        )
    return host, machine


def move(host: Host) -> None:
    """1000 steps of 1 ms towards the bed, stopped by the trsync."""
    host.send(f"reset_step_clock oid=3 clock={host.clock(0.5)}", "set_next_step_dir oid=3 dir=0")
    host.send(f"queue_step oid=3 interval={CLOCK_FREQ // 1000} count=1000 add=0")
    host.send(
        f"trsync_start oid=4 report_clock={host.clock(0.4)} report_ticks={CLOCK_FREQ} expire_reason=2",
        "stepper_stop_on_trigger oid=3 trsync_oid=4",
        f"query_hx71x oid=0 rest_ticks={REST}",
    )


def home(host: Host, *, older: bool, low: int = -100_000, high: int = 100_000) -> list[Message]:
    """Home at 2000 counts, which is 20 g, and return what fired the trsync."""
    move(host)
    if older:
        host.send(
            f"load_cell_probe_set_range oid=1 safety_counts_min={low} safety_counts_max={high} tare_counts=0"
            f" trigger_grams=20 grams_per_count={(1 << 29) // 100}",
            f"load_cell_probe_home oid=1 trsync_oid=4 trigger_reason=1 error_reason=5 clock={host.clock(0.45)}"
            f" rest_ticks={CLOCK_FREQ // 320} timeout=3",
        )
    else:
        host.send(
            f"trigger_analog_set_raw_range oid=1 raw_min={low} raw_max={high}",
            "trigger_analog_set_trigger oid=1 trigger_analog_type=abs_ge trigger_value=2000",
            f"trigger_analog_home oid=1 trsync_oid=4 trigger_reason=1 error_reason=5 clock={host.clock(0.45)}"
            f" monitor_ticks={CLOCK_FREQ // 320} monitor_max=3",
        )
    host.until(1.8)
    return [report for report in host.named("trsync_state") if report["trigger_reason"]]


def test_the_counts_come_in_bulk_with_their_sign() -> None:
    host, machine = bench(older=False)
    machine.counts_per_step = -7
    move(host)
    host.until(1.2)
    blocks = host.named("sensor_bulk_data")
    data = b"".join(block["data"] for block in blocks if isinstance(block["data"], bytes))
    counts = [
        int.from_bytes(data[place : place + 4], "little", signed=True) for place in range(0, len(data), 4)
    ]
    assert [block["sequence"] for block in blocks] == list(range(len(blocks)))
    assert counts[0] == 0 and counts[-1] < -2000
    assert sorted(counts, reverse=True) == counts
    assert len(counts) == pytest.approx(1.2 * 320, abs=15)
    status = host.ask("query_hx71x_status oid=0", "sensor_bulk_status")
    assert status["next_sequence"] == len(host.named("sensor_bulk_data"))


@pytest.mark.parametrize("older", [False, True])
def test_the_force_stops_the_motor(older: bool) -> None:
    host, _machine = bench(older=older)
    report = home(host, older=older)[0]
    assert report["trigger_reason"] == 1
    position = host.ask("stepper_get_position oid=3", "stepper_position")["pos"]
    assert isinstance(position, int)
    # 120 steps for the force, and up to a conversion and a half until it is read
    assert -126 <= position <= -120
    kind, answer = ("load_cell_probe", "trigger_ticks") if older else ("trigger_analog", "homing_clock")
    state = host.ask(f"{kind}_query_state oid=1", f"{kind}_state")
    clock = state[answer]
    assert isinstance(clock, int)
    assert 0.618 < (clock - host.clock(0.0) & 0xFFFFFFFF) / CLOCK_FREQ < 0.627


@pytest.mark.parametrize("older", [False, True])
def test_a_force_out_of_range_is_an_error(older: bool) -> None:
    host, _machine = bench(older=older)
    report = home(host, older=older, high=1500)[0]
    assert report["trigger_reason"] == 5


@pytest.mark.parametrize(("older", "code"), [(False, 2), (True, 2)])
def test_a_sensor_that_falls_silent_is_an_error(older: bool, code: int) -> None:
    host, machine = bench(older=older)
    machine.counts_per_step = 0
    move(host)
    host.send("query_hx71x oid=0 rest_ticks=0")
    reports = [report for report in home_again(host, older=older) if report["trigger_reason"]]
    assert [report["trigger_reason"] for report in reports[:1]] == [5 + code]


def home_again(host: Host, *, older: bool) -> list[Message]:
    """Arm the trigger while the sensor is off."""
    if older:
        host.send(
            "load_cell_probe_set_range oid=1 safety_counts_min=-9999 safety_counts_max=9999 tare_counts=0"
            " trigger_grams=20 grams_per_count=5368709",
            f"load_cell_probe_home oid=1 trsync_oid=4 trigger_reason=1 error_reason=5 clock={host.clock(0.45)}"
            f" rest_ticks={CLOCK_FREQ // 320} timeout=3",
        )
    else:
        host.send(
            f"trigger_analog_home oid=1 trsync_oid=4 trigger_reason=1 error_reason=5 clock={host.clock(0.45)}"
            f" monitor_ticks={CLOCK_FREQ // 320} monitor_max=3",
        )
    host.until(1.0)
    return host.named("trsync_state")


@pytest.mark.parametrize(
    ("range_", "reason"),
    [
        ((10, 5, 1, 1), "Safety range reversed"),
        ((0, 5, 70_000, 1), "trigger_grams too large"),
        ((0, 5, 1, 1 << 29), "grams_per_count is invalid"),
    ],
)
def test_an_impossible_range_shuts_down(range_: tuple[int, int, int, int], reason: str) -> None:
    host, _machine = bench(older=True)
    low, high, grams, per_count = range_
    host.send(
        f"load_cell_probe_set_range oid=1 safety_counts_min={low} safety_counts_max={high} tare_counts=0"
        f" trigger_grams={grams} grams_per_count={per_count}"
    )
    assert host.shutdown_reason() == reason
