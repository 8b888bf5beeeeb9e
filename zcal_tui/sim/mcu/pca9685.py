"""PWM outputs of a PCA9685 on the I2C bus of a Linux host. Behaviour after Klipper src/linux/pca9685.c.

Each channel is an output of the machine with the name `pca9685_CHANNEL`.
"""

from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.outputs import PwmOut
from zcal_tui.sim.mcu.scheduler import FirmwareShutdown

GREATEST = 4096
LAST_CHANNEL = 15


class Pca9685s:
    """The commands for its channels. A shutdown and the move queue reach them as they reach other PWM outputs."""

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware
        self._cycles: dict[tuple[int, int], int] = {}
        firmware.dictionary.constant("PCA9685_MAX", GREATEST)
        firmware.command(
            "config_pca9685 oid=%c bus=%c addr=%c channel=%c cycle_ticks=%u value=%hu default_value=%hu"
            " max_duration=%u",
            self._config,
        )
        firmware.command("queue_pca9685_out oid=%c clock=%u value=%hu", self._queue)
        firmware.command("set_pca9685_out bus=%c addr=%c channel=%c cycle_ticks=%u value=%hu", self._set)

    def _config(
        self,
        oid: int,
        bus: int,
        address: int,
        channel: int,
        cycle_ticks: int,
        value: int,
        default: int,
        max_duration: int,
    ) -> None:
        output = self._output(bus, address, channel, cycle_ticks, max(value, default), default, max_duration)
        self._firmware.assign(oid, output)
        output.write(value)

    def _queue(self, oid: int, clock: int, value: int) -> None:
        if value > GREATEST:
            raise FirmwareShutdown("Invalid pca9685 value")
        self._firmware.lookup(oid, PwmOut).queue(self._firmware.scheduler.extend(clock), value)

    def _set(self, bus: int, address: int, channel: int, cycle_ticks: int, value: int) -> None:
        self._output(bus, address, channel, cycle_ticks, value).write(value)

    def _output(
        self,
        bus: int,
        address: int,
        channel: int,
        cycle_ticks: int,
        greatest: int,
        default: int = 0,
        max_duration: int = 0,
    ) -> PwmOut:
        """A channel; all of a chip have the same cycle. `greatest` is the greatest value that it is to have."""
        if channel > LAST_CHANNEL or greatest > GREATEST:
            raise FirmwareShutdown("Invalid pca9685 channel or value")
        if self._cycles.setdefault((bus, address), cycle_ticks) != cycle_ticks:
            raise FirmwareShutdown("All PCA9685 channels must have the same cycle_ticks")
        return PwmOut(
            self._firmware,
            f"{self._firmware.prefix}pca9685_{channel}",
            default,
            max_duration,
            greatest=GREATEST,
            event=("pca9685", "pca9685"),
        )
