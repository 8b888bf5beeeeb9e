"""Several micro-controllers share time and motion: an endstop on one sees the steps of another."""

from collections.abc import Callable

import pytest

from tests.unit.sim.mcu.mcu_bench import Host, Slide
from zcal_tui.sim.mcu import CLOCK_FREQ, SimulatedMcu
from zcal_tui.sim.mcu.own_clock import Crystal
from zcal_tui.sim.mcu.timeline import Timeline

FIRST_CLOCK = (1 << 32) - 20 * CLOCK_FREQ


NOMINAL = 7_000_000
Two = Callable[[Slide], tuple[Host, Host]]


@pytest.fixture(params=[None, NOMINAL + 280, NOMINAL - 350], ids=["alike", "fast", "slow"])
def two(request: pytest.FixtureRequest) -> Two:
    """Makes the hosts of two micro-controllers on one machine: steps on the first, the switch on the second, whose
    clock may be its own."""

    def make(machine: Slide) -> tuple[Host, Host]:
        freq: int | None = request.param
        nominal = CLOCK_FREQ if freq is None else NOMINAL
        timeline = Timeline(machine, CLOCK_FREQ, FIRST_CLOCK, 0.0, {})
        first = SimulatedMcu(machine, timeline=timeline, groups=())
        second = SimulatedMcu(
            machine,
            name="head",
            pins=("switch", "out", "step2", "dir2"),
            timeline=timeline,
            groups=(),
            clock_freq=nominal,
            crystal=None if freq is None else Crystal(freq),
        )
        return Host(first), Host(second, nominal=nominal, freq=freq)

    return make


def machine_with(switch_at: int) -> Slide:
    return Slide(switch_at=switch_at, names=("step", "dir"))


def configure_stepper(host: Host) -> None:
    host.configure("config_stepper oid=0 step_pin=step dir_pin=dir invert_step=-1 step_pulse_ticks=0")
    host.send(f"reset_step_clock oid=0 clock={host.clock(0.5)}", "set_next_step_dir oid=0 dir=0")
    host.send(f"queue_step oid=0 interval={CLOCK_FREQ // 1000} count=1000 add=0")


def configure_switch(host: Host) -> None:
    host.configure("config_endstop oid=0 pin=switch pull_up=0", "config_trsync oid=1")
    host.send(
        f"trsync_start oid=1 report_clock={host.clock(0.4)} report_ticks={host.nominal} expire_reason=2",
        f"endstop_home oid=0 clock={host.clock(0.5)} sample_ticks=0 sample_count=1 rest_ticks={host.nominal // 1000}"
        " pin_value=1 trsync_oid=1 trigger_reason=1",
    )


def test_a_switch_closes_by_the_steps_of_the_other(two: Two) -> None:
    steppers, switches = two(machine_with(switch_at=-300))
    configure_stepper(steppers)
    configure_switch(switches)
    for time in range(1, 160):
        steppers.until(time / 100)
        switches.until(time / 100)
    reports = [report for report in switches.named("trsync_state") if report["trigger_reason"] == 1]
    assert reports
    state = switches.ask("endstop_query_state oid=0", "endstop_state")
    assert isinstance(state["next_clock"], int)
    # 300 steps of 1 ms from 0.5 s on
    passed = (state["next_clock"] - switches.clock(0.8)) & 0xFFFFFFFF
    assert passed / switches.freq < 0.003


def test_a_shutdown_of_one_leaves_the_other_alone(two: Two) -> None:
    steppers, switches = two(machine_with(switch_at=-3000))
    configure_stepper(steppers)
    switches.send("emergency_stop")
    steppers.until(2.0)
    switches.until(2.0)
    assert switches.shutdown_reason() == "Command request"
    assert steppers.shutdown_reason() is None
    assert steppers.ask("stepper_get_position oid=0", "stepper_position")["pos"] == -1000


def test_each_counts_its_own_clock(two: Two) -> None:
    hosts = two(machine_with(switch_at=-3000))
    for time in (0.5, 30.0, 100.0):
        for host in hosts:
            host.now = time
            clock = host.ask("get_clock", "clock")["clock"]
            assert isinstance(clock, int)
            assert abs((clock - host.clock(time) + 2) & 0xFFFFFFFF) <= 4
    frequencies = [host.dictionary["config"]["CLOCK_FREQ"] for host in hosts]  # type: ignore[index]
    assert frequencies == [host.nominal for host in hosts]


def test_steps_of_one_stop_at_the_switch_of_its_own_clock(two: Two) -> None:
    machine = machine_with(switch_at=-10_000)
    steppers, switches = two(machine)
    configure_stepper(steppers)
    switches.configure("config_stepper oid=0 step_pin=step2 dir_pin=dir2 invert_step=-1 step_pulse_ticks=0")
    switches.send(f"reset_step_clock oid=0 clock={switches.clock(0.5)}", "set_next_step_dir oid=0 dir=1")
    switches.send(f"queue_step oid=0 interval={switches.freq // 1000} count=1000 add=0")
    for time in range(1, 200):
        steppers.until(time / 100)
        switches.until(time / 100)
    assert machine.steps == {"step": -1000, "head:step2": 1000}
    # both take their steps together, whatever their clocks say
    apart = [steps["step"] + steps["head:step2"] for _, steps in machine.path]
    assert max(map(abs, apart)) <= 1


def test_a_timer_that_fails_shuts_its_own_firmware_down(two: Two) -> None:
    steppers, switches = two(machine_with(switch_at=-3000))
    configure_stepper(steppers)
    switches.configure("config_digital_out oid=0 pin=out value=0 default_value=0 max_duration=12000")
    switches.send(f"queue_digital_out oid=0 clock={switches.clock(0.3)} on_ticks=1")
    steppers.until(1.0)  # the other one's host has time pass
    switches.until(1.0)
    assert switches.shutdown_reason() == "Missed scheduling of next digital out event"
    assert steppers.shutdown_reason() is None


def test_one_restarts_while_the_other_moves(two: Two) -> None:
    machine = machine_with(switch_at=-3000)
    steppers, switches = two(machine)
    configure_stepper(steppers)
    configure_switch(switches)
    steppers.until(0.6)
    switches.until(0.6)
    switches.send("reset")
    steppers.until(2.0)
    switches.until(2.0)
    assert switches.named("starting")
    assert machine.reset_names == ["head"]
    switches.sequence = 0
    switches.configure("config_endstop oid=0 pin=switch pull_up=0")
    assert switches.ask("endstop_query_state oid=0", "endstop_state")["homing"] == 0
    assert steppers.ask("stepper_get_position oid=0", "stepper_position")["pos"] == -1000
