"""Chips on SPI and I2C buses that firmware and klippy talk to without the machine having a part in it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

TMC_STATUS = 0x6F
"""DRV_STATUS of the Trinamic drivers."""
_GSTAT, _TMC_TEMPERATURE = 0x01, 0x51
_WRITE = 0x80
_FIRST_VALUES: Mapping[int, int] = {
    # cs_actual at its maximum: at 0 klippy takes the driver for reset
    TMC_STATUS: 0x001F_0000,
    # 25 °C of a TMC2240: 7.7 steps a degree from 2038 at 0 °C
    _TMC_TEMPERATURE: 2230,
}
DriverWritten = Callable[[int, int, int], None]
"""Called when a register was written: the driver's place in its chain, the register, the value."""
_TMC2660_ANSWER = 0x07C0_00 | 1 << 11
"""Standing still, at full current."""


class SpiChip(Protocol):
    """A chip on an SPI bus."""

    def transfer(self, data: bytes) -> bytes:
        """Bytes go in, as many come out."""


class SilentSpiChip:
    """A chip that takes everything and answers zeros."""

    def transfer(self, data: bytes) -> bytes:
        """See SpiChip."""
        return bytes(len(data))


class SilentI2cChip:
    """A chip that acknowledges everything and answers zeros."""

    def write(self, data: bytes) -> None:
        """Bytes are written to it."""

    def read(self, register: bytes, length: int) -> bytes:
        """Bytes are read from it."""
        return bytes(length)


class TmcRegisters:
    """The registers of a Trinamic stepper driver. Source: data sheets of the TMC2130, TMC2209, TMC2240, TMC5160."""

    def __init__(self, written: Callable[[int, int], None]) -> None:
        """`written` is called with the register and its value when one is set."""
        self._written = written
        self._values = dict(_FIRST_VALUES)
        self.writes = 0
        """How many writes there were, modulo 256."""

    def read(self, register: int) -> int:
        """A register's value."""
        return self._values.get(register, 0)

    def write(self, register: int, value: int) -> None:
        """Set a register. What the driver reports stays; a write to GSTAT clears it."""
        self.writes = (self.writes + 1) & 0xFF
        if register not in (*_FIRST_VALUES, _GSTAT):
            self._values[register] = value
            self._written(register, value)


class TmcSpiChain:
    """Drivers on one chip select pin. Each answers a datagram of five bytes with what the last one asked for."""

    def __init__(self, written: DriverWritten) -> None:
        self._written = written
        self._drivers: dict[int, TmcRegisters] = {}
        self._answers: dict[int, int] = {}

    def transfer(self, data: bytes) -> bytes:
        """See SpiChip."""
        answer = bytearray()
        for place in range(len(data) // 5):
            register, value = data[place * 5], int.from_bytes(data[place * 5 + 1 : place * 5 + 5], "big")
            driver = self._drivers.setdefault(place, TmcRegisters(partial(self._written, place)))
            answer += b"\0" + self._answers.get(place, 0).to_bytes(4, "big")
            if register & _WRITE:
                driver.write(register & ~_WRITE, value)
                self._answers[place] = value
            else:
                self._answers[place] = driver.read(register)
        return bytes(answer)


class Tmc2660:
    """A driver that answers each of its datagrams of three bytes with its state."""

    def transfer(self, data: bytes) -> bytes:
        """See SpiChip."""
        return _TMC2660_ANSWER.to_bytes(3, "big")[: len(data)]


SPI_CHIPS: Mapping[str, Callable[[DriverWritten], SpiChip]] = {
    "tmc": TmcSpiChain,
    "tmc2660": lambda _written: Tmc2660(),
}
"""What is made for a chip select pin, by kind."""
