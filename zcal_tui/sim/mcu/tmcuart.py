"""Stepper drivers on a single wire UART. Behaviour after Klipper src/tmcuart.c; data sheet of the TMC2209, "UART"."""

from collections.abc import Callable

from zcal_tui.sim.mcu.chips import TmcRegisters
from zcal_tui.sim.mcu.firmware import Firmware

DriverAt = Callable[[str, int], TmcRegisters]
"""The driver at an address of a receive pin."""

_SYNC, _TO_MASTER, _WRITE = 0x05, 0xFF, 0x80
_IFCNT = 0x02


class TmcUart:
    """A UART's receive pin, with up to four drivers."""

    def __init__(self, rx_pin: str) -> None:
        self.rx_pin = rx_pin


class TmcUarts:
    """The UART commands. Messages come as bits on the wire, start and stop bits included."""

    def __init__(self, firmware: Firmware, driver_at: DriverAt) -> None:
        self._firmware = firmware
        self._driver_at = driver_at
        firmware.command("config_tmcuart oid=%c rx_pin=%u pull_up=%c tx_pin=%u bit_time=%u", self._config)
        firmware.command("tmcuart_send oid=%c write=%*s read=%c", self._send)
        self._answer = firmware.response("tmcuart_response oid=%c read=%*s")

    def _config(self, oid: int, rx_pin: int, _pull_up: int, tx_pin: int, _bit_time: int) -> None:
        self._firmware.output_pin(tx_pin)
        self._firmware.assign(oid, TmcUart(self._firmware.input_pin(rx_pin)))

    def _send(self, oid: int, write: bytes, read_length: int) -> None:
        answer = self._exchange(self._firmware.lookup(oid, TmcUart).rx_pin, from_wire(write))
        self._answer(oid, to_wire(answer)[:read_length] if read_length else b"")

    def _exchange(self, rx_pin: str, message: bytes) -> bytes:
        """What a driver answers: nothing to a write, or to what it does not understand."""
        if len(message) < 4 or message[-1] != crc8(message[:-1]):
            return b""
        address, register = message[1], message[2]
        driver = self._driver_at(rx_pin, address)
        if register & _WRITE:
            driver.write(register & ~_WRITE, int.from_bytes(message[3:7], "big"))
            return b""
        value = driver.writes if register == _IFCNT else driver.read(register)
        answer = bytes((_SYNC, _TO_MASTER, register)) + value.to_bytes(4, "big")
        return answer + bytes((crc8(answer),))


def from_wire(bits: bytes) -> bytes:
    """The bytes in a run of bits: each has a start bit, eight data bits with the lowest first, and a stop bit."""
    stream = int.from_bytes(bits, "little")
    return bytes((stream >> (10 * number + 1)) & 0xFF for number in range(len(bits) * 8 // 10))


def to_wire(message: bytes) -> bytes:
    """The opposite of `from_wire`."""
    stream = sum((byte << 1 | 0x200) << (10 * number) for number, byte in enumerate(message))
    return stream.to_bytes(-(-len(message) * 10 // 8), "little")


def crc8(data: bytes) -> int:
    """The checksum: polynomial 0x07, the bits of each byte taken lowest first."""
    crc = 0
    for byte in data:
        for bit in range(8):
            top = crc >> 7 ^ byte >> bit & 1
            crc = crc << 1 & 0xFF ^ (0x07 if top else 0)
    return crc
