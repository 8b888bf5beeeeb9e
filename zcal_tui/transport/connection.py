"""One connection: sends calls, matches their answers, passes on notifications, until the channel closes."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from zcal_tui.transport.channel import Channel, ChannelClosed
from zcal_tui.transport.failures import ReplyLost, TransportError
from zcal_tui.transport.port import Notification
from zcal_tui.transport.rpc import Failure, Pushed, Reply, Rpc

logger = logging.getLogger(__name__)


class Dialect(Protocol):
    """How klippy's method names, errors and notifications are written by the other end."""

    @property
    def jsonrpc(self) -> bool:
        """Whether requests are JSON-RPC 2.0."""

    def request(self, method: str, params: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """The method's name and parameters on the wire."""

    def failure(self, failure: Failure) -> TransportError:
        """What an error reply means."""

    def notification(self, pushed: Pushed) -> Notification | None:
        """What a pushed message means, or None if it is of no interest."""

    async def greet(self, connection: "Connection") -> None:
        """Send what a new connection begins with. Raises TransportError."""


class Connection:
    """Calls over one channel; used until it closes, never reopened."""

    def __init__(self, channel: Channel, dialect: Dialect, notify: Callable[[Notification], None]) -> None:
        self._channel = channel
        self._dialect = dialect
        self._notify = notify
        self._rpc = Rpc(dialect.jsonrpc)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._closed = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read(), name="zcal printer reader")

    async def call(self, method: str, params: Mapping[str, Any]) -> Any:
        """Send klippy's `method` and wait for its answer. Raises TransportError."""
        return await self.call_as(*self._dialect.request(method, params))

    async def call_as(self, method: str, params: Mapping[str, Any]) -> Any:
        """The same by the name used on the wire."""
        if self._closed.done():
            raise ReplyLost(f"The connection is closed: {self._closed.result()}.")
        number, message = self._rpc.request(method, params)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await self._channel.send(message)
        except ChannelClosed as closed:
            self._end(str(closed))
        return await answer

    async def closed(self) -> str:
        """Wait until the connection has closed; returns the reason."""
        return str(await asyncio.shield(self._closed))

    async def close(self) -> None:
        """Close it from this end."""
        self._reader.cancel()
        self._end("closed from this end")
        await self._channel.close()

    async def _read(self) -> None:
        try:
            while True:
                for message in await self._channel.receive():
                    self._handle(message)
        except ChannelClosed as closed:
            self._end(str(closed))
            await self._channel.close()
        except Exception as error:  # the task's boundary: pending calls must end
            logger.exception("the connection's reader failed")
            self._end(f"internal error: {error!r}")
            await self._channel.close()

    def _handle(self, message: bytes) -> None:
        event = self._rpc.receive(message)
        if isinstance(event, Pushed):
            notification = self._dialect.notification(event)
            if notification is not None:
                self._notify(notification)
        elif isinstance(event, Reply | Failure):
            answer = self._waiting.pop(event.id)
            if answer.done():
                return
            if isinstance(event, Reply):
                answer.set_result(event.result)
            else:
                answer.set_exception(self._dialect.failure(event))
        else:
            logger.warning("ignored a message from the printer: %s", event.reason)

    def _end(self, reason: str) -> None:
        if self._closed.done():
            return
        self._closed.set_result(reason)
        for number, answer in self._waiting.items():
            if not answer.done():
                asked = self._rpc.pending.pop(number)
                answer.set_exception(
                    ReplyLost(
                        f"The connection was lost before the printer answered {asked} ({reason}). The request may "
                        "still be running there; it is not sent again."
                    )
                )
        self._waiting.clear()
