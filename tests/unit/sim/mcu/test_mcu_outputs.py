import pytest

from tests.unit.sim.mcu.mcu_bench import Host, Slide, bench
from zcal_tui.sim.mcu import CLOCK_FREQ


def heater_bench(*, max_duration: float = 0.0, default: int = 0, value: int = 0) -> tuple[Host, Slide]:
    host, machine = bench()
    host.configure(
        f"config_digital_out oid=0 pin=out value={value} default_value={default}"
        f" max_duration={int(max_duration * CLOCK_FREQ)}",
        f"config_pwm_out oid=1 pin=step2 cycle_ticks=1000 value=0 default_value=0"
        f" max_duration={int(max_duration * CLOCK_FREQ)}",
    )
    return host, machine


def changes(machine: Slide, pin: str = "out") -> list[tuple[float, float]]:
    return [(round(time, 4), duty) for time, name, duty in machine.outputs if name == pin]


def test_changes_happen_at_their_time() -> None:
    host, machine = heater_bench()
    host.send(
        f"queue_digital_out oid=0 clock={host.clock(0.1)} on_ticks=1",
        f"queue_digital_out oid=0 clock={host.clock(0.25)} on_ticks=0",
    )
    host.until(0.5)
    assert changes(machine) == [(0.0, 0.0), (0.1, 1.0), (0.25, 0.0)]


def test_software_pwm_is_a_duty_cycle() -> None:
    host, machine = bench()
    host.configure(
        "config_digital_out oid=0 pin=out value=0 default_value=0 max_duration=0",
        "set_digital_out_pwm_cycle oid=0 cycle_ticks=240000",
    )
    host.send(
        f"queue_digital_out oid=0 clock={host.clock(0.1)} on_ticks=60000",
        f"queue_digital_out oid=0 clock={host.clock(0.2)} on_ticks=240000",
    )
    host.until(0.3)
    assert changes(machine)[1:] == [(0.1, 0.25), (0.2, 1.0)]


def test_hardware_pwm_is_a_duty_cycle() -> None:
    host, machine = heater_bench()
    host.send(f"queue_pwm_out oid=1 clock={host.clock(0.1)} value=51")
    host.until(0.3)
    assert changes(machine, "step2") == [(0.0, 0.0), (0.1, 0.2)]


@pytest.mark.parametrize(
    ("command", "pin", "reason"),
    [
        ("queue_digital_out oid=0 clock={} on_ticks=1", "out", "Missed scheduling of next digital out event"),
        ("queue_pwm_out oid=1 clock={} value=255", "step2", "Missed scheduling of next hard pwm event"),
    ],
)
def test_a_heater_left_alone_shuts_down_and_off(command: str, pin: str, reason: str) -> None:
    host, machine = heater_bench(max_duration=0.5)
    host.send(command.format(host.clock(0.1)))
    host.until(0.59)
    assert host.shutdown_reason() is None
    host.until(0.61)
    assert host.shutdown_reason() == reason
    assert changes(machine, pin)[-1] == (0.6, 0.0)


def test_a_heater_kept_on_by_the_host_stays_on() -> None:
    host, machine = heater_bench(max_duration=0.5)
    for number in range(1, 10):
        host.send(f"queue_digital_out oid=0 clock={host.clock(0.3 * number)} on_ticks=1")
        host.until(0.3 * number - 0.1)
    assert host.shutdown_reason() is None
    host.send(f"queue_digital_out oid=0 clock={host.clock(3.0)} on_ticks=0")
    host.until(6.0)
    assert host.shutdown_reason() is None
    assert changes(machine)[-1][1] == 0.0


def test_a_change_later_than_the_watchdog_is_refused() -> None:
    host, _ = heater_bench(max_duration=0.5)
    host.send(f"queue_digital_out oid=0 clock={host.clock(0.1)} on_ticks=1")
    host.until(0.2)
    host.send(f"queue_digital_out oid=0 clock={host.clock(0.7)} on_ticks=0")
    assert host.shutdown_reason() == "Scheduled digital out event will exceed max_duration"


def test_shutdown_sets_the_default_and_nothing_queued_follows() -> None:
    host, machine = heater_bench(default=1)
    host.send(f"queue_digital_out oid=0 clock={host.clock(0.3)} on_ticks=0", "emergency_stop")
    host.until(0.5)
    assert changes(machine) == [(0.0, 0.0), (0.0, 1.0)]


def test_update_acts_at_once_unless_changes_are_queued() -> None:
    host, machine = heater_bench()
    host.until(0.2)
    host.send("update_digital_out oid=0 value=1")
    assert changes(machine)[-1] == (0.2, 1.0)
    host.send(
        f"queue_digital_out oid=0 clock={host.clock(0.4)} on_ticks=1", "update_digital_out oid=0 value=0"
    )
    assert host.shutdown_reason() == "update_digital_out not valid with active queue"


def test_pins_can_be_set_without_an_object() -> None:
    host, machine = bench()
    host.send("set_digital_out pin=out value=1", "set_pwm_out pin=step2 cycle_ticks=1 value=255")
    assert changes(machine) == [(0.0, 1.0)]
    assert changes(machine, "step2") == [(0.0, 1.0)]


def test_a_change_in_the_past_shuts_down() -> None:
    host, _ = heater_bench()
    host.until(0.5)
    host.send(f"queue_digital_out oid=0 clock={host.clock(0.4)} on_ticks=1")
    assert host.shutdown_reason() == "Timer too close"
