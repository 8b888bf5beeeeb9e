"""Temperature sensors on I2C: what klippy asks of them, and their answers for one temperature.

Source: data sheets of the LM75, HTU21D, SI7021, SHT21, AHT10, SHT31 and BMP280.
"""

import struct
from collections.abc import Callable, Mapping
from functools import partial

from zcal_tui.sim.mcu.i2c import Device

_HUMIDITY = 40.0
"""%. What those with a second sensor read."""


def _checked(value: int, start: int) -> bytes:
    """A number of 16 bits with its check sum: CRC-8 of the polynomial x⁸ + x⁵ + x⁴ + 1."""
    data = value.to_bytes(2, "big")
    crc = start
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = ((crc << 1) ^ 0x31 if crc & 0x80 else crc << 1) & 0xFF
    return data + bytes([crc])


class Lm75:
    """Registers; the first is the temperature in half degrees."""

    def __init__(self, celsius: float) -> None:
        self._temperature = (round(celsius * 2.0) << 7 & 0xFFFF).to_bytes(2, "big")

    def write(self, data: bytes) -> None:
        """See Device. It has nothing to set."""

    def read(self, register: bytes, length: int) -> bytes:
        """See Device."""
        value = self._temperature if register == b"\0" else b""
        return value.ljust(length, b"\0")[:length]


class Htu21d:
    """Commands of a byte; an answer is read after the command that asked for it."""

    _ASKS_TEMPERATURE, _ASKS_HUMIDITY, _ASKS_SERIAL = (0xE3, 0xF3), (0xE5, 0xF5), 0xFC

    def __init__(self, celsius: float, identity: int) -> None:
        self._temperature = round((celsius + 46.85) / 175.72 * 65536.0) & 0xFFFC
        self._humidity = round((_HUMIDITY + 6.0) / 125.0 * 65536.0) & 0xFFFC
        self._identity = identity
        self._asked = 0

    def write(self, data: bytes) -> None:
        """See Device."""
        self._asked = data[0] if data else 0

    def read(self, register: bytes, length: int) -> bytes:
        """See Device."""
        if register:
            self._asked = register[0]
        if self._asked == self._ASKS_SERIAL:
            value = self._identity << 8
        elif self._asked in self._ASKS_TEMPERATURE:
            value = self._temperature
        elif self._asked in self._ASKS_HUMIDITY:
            value = self._humidity
        else:
            return bytes(length)
        return _checked(value, 0x00)[:length].ljust(length, b"\0")


class Aht10:
    """Every reading is a status and both values, 20 bits each."""

    def __init__(self, celsius: float) -> None:
        temperature = round((celsius + 50.0) / 200.0 * (1 << 20))
        humidity = round(_HUMIDITY / 100.0 * (1 << 20))
        self._answer = b"\x08" + (humidity << 20 | temperature).to_bytes(5, "big")

    def write(self, data: bytes) -> None:
        """See Device."""

    def read(self, register: bytes, length: int) -> bytes:
        """See Device."""
        return self._answer.ljust(length, b"\0")[:length]


class Sht3x:
    """Commands of two bytes; the one that fetches gets both values."""

    _FETCH = b"\xe0\x00"

    def __init__(self, celsius: float) -> None:
        temperature, humidity = (celsius + 45.0) / 175.0, _HUMIDITY / 100.0
        self._values = b"".join(_checked(round(part * 65535.0), 0xFF) for part in (temperature, humidity))

    def write(self, data: bytes) -> None:
        """See Device."""

    def read(self, register: bytes, length: int) -> bytes:
        """See Device."""
        answer = self._values if register == self._FETCH else _checked(0, 0xFF)
        return answer.ljust(length, b"\0")[:length]


class Bmp280:
    """Registers: identity, calibration, and raw values that mean the temperature by that calibration."""

    _CALIBRATION, _IDENTITY, _PRESSURE = 0x88, 0xD0, 0xF7
    _T1, _T2, _P1 = 27504, 26435, 36477

    def __init__(self, celsius: float) -> None:
        raw = round((celsius * 5120.0 / self._T2 + self._T1 / 1024.0) * 16384.0)
        calibration = struct.pack("<HhhHhhhhhhhh", self._T1, self._T2, 0, self._P1, *(0,) * 8)
        values = (0x80000 << 4).to_bytes(3, "big") + (raw << 4).to_bytes(3, "big")
        self._registers = {self._IDENTITY: 0x58}
        for first, data in ((self._CALIBRATION, calibration), (self._PRESSURE, values)):
            self._registers |= {first + number: byte for number, byte in enumerate(data)}

    def write(self, data: bytes) -> None:
        """See Device. Its settings change nothing."""

    def read(self, register: bytes, length: int) -> bytes:
        """See Device."""
        first = register[0] if register else 0
        return bytes(self._registers.get(first + number, 0) for number in range(length))


THERMOMETERS: Mapping[str, Callable[[float], Device]] = {
    "LM75": Lm75,
    "HTU21D": partial(Htu21d, identity=0x32),
    "SI7013": partial(Htu21d, identity=0x0D),
    "SI7020": partial(Htu21d, identity=0x14),
    "SI7021": partial(Htu21d, identity=0x15),
    "SHT21": partial(Htu21d, identity=0x31),
    **dict.fromkeys(("AHT10", "AHT1X", "AHT2X", "AHT3X"), Aht10),
    "SHT3X": Sht3x,
    "BME280": Bmp280,
}
"""By sensor_type: the chip at a temperature in °C."""
