"""The LDC1612, an inductance to digital converter: its registers and what its conversions give.

Source: Texas Instruments, LDC1612 data sheet (SNOSCY9), "Register Maps" and "Sensor frequency".
"""

ADDRESSES = (0x2A, 0x2B)
OSCILLATOR_FREQ = 12_000_000

REG_RCOUNT0 = 0x08
REG_CLOCK_DIVIDERS0 = 0x14
REG_CONFIG = 0x1A
REG_DRIVE_CURRENT0 = 0x1E
REG_MANUFACTURER_ID = 0x7E
REG_DEVICE_ID = 0x7F

_ON_POWER_UP = {
    REG_RCOUNT0: 0x0080,
    REG_CONFIG: 0x2801,
    REG_MANUFACTURER_ID: 0x5449,
    REG_DEVICE_ID: 0x3055,
}
_SLEEP = 1 << 13
_DATA_BITS = 28
_INITIAL_DRIVE = 15  # what its automatic drive current calibration finds for the coil it is connected to


class Ldc1612Chip:
    """A chip on channel 0 in continuous conversion, clocked by an oscillator of `OSCILLATOR_FREQ`."""

    def __init__(self) -> None:
        self._registers = dict(_ON_POWER_UP)

    def write(self, data: bytes) -> None:
        """A register's number and its 16 bits; less than that only sets the number for a read."""
        if len(data) >= 3:
            self._registers[data[0]] = int.from_bytes(data[1:3], "big")

    def read(self, register: bytes, length: int) -> bytes:
        """A register's 16 bits."""
        number = register[0] if register else 0
        value = self._registers.get(number, 0)
        if number == REG_DRIVE_CURRENT0:
            value = value & 0xF800 | _INITIAL_DRIVE << 6
        return value.to_bytes(2, "big")[:length].ljust(length, b"\0")

    @property
    def is_converting(self) -> bool:
        """Whether it is awake."""
        return not self._registers[REG_CONFIG] & _SLEEP

    @property
    def conversion_seconds(self) -> float:
        """The time a conversion takes."""
        return (self._registers[REG_RCOUNT0] * 16 + 4) / self._reference_freq

    def convert(self, frequency: float) -> int:
        """The data of a conversion at a coil's frequency, Hz: error flags in bits 31..28, data in 27..0."""
        if frequency <= 0.0:
            return 0x8000_0000  # under range
        data = round(frequency / self._input_divider / self._reference_freq * (1 << _DATA_BITS))
        if data >= 1 << _DATA_BITS:
            return 0x4000_0000 | (1 << _DATA_BITS) - 1  # over range
        return data

    @property
    def _reference_freq(self) -> float:
        return OSCILLATOR_FREQ / max(1, self._registers.get(REG_CLOCK_DIVIDERS0, 0) & 0x3FF)

    @property
    def _input_divider(self) -> int:
        return max(1, self._registers.get(REG_CLOCK_DIVIDERS0, 0) >> 12)
