"""The PWM chip of a Linux host: its channels are outputs of the machine."""

import pytest

from tests.unit.sim.mcu.mcu_bench import Host, Slide
from zcal_tui.sim.mcu import CLOCK_FREQ, SimulatedMcu

CONFIG = (
    "config_pca9685 oid={} bus=2 addr=112 channel={} cycle_ticks={} value={} default_value=0 max_duration={}"
)


def chip(*channels: tuple[int, int, int], max_duration: float = 0.0) -> tuple[Host, Slide]:
    """A host of channels: each one's number, cycle and first value."""
    machine = Slide()
    host = Host(SimulatedMcu(machine, groups=("pca9685",)))
    host.identify()
    host.configure(
        *(
            CONFIG.format(oid, *channel, int(max_duration * CLOCK_FREQ))
            for oid, channel in enumerate(channels)
        )
    )
    return host, machine


def changes(machine: Slide, pin: str) -> list[tuple[float, float]]:
    return [(round(time, 4), duty) for time, name, duty in machine.outputs if name == pin]


def test_a_channel_changes_at_its_time() -> None:
    host, machine = chip((5, 12000, 0), (4, 12000, 4096))
    host.send(f"queue_pca9685_out oid=0 clock={host.clock(0.1)} value=1024")
    host.until(0.2)
    assert changes(machine, "pca9685_5") == [(0.0, 0.0), (0.1, 0.25)]
    assert changes(machine, "pca9685_4") == [(0.0, 1.0)]


def test_a_channel_left_alone_shuts_down_and_off() -> None:
    host, machine = chip((5, 12000, 0), max_duration=0.5)
    host.send(f"queue_pca9685_out oid=0 clock={host.clock(0.1)} value=4096")
    host.until(0.61)
    assert host.shutdown_reason() == "Missed scheduling of next pca9685 event"
    assert changes(machine, "pca9685_5")[-1] == (0.6, 0.0)


@pytest.mark.parametrize(
    ("channels", "reason"),
    [
        ([(16, 12000, 0)], "Invalid pca9685 channel or value"),
        ([(5, 12000, 4097)], "Invalid pca9685 channel or value"),
        ([(5, 12000, 0), (4, 24000, 0)], "All PCA9685 channels must have the same cycle_ticks"),
    ],
)
def test_a_wrong_configuration_shuts_down(channels: list[tuple[int, int, int]], reason: str) -> None:
    host, _ = chip(*channels)
    assert host.shutdown_reason() == reason


def test_a_value_beyond_the_greatest_shuts_down() -> None:
    host, _ = chip((5, 12000, 0))
    host.send(f"queue_pca9685_out oid=0 clock={host.clock(0.1)} value=4097")
    host.until(0.01)
    assert host.shutdown_reason() == "Invalid pca9685 value"


def test_a_channel_without_a_queue_is_set_at_once() -> None:
    host, machine = chip()
    host.send("set_pca9685_out bus=2 addr=112 channel=7 cycle_ticks=12000 value=2048")
    host.until(0.01)
    assert [duty for _, duty in changes(machine, "pca9685_7")] == [0.5]
