"""Message blocks and variable length quantities, as bytes.

Source: Klipper docs, Protocol, "Low-level message encoding" and "Message flow".
"""

import binascii
from collections.abc import Iterator

BLOCK_MIN = 5
BLOCK_MAX = 64
HEADER_SIZE = 2
TRAILER_SIZE = 3
SYNC = 0x7E
DEST = 0x10
SEQUENCE_MASK = 0x0F
CONTENT_MAX = BLOCK_MAX - BLOCK_MIN

_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class DecodeError(ValueError):
    """The content of a block ends in the middle of a value."""


def crc16(data: bytes) -> bytes:
    """The two checksum bytes of a block's header and content.

    The protocol's CRC is the bit-mirrored CCITT one; the standard library computes the unmirrored one in C,
    so the bits are mirrored on the way in and out.
    """
    crc = binascii.crc_hqx(data.translate(_MIRRORED), 0xFFFF)
    return bytes((_MIRRORED[crc & 0xFF], _MIRRORED[crc >> 8]))


def encode_vlq(value: int) -> bytes:
    """One integer, -2**31 .. 2**32-1, in one to five bytes."""
    low = value & 0x7F
    if -0x20 <= value < 0x60:
        return bytes((low,))
    out = [low]
    limit_low, limit_high = 0x20, 0x60
    while not -limit_low <= value < limit_high and len(out) < 5:
        out.append((value >> (7 * len(out))) & 0x7F | 0x80)
        limit_low <<= 7
        limit_high <<= 7
    return bytes(reversed(out))


def decode_vlq(data: bytes, position: int) -> tuple[int, int]:
    """The integer at `position` and the position behind it.

    A value of 2**31 and more may mean a negative number: the caller knows which.
    Raises DecodeError at the end of the data.
    """
    try:
        byte = data[position]
        value = byte & 0x7F
        if byte & 0x60 == 0x60:
            value -= 0x80
        while byte & 0x80:
            position += 1
            byte = data[position]
            value = value << 7 | byte & 0x7F
    except IndexError:
        raise DecodeError("a number is cut off at the end of a message block") from None
    return value, position + 1


class SerialLink:
    """The micro-controller's end of the serial line: finds blocks, keeps the sequence number, frames answers."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._sequence = DEST
        self._need_sync = False
        self._nak_sent = False

    def receive(self, data: bytes) -> Iterator[bytes | None]:
        """Take bytes from the host; give the content of each block that is next in sequence, or None where
        the host has to learn which sequence number is expected (a nak)."""
        self._buffer += data
        buffer = self._buffer
        while buffer:
            if self._need_sync:
                if (resync := self._skip_to_sync()) is not None:
                    yield from resync
                continue
            length = self._block_length()
            if length == 0:
                return
            if length < 0:
                if buffer[0] == SYNC:
                    del buffer[0]
                else:
                    self._need_sync = True
                continue
            block = bytes(buffer[:length])
            del buffer[:length]
            self._nak_sent = False
            if block[1] != self._sequence:
                yield None
                continue
            self._sequence = (block[1] + 1) & SEQUENCE_MASK | DEST
            yield block[HEADER_SIZE:-TRAILER_SIZE]

    def frame(self, content: bytes = b"") -> bytes:
        """A block with this content; without content it is an ack or a nak, as the sequence number says."""
        block = bytes((len(content) + BLOCK_MIN, self._sequence)) + content
        return block + crc16(block) + bytes((SYNC,))

    def _block_length(self) -> int:
        """Length of the valid block at the start of the buffer, 0 if more bytes are needed, -1 if it is none."""
        buffer = self._buffer
        if len(buffer) < BLOCK_MIN:
            return 0
        length = buffer[0]
        if not BLOCK_MIN <= length <= BLOCK_MAX or buffer[1] & ~SEQUENCE_MASK != DEST:
            return -1
        if len(buffer) < length:
            return 0
        body = bytes(buffer[: length - TRAILER_SIZE])
        if buffer[length - 1] != SYNC or buffer[length - 3 : length - 1] != crc16(body):
            return -1
        return length

    def _skip_to_sync(self) -> list[None] | None:
        """Drop bytes up to the next sync byte; a nak for the first such stretch since the last good block."""
        found = self._buffer.find(SYNC)
        if found < 0:
            self._buffer.clear()
        else:
            del self._buffer[: found + 1]
            self._need_sync = False
        if self._nak_sent:
            return None
        self._nak_sent = True
        return [None]
