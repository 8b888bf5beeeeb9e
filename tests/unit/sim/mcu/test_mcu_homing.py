from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.sim.mcu.mcu_bench import Host, Slide, bench
from zcal_tui.sim.mcu import CLOCK_FREQ
from zcal_tui.sim.mcu.pintrace import PinTrace

INTERVAL = 2400  # 5000 steps/s
REST = 20_000
TRIGGERED, BY_HOST, PAST_END, TIMEOUT = 1, 2, 3, 4


def homing_bench(
    machine: Slide | None = None, *, pin: str = "switch", tick: float = 0.001
) -> tuple[Host, Slide]:
    host, machine = bench(machine, tick=tick)
    host.configure(
        "config_stepper oid=0 step_pin=step dir_pin=dir invert_step=-1 step_pulse_ticks=1",
        "config_stepper oid=3 step_pin=step2 dir_pin=dir2 invert_step=-1 step_pulse_ticks=1",
        f"config_endstop oid=1 pin={pin} pull_up=0",
        "config_trsync oid=2",
    )
    return host, machine


def home(
    host: Host,
    *,
    steps: int = 2000,
    start: float = 0.1,
    sample_count: int = 4,
    sample_ticks: int = 180,
    steppers: tuple[int, ...] = (0,),
    timeout: float = 100.0,
    wanted: int = 1,
) -> int:
    """Start a homing move downwards; the 64 bit clock at which sampling and the move begin."""
    begin = host.clock64(host.now + start)
    clock = begin & 0xFFFFFFFF
    host.send(
        f"trsync_start oid=2 report_clock={clock} report_ticks={CLOCK_FREQ // 10} expire_reason={TIMEOUT}",
        *(f"stepper_stop_on_trigger oid={oid} trsync_oid=2" for oid in steppers),
        f"trsync_set_timeout oid=2 clock={host.clock(host.now + start + timeout)}",
        f"endstop_home oid=1 clock={clock} sample_ticks={sample_ticks} sample_count={sample_count}"
        f" rest_ticks={REST} pin_value={wanted} trsync_oid=2 trigger_reason={TRIGGERED}",
    )
    for oid in steppers:
        host.send(f"reset_step_clock oid={oid} clock={clock}", f"set_next_step_dir oid={oid} dir=0")
        for _ in range(steps // 500):
            host.send(f"queue_step oid={oid} interval={INTERVAL} count=500 add=0")
    return begin


def finish(host: Host) -> tuple[int, int]:
    """End a homing move as klippy does: the reason, and the clock of the matching sample."""
    host.send(
        "endstop_home oid=1 clock=0 sample_ticks=0 sample_count=0 rest_ticks=0 pin_value=0 trsync_oid=0"
        " trigger_reason=0"
    )
    reason = host.ask(f"trsync_trigger oid=2 reason={BY_HOST}", "trsync_state")["trigger_reason"]
    sampled = host.ask("endstop_query_state oid=1", "endstop_state")["next_clock"]
    assert isinstance(reason, int) and isinstance(sampled, int)
    return reason, sampled - REST & 0xFFFFFFFF


def position(host: Host, oid: int = 0) -> int:
    pos = host.ask(f"stepper_get_position oid={oid}", "stepper_position")["pos"]
    assert isinstance(pos, int)
    return pos


@settings(deadline=None, max_examples=40)
@given(
    st.integers(-1900, -1),
    st.sampled_from([0.0, 0.0001, 0.003]),
    st.integers(1, 6),
    st.sampled_from([0.001, 0.013, 0.2]),
)
def test_the_trigger_is_the_first_sample_of_the_grid_that_matches(
    switch_at: int, delay: float, sample_count: int, tick: float
) -> None:
    host, _ = homing_bench(Slide(switch_at=switch_at, switch_delay=delay), tick=tick)
    begin = home(host, sample_count=sample_count)
    host.until(1.0)
    reason, sampled = finish(host)
    # By stepping through: when the step is taken that closes the switch, when that shows at the pin, and
    # which sample sees it first.
    shows = begin + -switch_at * INTERVAL + round(delay * CLOCK_FREQ)
    sample = begin
    while sample < shows:
        sample += REST
    stopped = sample + (sample_count - 1) * 180
    assert reason == TRIGGERED
    assert sampled == sample & 0xFFFFFFFF
    assert position(host) == -((stopped - begin) // INTERVAL)


def test_all_motors_of_an_axis_stop_together_and_take_no_more_steps() -> None:
    host, machine = homing_bench()
    home(host, steppers=(0, 3))
    host.until(1.0)
    stopped = position(host)
    assert position(host, 3) == stopped
    host.send("queue_step oid=0 interval=100 count=10 add=0")  # what was under way: dropped, no fault
    host.until(1.2)
    assert position(host) == stopped and host.shutdown_reason() is None
    host.send(
        f"reset_step_clock oid=0 clock={host.clock(1.3)}",
        "set_next_step_dir oid=0 dir=1",
        "queue_step oid=0 interval=100 count=10 add=0",
    )
    host.until(1.4)
    assert position(host) == stopped + 10 == machine.steps["step"]


def test_a_switch_already_closed_triggers_on_the_first_sample() -> None:
    host, _ = homing_bench(Slide(switch_at=1))
    begin = home(host, sample_count=1)
    host.until(0.3)
    assert finish(host) == (TRIGGERED, begin & 0xFFFFFFFF)
    assert position(host) == 0


def test_waiting_for_release_works_on_the_way_up() -> None:
    host, _ = homing_bench(Slide(switch_at=-101))
    home(host)
    host.until(1.0)
    assert position(host) < -101
    finish(host)
    begin = host.clock64(1.1)
    clock = begin & 0xFFFFFFFF
    host.send(
        f"trsync_start oid=2 report_clock={clock} report_ticks=0 expire_reason={TIMEOUT}",
        "stepper_stop_on_trigger oid=0 trsync_oid=2",
        f"endstop_home oid=1 clock={clock} sample_ticks=180 sample_count=4 rest_ticks=2400 pin_value=0"
        f" trsync_oid=2 trigger_reason={TRIGGERED}",
        f"reset_step_clock oid=0 clock={clock}",
        "set_next_step_dir oid=0 dir=1",
        "queue_step oid=0 interval=2400 count=1000 add=0",
    )
    host.until(1.5)
    assert finish(host)[0] == TRIGGERED
    assert -101 < position(host) <= -99


def test_a_bounce_shorter_than_the_readings_is_ignored() -> None:
    # Closed for 300 ticks from the third sample on: two readings match, the third does not.
    bounce = 0.1 + 2 * REST / CLOCK_FREQ - 1e-6
    closed = 0.1 + 10.5 * REST / CLOCK_FREQ
    machine = Slide(bounces=((bounce, True), (bounce + 300 / CLOCK_FREQ, False), (closed, True)))
    host, _ = homing_bench(machine, pin="bounce", tick=0.0000041)
    begin = home(host)
    host.tick = 0.00002
    host.until(0.2)
    reason, sampled = finish(host)
    assert reason == TRIGGERED
    assert sampled == begin + 11 * REST & 0xFFFFFFFF


def test_the_state_is_reported_with_a_true_clock_until_the_end() -> None:
    host, _ = homing_bench(Slide(switch_at=-10_000))
    begin = home(host)
    host.until(0.65)
    states = host.named("trsync_state")
    assert [state["clock"] for state in states] == [
        begin + number * CLOCK_FREQ // 10 & 0xFFFFFFFF for number in range(6)
    ]
    assert all(state["can_trigger"] == 1 and state["trigger_reason"] == 0 for state in states)
    reason, _ = finish(host)
    assert reason == BY_HOST
    count = len(host.named("trsync_state"))
    host.until(1.0)
    assert len(host.named("trsync_state")) == count


def test_without_a_word_from_the_host_the_motors_stop_at_the_timeout() -> None:
    host, _ = homing_bench(Slide(switch_at=-10_000), tick=0.07)
    home(host, timeout=0.25)
    host.until(0.8)
    states = host.named("trsync_state")
    assert next(s["trigger_reason"] for s in states if not s["can_trigger"]) == TIMEOUT
    assert position(host) == -0.25 * 5000
    assert finish(host)[0] == TIMEOUT


def test_the_host_keeps_it_alive_by_moving_the_timeout() -> None:
    host, _ = homing_bench(Slide(switch_at=-1500))
    home(host, timeout=0.25)
    for _ in range(10):
        host.until(host.now + 0.05)
        host.send(f"trsync_set_timeout oid=2 clock={host.clock(host.now + 0.25)}")
    host.until(1.0)
    assert finish(host)[0] == TRIGGERED


def test_a_trigger_is_reported_at_once() -> None:
    host, _ = homing_bench(Slide(switch_at=-100))
    begin = home(host)
    host.until(0.3)
    state = next(s for s in host.named("trsync_state") if not s["can_trigger"])
    assert state["trigger_reason"] == TRIGGERED
    assert isinstance(state["clock"], int)
    assert 100 * INTERVAL <= state["clock"] - begin & 0xFFFFFFFF < 100 * INTERVAL + REST + 4 * 180


def test_a_query_tells_the_pin_as_it_is() -> None:
    host, _ = homing_bench(Slide(switch_at=0))
    assert host.ask("endstop_query_state oid=1", "endstop_state")["pin_value"] == 1
    host, _ = homing_bench(Slide(switch_at=-1))
    assert host.ask("endstop_query_state oid=1", "endstop_state")["pin_value"] == 0


@pytest.mark.parametrize(("start", "reason"), [(-0.01, "Timer too close")])
def test_sampling_cannot_begin_in_the_past(start: float, reason: str) -> None:
    host, _ = homing_bench()
    host.until(0.5)
    home(host, start=start)
    assert host.shutdown_reason() == reason


def test_a_stepper_listens_to_one_trigger_only() -> None:
    host, _ = homing_bench()
    home(host)
    host.send("stepper_stop_on_trigger oid=0 trsync_oid=2")
    assert host.shutdown_reason() == "Can't add signal that is already active"


def test_a_machine_is_never_asked_about_the_past() -> None:
    host, machine = homing_bench(Slide(switch_at=-700, switch_delay=0.004), tick=0.031)
    home(host)
    host.until(1.0)
    times = [time for time, _ in machine.path]
    assert all(before <= after for before, after in pairwise(times))


def test_an_endstop_looks_again_where_motion_was_cut_short_by_another() -> None:
    # The second pin is closed in a stretch that the axis would pass between two of its samples, but in
    # which the first one stops it.
    host, _ = bench(Slide(switch_at=-110, parked=range(-118, -113)), tick=0.2)
    host.configure(
        "config_stepper oid=0 step_pin=step dir_pin=dir invert_step=-1 step_pulse_ticks=1",
        "config_endstop oid=1 pin=switch pull_up=0",
        "config_trsync oid=2",
        "config_endstop oid=4 pin=parked pull_up=0",
        "config_trsync oid=5",
    )
    begin = host.clock64(0.1)
    host.send(
        f"trsync_start oid=5 report_clock={begin & 0xFFFFFFFF} report_ticks=0 expire_reason={TIMEOUT}",
        f"endstop_home oid=4 clock={begin + REST // 2 & 0xFFFFFFFF} sample_ticks=180 sample_count=1"
        f" rest_ticks={REST} pin_value=1 trsync_oid=5 trigger_reason={TRIGGERED}",
    )
    assert home(host, sample_count=1) == begin
    host.until(0.4)
    first, second = host.named("trsync_state")[1:3]
    assert (first["oid"], first["clock"]) == (2, begin + 14 * REST & 0xFFFFFFFF)
    assert position(host) == -116
    assert (second["oid"], second["clock"]) == (5, begin + 14 * REST + REST // 2 & 0xFFFFFFFF)


def test_a_trace_forgets_what_did_not_come_to_pass() -> None:
    trace = PinTrace(delay=5, clock=100, level=False)
    trace.extend(200, change=150)
    trace.extend(300, change=250)
    assert [trace.at(clock) for clock in (154, 155, 254, 255)] == [False, True, True, False]
    trace.cut(220)
    assert trace.known == 225 and trace.last
    assert trace.next_change(155) is None
    trace.extend(400, change=300)
    assert trace.next_change(155) == 305
    trace.forget(310)
    assert trace.at(0) is False and trace.next_change(0) is None
