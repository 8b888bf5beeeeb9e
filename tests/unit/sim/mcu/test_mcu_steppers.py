from collections.abc import Iterator
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.sim.mcu.mcu_bench import Host, Slide, bench
from zcal_tui.sim.mcu.steppers import Segment

STEPPER = "config_stepper oid=0 step_pin=step dir_pin=dir invert_step=-1 step_pulse_ticks=1"
STEPPER2 = "config_stepper oid=3 step_pin=step2 dir_pin=dir2 invert_step=-1 step_pulse_ticks=1"


def step_times(start: int, interval: int, count: int, add: int) -> Iterator[int]:
    """One step at a time, as the firmware takes them."""
    clock = start
    for _ in range(count):
        clock += interval
        interval += add
        yield clock


@st.composite
def segments(draw: st.DrawFn) -> tuple[int, int, int, int]:
    count = draw(st.integers(1, 400))
    add = draw(st.integers(-1000, 1000))
    least = max(1, 1 - add * (count - 1))
    return draw(st.integers(0, 2**40)), draw(st.integers(least, least + 100_000)), count, add


@given(segments(), st.data())
def test_a_segment_counts_steps_as_stepping_does(
    move: tuple[int, int, int, int], data: st.DataObject
) -> None:
    segment = Segment.of(*move, sign=1)
    times = list(step_times(*move))
    assert [segment.time_of_step(k) for k in range(1, len(times) + 1)] == times
    assert segment.end == times[-1]
    clock = data.draw(
        st.integers(move[0], times[-1] + 10)
        | st.sampled_from(times)
        | st.sampled_from([t - 1 for t in times])
    )
    assert segment.steps_until(clock) == sum(time <= clock for time in times)


def queue(host: Host, oid: int, moves: list[tuple[int, int, int, int]]) -> list[tuple[int, int]]:
    """Queue (interval, count, add, direction); the steps as (clock, sign)."""
    start = host.clock64(host.now + 0.1)
    host.send(f"reset_step_clock oid={oid} clock={start & 0xFFFFFFFF}")
    taken: list[tuple[int, int]] = []
    for interval, count, add, direction in moves:
        host.send(
            f"set_next_step_dir oid={oid} dir={direction}",
            f"queue_step oid={oid} interval={interval} count={count} add={add}",
        )
        sign = 1 if direction else -1
        taken += [(clock, sign) for clock in step_times(start, interval, count, add)]
        start = taken[-1][0]
    return taken


move = st.tuples(st.integers(200, 20_000), st.integers(1, 60), st.just(0), st.integers(0, 1)) | st.tuples(
    st.integers(20_000, 40_000), st.integers(1, 60), st.integers(-300, 300), st.integers(0, 1)
)


@settings(deadline=None, max_examples=60)
@given(st.lists(move, min_size=1, max_size=6), st.lists(move, min_size=1, max_size=6))
def test_the_machine_sees_every_reversal_of_every_motor(
    first: list[tuple[int, int, int, int]], second: list[tuple[int, int, int, int]]
) -> None:
    host, machine = bench(tick=0.037)
    host.configure(STEPPER, STEPPER2)
    taken = queue(host, 0, first), queue(host, 3, second)
    host.until(max(host.time_of(steps[-1][0]) for steps in taken) + 0.01)
    for pin, steps in zip(("step", "step2"), taken, strict=True):
        counted = [0, *accumulate(sign for _, sign in steps)]
        assert machine.steps[pin] == counted[-1]
        # What a machine with lost motion needs: the extremes of the path, in order.
        seen = [position[pin] for _, position in machine.path if pin in position]
        assert turning_points(seen) == turning_points(counted)
        for time, position in machine.path:
            if pin in position:
                clock = host.clock64(time)
                assert position[pin] == counted[sum(at <= clock for at, _ in steps)]


def turning_points(path: list[int]) -> list[int]:
    points = [path[0]]
    for before, here, after in zip(path, path[1:], [*path[2:], path[-1]], strict=False):
        if here != before and (after == here or (after > here) != (here > before)):
            points.append(here)
    merged = [points[0]]
    for point in points[1:]:
        if len(merged) > 1 and (point - merged[-1]) * (merged[-1] - merged[-2]) >= 0:
            merged[-1] = point
        elif point != merged[-1]:
            merged.append(point)
    return merged


def test_position_counts_from_the_configuration_and_the_machine_from_the_start() -> None:
    host, machine = bench()
    host.configure(STEPPER)
    queue(host, 0, [(1000, 50, 0, 1), (1000, 20, 0, 0)])
    host.until(host.now + 0.2)
    assert host.ask("stepper_get_position oid=0", "stepper_position")["pos"] == 30
    host.send("reset")
    host.until(host.now + 0.1)
    host.sequence = 0
    host.identify()
    host.configure(STEPPER)
    assert host.ask("stepper_get_position oid=0", "stepper_position")["pos"] == 0
    host.until(host.now + 0.01)
    assert machine.steps["step"] == 30


def test_the_clock_s_overflow_goes_unnoticed() -> None:
    host, machine = bench(tick=0.05)
    host.configure(STEPPER)
    host.until(19.8)
    queue(host, 0, [(12_000, 400, 0, 1)])  # 0.4 s, across the overflow at 20 s
    host.until(20.5)
    assert host.shutdown_reason() is None
    assert machine.steps["step"] == 400


def test_a_first_step_in_the_past_shuts_down() -> None:
    host, _ = bench()
    host.configure(STEPPER)
    host.until(0.5)
    host.send(
        f"reset_step_clock oid=0 clock={host.clock(0.3)}", "queue_step oid=0 interval=100 count=5 add=0"
    )
    assert host.shutdown_reason() == "Timer too close"


def test_steps_may_be_queued_late_while_others_are_under_way() -> None:
    host, machine = bench()
    host.configure(STEPPER)
    taken = queue(host, 0, [(60_000, 100, 0, 1)])  # 0.5 s
    host.until(0.55)
    host.send("queue_step oid=0 interval=1000 count=5 add=0")
    host.until(1.0)
    assert machine.steps["step"] == len(taken) + 5
    assert host.shutdown_reason() is None


@pytest.mark.parametrize(
    ("commands", "reason"),
    [
        (["queue_step oid=0 interval=100 count=0 add=0"], "Invalid count parameter"),
        (["queue_step oid=1 interval=100 count=1 add=0"], "Invalid oid type"),
        ([STEPPER.replace("oid=0", "oid=1")], "Can't assign oid"),
    ],
)
def test_nonsense_shuts_down(commands: list[str], reason: str) -> None:
    host, _ = bench()
    host.configure(STEPPER)
    host.send(*commands)
    assert host.shutdown_reason() == reason


def test_the_step_clock_of_a_running_motor_cannot_be_reset() -> None:
    host, _ = bench()
    host.configure(STEPPER)
    queue(host, 0, [(10_000, 500, 0, 1)])
    host.until(0.3)
    host.send("reset_step_clock oid=0 clock=0")
    assert host.shutdown_reason() == "Can't reset time when stepper active"


def test_steps_faster_than_the_pin_can_be_driven_shut_down() -> None:
    host, _ = bench()
    host.configure(STEPPER.replace("invert_step=-1 step_pulse_ticks=1", "invert_step=0 step_pulse_ticks=24"))
    queue(host, 0, [(10, 2000, 0, 1)])
    host.until(0.5)
    assert host.shutdown_reason() == "Stepper too far in past"


def test_the_move_queue_overflows_and_empties() -> None:
    host, _ = bench()
    host.configure(STEPPER)
    queue(host, 0, [(20_000, 1, 0, 1)] * 1000)
    host.until(1.0)
    for _ in range(400):
        host.send("queue_step oid=0 interval=20000 count=1 add=0")
    assert host.shutdown_reason() is None
    for _ in range(700):
        host.send("queue_step oid=0 interval=20000 count=1 add=0")
    assert host.shutdown_reason() == "Move queue overflow"


def test_shutdown_stops_the_motor_where_it_is() -> None:
    host, machine = bench()
    host.configure(STEPPER)
    queue(host, 0, [(12_000, 500, 0, 1)])
    host.until(0.3)
    host.send("emergency_stop")
    stopped = machine.steps["step"]
    assert 0 < stopped < 500
    host.until(1.0)
    assert machine.steps["step"] == stopped


def test_pins_are_known_by_the_machine_s_names() -> None:
    host, _ = bench(Slide(names=("PA1", "PA2", "gpio7")))
    assert isinstance(host.dictionary["enumerations"], dict)
    assert set(host.dictionary["enumerations"]["pin"]) == {"PA1", "PA2", "gpio7"}
