"""Whole messages over a websocket. Needs the websockets library, so it is imported when first used."""

import socket
import ssl
from collections.abc import Mapping

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from zcal_tui.transport.channel import ChannelClosed
from zcal_tui.transport.failures import HandshakeRefused, Unauthorized, Unreachable

_MAX_SIZE = 2**25
"""Bytes of one message: Moonraker passes klippy's whole configuration on as one."""
_OPEN_LIMIT = 10.0


class WebsocketChannel:
    """A `Channel` over a websocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, url: str, headers: Mapping[str, str], address: str) -> "WebsocketChannel":
        """Connect to `url`. Raises Unreachable, HandshakeRefused or Unauthorized, which name `address`."""
        try:
            connection = await connect(
                url,
                additional_headers=dict(headers),
                compression=None,
                proxy=None,
                max_size=_MAX_SIZE,
                open_timeout=_OPEN_LIMIT,
                close_timeout=2.0,
            )
        except InvalidStatus as error:
            code = error.response.status_code
            if code == 401:
                raise Unauthorized(f"{address} refuses the connection without a login (HTTP 401).") from error
            if code >= 500:
                remedy = "Moonraker behind this server may be down or starting."
                raise Unreachable(address, f"the server answers HTTP {code}", remedy) from error
            remedy = "Check that this is Moonraker's address, with its port (7125) and route prefix."
            raise HandshakeRefused(address, f"the server answers HTTP {code}", remedy) from error
        except (InvalidURI, UnicodeError) as error:  # UnicodeError: not a possible host name
            raise HandshakeRefused(address, str(error), "Check the address.") from error
        except InvalidHandshake as error:
            remedy = "Check that this is Moonraker's address, with its port (7125) and route prefix."
            raise HandshakeRefused(address, f"it does not support websockets ({error})", remedy) from error
        except ssl.SSLCertVerificationError as error:
            remedy = "Use the name the certificate was made for, or http:// in your own network."
            raise HandshakeRefused(
                address, f"its certificate is not trusted ({error.verify_message})", remedy
            ) from error
        except TimeoutError as error:
            remedy = "Check that the printer is switched on and in this network."
            raise Unreachable(address, f"no answer within {_OPEN_LIMIT:.0f} s", remedy) from error
        except (OSError, EOFError) as error:
            remedy = "Check that Moonraker is running there, and the address and port."
            raise Unreachable(address, _reason(error), remedy) from error
        return cls(connection)

    async def send(self, message: bytes) -> None:
        try:
            await self._connection.send(message, text=True)
        except ConnectionClosed as closed:
            raise ChannelClosed(_closing(closed)) from closed

    async def receive(self) -> list[bytes]:
        try:
            return [await self._connection.recv(decode=False)]
        except ConnectionClosed as closed:
            raise ChannelClosed(_closing(closed)) from closed

    async def close(self) -> None:
        await self._connection.close()


def _reason(error: Exception) -> str:
    if "Connect call failed" in str(error):
        return "connection refused"
    if isinstance(error, socket.gaierror):
        return "unknown host"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or "the connection was closed at once"


def _closing(closed: ConnectionClosed) -> str:
    frame = closed.rcvd or closed.sent
    if frame is None:
        return "the connection was interrupted"
    return f"the other end closed the connection ({frame.reason or frame.code})"
