"""Accelerometers: the firmware reads their FIFO and reports it in bulk. They feel gravity and noise, but no motion.

Behaviour after Klipper src/sensor_adxl345.c, sensor_lis2dw.c, sensor_mpu9250.c and sensor_icm20948.c; `older` for the
commands of before 2024, which have a response of their own for each kind. Source of the registers: the chips' data
sheets.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from zcal_tui.sim.mcu.bulk_sensor import BULK_BYTES, BulkReports
from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.scheduler import CLOCK_MASK, Timer

_SAMPLES_A_POLL = 4
"""Klippy has a chip polled once in the time of four samples."""
_NOISE = 4.0
"""σ of one reading of an axis, in counts."""


@dataclass(frozen=True)
class AccelerometerKind:
    """One kind of chip: its identity and what it reads at 1 g."""

    identity: tuple[int, int]
    """A register and its value."""
    gravity: int
    order: str
    """The byte order of its three numbers; empty for the packed ones of an ADXL345."""


KINDS: Mapping[str, AccelerometerKind] = {
    "adxl345": AccelerometerKind((0x00, 0xE5), 256, ""),
    "lis2dw": AccelerometerKind((0x0F, 0x44), 2049, "<"),
    "lis3dh": AccelerometerKind((0x0F, 0x33), 1365, "<"),
    "mpu9250": AccelerometerKind((0x75, 0x71), 4096, ">"),
    "icm20948": AccelerometerKind((0x00, 0xEA), 2048, ">"),
}
"""By the kind of section."""
COMMANDS = ("adxl345", "lis2dw", "mpu9250", "icm20948")
"""The groups of commands; a LIS3DH is read by those of a LIS2DW."""
_READ = 0x80


class RegisterChip:
    """A chip of registers of a byte each, on SPI or I2C."""

    def __init__(self, kind: str) -> None:
        register, value = KINDS[kind].identity
        self._identity = register
        self._values = {register: value}

    def transfer(self, data: bytes) -> bytes:
        """See SpiChip."""
        if data and data[0] & _READ:
            return b"\0" + self.read(bytes([data[0] & 0x3F]), len(data) - 1)
        self.write(data)
        return bytes(len(data))

    def write(self, data: bytes) -> None:
        """Set registers, from the one that the first byte names. Its identity stays."""
        for number, value in enumerate(data[1:]):
            if data[0] + number != self._identity:
                self._values[data[0] + number] = value

    def read(self, register: bytes, length: int) -> bytes:
        """Registers from one on."""
        first = register[0] if register else 0
        return bytes(self._values.get(first + number, 0) for number in range(length))


class Accelerometer:
    """The firmware's driver of one chip."""

    def __init__(
        self, firmware: Firmware, oid: int, kind: AccelerometerKind, commands: "AccelerometerCommands"
    ) -> None:
        self._firmware = firmware
        self._oid = oid
        self._kind = kind
        self._commands = commands
        self._timer = Timer(self._poll)
        self._draws = np.random.default_rng(oid)
        self._rest_ticks = 0
        self._buffer = bytearray()
        self._sequence = 0

    def query(self, rest_ticks: int, clock: int | None = None) -> None:
        """Read the chip every `rest_ticks`, from `clock` (64 bit) on or from now; 0 to stop."""
        self._firmware.scheduler.delete(self._timer)
        self._rest_ticks = rest_ticks
        if rest_ticks:
            self._buffer.clear()
            self._sequence = 0
            begin = self._firmware.clock + rest_ticks if clock is None else clock
            self._firmware.scheduler.add(self._timer, begin)

    @property
    def status(self) -> tuple[int, int, int, int]:
        """The clock now, the time that the query took, the next block's number, bytes that wait."""
        return self._firmware.clock & CLOCK_MASK, 0, self._sequence & 0xFFFF, len(self._buffer)

    def _poll(self) -> int:
        for _ in range(_SAMPLES_A_POLL):
            sample = self._sample()
            self._buffer += sample
            if len(self._buffer) + len(sample) > BULK_BYTES:
                self._commands.data(self._oid, self._sequence & 0xFFFF, bytes(self._buffer))
                self._buffer.clear()
                self._sequence += 1
        return self._timer.waketime + self._rest_ticks

    def _sample(self) -> bytes:
        x, y, z = (round(value) for value in self._draws.normal((0.0, 0.0, self._kind.gravity), _NOISE))
        if self._kind.order:
            return struct.pack(f"{self._kind.order}hhh", x, y, z)
        return bytes(
            (
                x & 0xFF,
                y & 0xFF,
                z & 0xFF,
                (x >> 8 & 0x1F) | (z >> 3 & 0xE0),
                (y >> 8 & 0x1F) | (z >> 6 & 0x60),
            )
        )


class AccelerometerCommands:
    """The commands of one group."""

    def __init__(self, firmware: Firmware, group: str, kinds: Mapping[int, str], *, older: bool) -> None:
        """`kinds` are the kinds of chips by the number that the configuration gives, where it gives one."""
        self._firmware = firmware
        self._group = group
        self._kinds = kinds
        self._older = older
        config = {
            "adxl345": "config_adxl345 oid=%c spi_oid=%c",
            "lis2dw": "config_lis2dw oid=%c bus_oid=%c bus_oid_type=%c lis_chip_type=%c",
        }.get(group, f"config_{group} oid=%c i2c_oid=%c")
        if group == "lis2dw" and older:
            config = "config_lis2dw oid=%c spi_oid=%c"
        elif group == "lis2dw":
            firmware.dictionary.enumeration("bus_oid_type", {"spi": 0, "i2c": 1})
            firmware.dictionary.enumeration("lis_chip_type", {"LIS2DW": 0, "LIS3DH": 1})
        firmware.command(config, self._config)
        firmware.command(f"query_{group}_status oid=%c", self._query_status)
        if older:
            fifo = "%u" if group == "mpu9250" else "%c"
            firmware.command(f"query_{group} oid=%c clock=%u rest_ticks=%u", self._query_older)
            self._status = firmware.response(
                f"{group}_status oid=%c clock=%u query_ticks=%u next_sequence=%hu buffered=%c fifo={fifo}"
                " limit_count=%hu"
            )
            self.data = firmware.response(f"{group}_data oid=%c sequence=%hu data=%*s")
        else:
            firmware.command(f"query_{group} oid=%c rest_ticks=%u", self._query)
            reports = BulkReports(firmware)
            self._status, self.data = reports.status, reports.data
        firmware.on_shutdown(self._shutdown)

    def _config(self, oid: int, _bus_oid: int, _bus_type: int = 0, chip: int = 0) -> None:
        kind = KINDS[self._kinds.get(chip, self._group)]
        self._firmware.assign(oid, Accelerometer(self._firmware, oid, kind, self))

    def _query(self, oid: int, rest_ticks: int) -> None:
        self._firmware.lookup(oid, Accelerometer).query(rest_ticks)

    def _query_older(self, oid: int, clock: int, rest_ticks: int) -> None:
        self._firmware.lookup(oid, Accelerometer).query(rest_ticks, self._firmware.scheduler.extend(clock))
        if not rest_ticks:
            self._query_status(oid)

    def _query_status(self, oid: int) -> None:
        status = self._firmware.lookup(oid, Accelerometer).status
        # the older ones tell what waits in the chip, the others how often it overflowed
        self._status(oid, *status, *((0, 0) if self._older else (0,)))

    def _shutdown(self) -> None:
        for sensor in self._firmware.objects(Accelerometer):
            sensor.query(0)
