"""A transport that reconnects when the link is lost, and never repeats a request."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from zcal_tui.transport.channel import Channel
from zcal_tui.transport.connection import Connection, Dialect
from zcal_tui.transport.failures import HandshakeRefused, TransportError, Unauthorized, Unreachable
from zcal_tui.transport.port import LinkDown, LinkUp, Listener, Notification

logger = logging.getLogger(__name__)

Dial = Callable[[], Awaitable[tuple[Channel, Dialect]]]
"""Opens a new channel and its dialect. Raises Unreachable, HandshakeRefused or Unauthorized."""

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
GREETING_LIMIT = 15.0
"""Seconds to answer the first request: long enough for a klippy that is reading a large configuration."""


STABLE = 10.0
"""Seconds that a connection has to last before the pauses start again from the shortest: a server that accepts and
drops would be greeted many times a second."""


def pauses() -> Iterator[float]:
    """Seconds to wait before each further attempt: from 0.1 s up, never above 5 s."""
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * 2, LONGEST_PAUSE)


class LinkedTransport:
    """The `Transport` over any dialect: dials, greets, and dials again after the link is lost."""

    def __init__(self, address: str, dial: Dial) -> None:
        self._address = address
        self._dial = dial
        self._connection: Connection | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._listeners: dict[object, Listener] = {}
        self._down_because = "not connected yet"

    @property
    def address(self) -> str:
        return self._address

    @property
    def connected(self) -> bool:
        return self._connection is not None

    async def connect(self) -> None:
        if self._keeper is not None and not self._keeper.done():
            return
        connection = await self._open()
        self._keeper = asyncio.create_task(self._keep(connection), name="zcal printer link")

    async def call(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        connection = self._connection
        if connection is None:
            raise Unreachable(
                self._address,
                f"the connection is down ({self._down_because})",
                "Nothing was sent. zcal-tui reconnects as soon as the printer answers.",
            )
        return await connection.call(method, params or {})

    def listen(self, listener: Listener) -> Callable[[], None]:
        key = object()
        self._listeners[key] = listener

        def stop() -> None:
            self._listeners.pop(key, None)

        return stop

    async def close(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
        self._down_because = "closed"

    async def _open(self) -> Connection:
        channel, dialect = await self._dial()
        connection = Connection(channel, dialect, self._tell)
        try:
            async with asyncio.timeout(GREETING_LIMIT):
                await dialect.greet(connection)
        except TimeoutError as error:
            await connection.close()
            raise Unreachable(
                self._address,
                f"it accepts connections but did not answer within {GREETING_LIMIT:.0f} s",
                "It may be starting or hanging. Check klippy.log and moonraker.log.",
            ) from error
        except (Unauthorized, Unreachable):
            await connection.close()
            raise
        except TransportError as error:
            await connection.close()
            raise Unreachable(
                self._address, str(error).rstrip("."), "It may be restarting; try again."
            ) from error
        except BaseException:
            await connection.close()
            raise
        self._connection = connection
        self._tell(LinkUp())
        return connection

    async def _keep(self, connection: Connection) -> None:
        try:
            waits = pauses()
            while True:
                began = asyncio.get_running_loop().time()
                reason = await connection.closed()
                self._note_down(LinkDown(reason))
                if asyncio.get_running_loop().time() - began > STABLE:
                    waits = pauses()
                connection = await self._open_again(waits)
        except (Unauthorized, HandshakeRefused) as error:
            self._note_down(LinkDown(str(error), final=True))
        except Exception as error:  # the task's boundary: the user must see it
            logger.exception("the link's task failed")
            self._note_down(LinkDown(f"internal error: {error!r}", final=True))

    async def _open_again(self, waits: Iterator[float]) -> Connection:
        reported = ""
        for pause in waits:
            await asyncio.sleep(pause)
            try:
                return await self._open()
            except HandshakeRefused:
                raise
            except Unreachable as error:
                if error.cause != reported:
                    reported = error.cause
                    self._note_down(LinkDown(error.cause))
        raise AssertionError("pauses never end")

    def _note_down(self, down: LinkDown) -> None:
        self._connection = None
        self._down_because = down.reason
        self._tell(down)

    def _tell(self, notification: Notification) -> None:
        for listener in list(self._listeners.values()):
            try:
                listener(notification)
            except Exception:  # one listener's fault must not stop the others
                logger.exception("a listener failed on %s", type(notification).__name__)
