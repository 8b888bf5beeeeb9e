"""Whole messages over a websocket. Needs the websockets library, so it is imported when first used."""

import asyncio
import contextlib
import re
import socket
import ssl
from typing import Any
from urllib.parse import urljoin, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from zcal_tui.transport.address import UrlAddress
from zcal_tui.transport.channel import ChannelClosed
from zcal_tui.transport.failures import HandshakeRefused, TransportError, Unreachable
from zcal_tui.transport.moonraker import Credentials, login_refused
from zcal_tui.transport.tls import CertificateProblem, certificate_problem, tls_context

_MAX_SIZE = 2**25
"""Bytes of one message: Moonraker passes klippy's whole configuration on as one."""
_OPEN_LIMIT = 10.0
_TRY_LIMIT = 3.0
"""Seconds to find out whether a port is an encrypted one."""
_ADDRESS_HELP = "Check that this is Moonraker's address, with its port (7125) and route prefix."
_REDIRECTS = (300, 301, 302, 303, 307, 308)


class _Dial(connect):
    """Follows no redirect: the login in the headers and in the first call is for the named address alone."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """The redirect itself, as the error that it is here."""
        return exc


class WebsocketChannel:
    """A `Channel` over a websocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, url: str, credentials: Credentials, address: str) -> "WebsocketChannel":
        """Connect to `url`. Raises Unreachable, HandshakeRefused or Unauthorized, which name `address`."""
        encrypted = url.startswith("wss:")
        try:
            options: dict[str, Any] = {"ssl": tls_context(credentials.ca_file)} if encrypted else {}
        except CertificateProblem as error:
            raise HandshakeRefused(address, *error.parts) from error
        try:
            connection = await _Dial(
                url,
                additional_headers=credentials.headers,
                compression=None,
                proxy=None,
                max_size=_MAX_SIZE,
                open_timeout=_OPEN_LIMIT,
                close_timeout=2.0,
                **options,
            )
        except InvalidStatus as error:
            raise _refused(error, url, credentials, address) from error
        except (InvalidURI, UnicodeError) as error:  # UnicodeError: not a possible host name
            raise HandshakeRefused(address, str(error), "Check the address.") from error
        except ssl.SSLCertVerificationError as error:
            raise HandshakeRefused(address, *certificate_problem(error, url).parts) from error
        except TimeoutError as error:
            remedy = "Check that the printer is switched on and in this network."
            raise Unreachable(address, f"no answer within {_OPEN_LIMIT:.0f} s", remedy) from error
        except (InvalidHandshake, OSError, EOFError) as error:
            raise await _no_handshake(error, url, address) from error
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


def _refused(error: InvalidStatus, url: str, credentials: Credentials, address: str) -> TransportError:
    """What an HTTP answer other than the websocket's means."""
    code, headers = error.response.status_code, error.response.headers
    if code == 401:
        scheme = re.match(
            r"\s*(Basic|Digest|Negotiate|NTLM)\b", headers.get("WWW-Authenticate", ""), re.IGNORECASE
        )
        if scheme is None:
            return login_refused(credentials, "HTTP 401")
        return HandshakeRefused(
            address,
            f"the web server before Moonraker asks for a name and a password (HTTP 401, {scheme[1].capitalize()})",
            "Connect to Moonraker itself, usually at port 7125, or let the web server pass /websocket on without it.",
            "A proxy such as nginx protects the page. Moonraker's own API key does not open it.",
        )
    if code in _REDIRECTS and "Location" in headers:
        target = _target(url, headers["Location"])
        return HandshakeRefused(
            address,
            f"it redirects to {target} (HTTP {code})",
            f"If that is your printer, connect to it: --printer {target}",
            "A login is for the address that was named. It is not sent to another one.",
        )
    if code == 400 and not url.startswith("wss:") and re.search(rb"(?i)https", error.response.body or b""):
        return _is_encrypted(address)
    if code >= 500:
        return Unreachable(
            address,
            f"the server answers HTTP {code}",
            "Moonraker behind this server may be down or starting.",
        )
    return HandshakeRefused(address, f"the server answers HTTP {code}", _ADDRESS_HELP)


def _target(url: str, location: str) -> str:
    """Where a redirect leads, as a printer's address: without login, query and the websocket's own path."""
    plain = re.sub(r"^ws", "http", url)
    with contextlib.suppress(ValueError):
        parts = urlsplit(urljoin(plain, location.strip()))
        if parts.scheme in ("http", "https") and parts.hostname:
            scheme = parts.scheme.replace("http", "ws")
            return str(UrlAddress(f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}"))
    return "another address"


async def _no_handshake(error: Exception, url: str, address: str) -> Unreachable:
    """Why the other end did not even answer as a web server."""
    answered = not isinstance(error, OSError) or isinstance(error, ConnectionResetError | ssl.SSLError)
    if url.startswith("wss:"):
        if answered and await _speaks_http(url):
            return HandshakeRefused(
                address,
                "this port is not encrypted",
                f"Use http://: --printer {address.replace('https:', 'http:', 1)}",
                "The server answers without TLS.",
            )
        if isinstance(error, ssl.SSLError):
            return HandshakeRefused(
                address, f"no encrypted connection is possible ({error.reason or error})", _ADDRESS_HELP
            )
    elif answered and await _speaks_tls(url):
        return _is_encrypted(address)
    if isinstance(error, InvalidHandshake):
        return HandshakeRefused(address, f"it does not support websockets ({error})", _ADDRESS_HELP)
    return Unreachable(
        address, _reason(error), "Check that Moonraker is running there, and the address and port."
    )


def _is_encrypted(address: str) -> HandshakeRefused:
    return HandshakeRefused(
        address,
        "this port is encrypted",
        f"Use https://: --printer {address.replace('http:', 'https:', 1)}",
        "The server expects TLS.",
    )


async def _speaks_tls(url: str) -> bool:
    """Whether a port answers a TLS greeting. Nothing else is sent, so the certificate does not matter."""
    parts = urlsplit(url)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(_TRY_LIMIT):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 80, ssl=context)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def _speaks_http(url: str) -> bool:
    """Whether a port answers plain HTTP. The request has no login."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(_TRY_LIMIT):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 443)
            try:
                writer.write(b"GET / HTTP/1.0\r\n\r\n")
                return await reader.read(5) == b"HTTP/"
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


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
