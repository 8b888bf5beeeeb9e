"""I2C: devices on buses, and the commands that talk to them.

Klipper changed the commands in 2025: `i2c_transfer` with a status in place of `i2c_write` and `i2c_read`, which
shut down on failure. A host that finds the older ones uses them. Behaviour after Klipper src/i2ccmds.c.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.scheduler import FirmwareShutdown

SUCCESS, NACK, START_NACK, START_READ_NACK, BUS_TIMEOUT = range(5)

LONGEST_READ = 48
"""Bytes: what fits into one message to the host."""


class Device(Protocol):
    """A chip on a bus."""

    def write(self, data: bytes) -> None:
        """Bytes are written to it."""

    def read(self, register: bytes, length: int) -> bytes:
        """Bytes are read from it after a register's number is written."""


DeviceAt = Callable[[str, int], Device | None]
"""The chip at an address of a bus, if there is one."""


class I2cDevice:
    """The firmware's handle on an address of a bus."""

    def __init__(self) -> None:
        self.bus = ""
        self.chip: Device | None = None


class I2cBuses:
    """The I2C commands. `older` offers those of before 2025, which Kalico uses, instead of today's."""

    def __init__(self, firmware: Firmware, buses: Sequence[str], device_at: DeviceAt, *, older: bool) -> None:
        self._firmware = firmware
        self._buses = buses
        self._device_at = device_at
        firmware.dictionary.enumeration("i2c_bus", {name: number for number, name in enumerate(buses)})
        firmware.command("config_i2c oid=%c", self._config)
        firmware.command("i2c_set_bus oid=%c i2c_bus=%u rate=%u address=%u", self._set_bus)
        for speed in (
            "i2c_set_sw_bus {} pulse_ticks=%u address=%u",
            "i2c_set_software_bus {} rate=%u address=%u",
        ):
            firmware.command(speed.format("oid=%c scl_pin=%u sda_pin=%u"), self._set_pins)
        if older:
            firmware.command("i2c_modify_bits oid=%c reg=%*s clear_set_bits=%*s", self._modify)
            firmware.command("i2c_write oid=%c data=%*s", self._write)
            firmware.command("i2c_read oid=%c reg=%*s read_len=%u", self._read)
            self._answer = firmware.response("i2c_read_response oid=%c response=%*s")
            return
        firmware.dictionary.enumeration(
            "i2c_bus_status",
            {
                "SUCCESS": SUCCESS,
                "NACK": NACK,
                "START_NACK": START_NACK,
                "START_READ_NACK": START_READ_NACK,
                "BUS_TIMEOUT": BUS_TIMEOUT,
            },
        )
        firmware.command("i2c_transfer oid=%c write=%*s read_len=%u", self._transfer)
        self._answer = firmware.response("i2c_response oid=%c i2c_bus_status=%c response=%*s")

    def _config(self, oid: int) -> None:
        self._firmware.assign(oid, I2cDevice())

    def _set_bus(self, oid: int, bus: int, _rate: int, address: int) -> None:
        device = self._firmware.lookup(oid, I2cDevice)
        if bus >= len(self._buses):
            raise FirmwareShutdown("Unsupported i2c bus")
        device.bus = self._firmware.prefix + self._buses[bus]
        device.chip = self._device_at(device.bus, address & 0x7F)

    def _set_pins(self, oid: int, clock: int, data: int, _speed: int, address: int) -> None:
        """A bus made of two pins, named after its clock's."""
        self._firmware.output_pin(data)
        device = self._firmware.lookup(oid, I2cDevice)
        device.bus = self._firmware.output_pin(clock)
        device.chip = self._device_at(device.bus, address & 0x7F)

    def _modify(self, oid: int, register: bytes, clear_and_set: bytes) -> None:
        chip = self._chip(oid)
        half = len(clear_and_set) // 2
        old = chip.read(register, half)
        new = bytes(
            byte & ~cleared | added
            for byte, cleared, added in zip(old, clear_and_set[:half], clear_and_set[half:], strict=False)
        )
        chip.write(register + new)

    def _transfer(self, oid: int, data: bytes, read_length: int) -> None:
        read_length = min(read_length, LONGEST_READ)
        chip = self._firmware.lookup(oid, I2cDevice).chip
        if chip is None:
            self._answer(oid, START_NACK, bytes(read_length))
        elif read_length:
            self._answer(oid, SUCCESS, chip.read(data, read_length))
        else:
            chip.write(data)
            self._answer(oid, SUCCESS, b"")

    def _write(self, oid: int, data: bytes) -> None:
        self._chip(oid).write(data)

    def _read(self, oid: int, register: bytes, read_length: int) -> None:
        self._answer(oid, self._chip(oid).read(register, min(read_length, LONGEST_READ)))

    def _chip(self, oid: int) -> Device:
        chip = self._firmware.lookup(oid, I2cDevice).chip
        if chip is None:
            raise FirmwareShutdown("I2C START NACK")
        return chip
