"""A two-way stream of whole messages over any carrier."""

import asyncio
from pathlib import Path
from typing import Protocol

from zcal_tui.transport.rpc import TERMINATOR, Framer, FrameTooLong

_READ_SIZE = 2**16
CLOSE_LIMIT = 2.0
"""Seconds to send what is left to a printer that is slow to read."""


class ChannelClosed(Exception):
    """The other end has closed; `str()` says why."""


def _retrieved(closing: asyncio.Task[None]) -> None:
    """Look at how closing ended, so that asyncio does not report it; a lost connection is closed as well."""
    if (
        not closing.cancelled()
        and (error := closing.exception()) is not None
        and not isinstance(error, OSError)
    ):
        raise error


class Channel(Protocol):
    """What carries the messages of a connection."""

    async def send(self, message: bytes) -> None:
        """Send one message. Several calls may wait at once; none waits for another's answer.

        Raises ChannelClosed.
        """

    async def receive(self) -> list[bytes]:
        """The next messages, at least one. Raises ChannelClosed."""

    async def close(self) -> None:
        """Close; does nothing when it is closed already."""


class UnixChannel:
    """Messages ending in 0x03 over a unix socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._framer = Framer()

    @classmethod
    async def open(cls, path: Path) -> "UnixChannel":
        """Connect to the socket at `path`. Raises OSError."""
        return cls(*await asyncio.open_unix_connection(str(path)))

    async def send(self, message: bytes) -> None:
        if self._writer.is_closing():
            raise ChannelClosed("the socket is closed")
        self._writer.write(message + TERMINATOR)
        try:
            await self._writer.drain()
        except OSError as error:
            raise ChannelClosed(error.strerror or str(error)) from error

    async def receive(self) -> list[bytes]:
        while True:
            try:
                data = await self._reader.read(_READ_SIZE)
            except OSError as error:
                raise ChannelClosed(error.strerror or str(error)) from error
            if not data:
                raise ChannelClosed("the other end closed the socket")
            try:
                messages = self._framer.feed(data)
            except FrameTooLong as error:
                raise ChannelClosed(f"the other end sent {error}") from error
            if messages:
                return messages

    async def close(self) -> None:
        self._writer.close()
        # In a task of its own: cancelling a wait would cancel what every later `close` waits for as well
        closed = asyncio.ensure_future(self._writer.wait_closed())
        closed.add_done_callback(_retrieved)
        await asyncio.wait({closed}, timeout=CLOSE_LIMIT)
        if not closed.done():  # the other end does not read what is left to send
            self._writer.transport.abort()
