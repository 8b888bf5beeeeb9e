"""Moonraker: JSON-RPC 2.0 over its websocket, or over its unix socket, which needs no login."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zcal_tui import __version__
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.required_packages import missing_package
from zcal_tui.transport.channel import Channel
from zcal_tui.transport.connection import Connection, Dialect
from zcal_tui.transport.failures import (
    GcodeError,
    NotReady,
    ReplyLost,
    TransportError,
    Unauthorized,
    UnknownMethod,
    Unreachable,
)
from zcal_tui.transport.klippy_socket import open_socket, refusal, status
from zcal_tui.transport.port import GcodeOutput, KlippyState, Notification
from zcal_tui.transport.rpc import Failure, Pushed

_IDENTIFY = "server.connection.identify"
_METHOD_NOT_FOUND = -32601
_UNAVAILABLE = 503
_SPECIAL = {
    "gcode/restart": "printer.restart",
    "gcode/firmware_restart": "printer.firmware_restart",
}
_ALWAYS_THERE = ("printer.info", "printer.objects.", "printer.gcode.", "printer.emergency_stop")
"""Methods every klippy has; Moonraker has none of them until klippy has connected to it once."""


@dataclass(frozen=True)
class Credentials:
    """Moonraker's login: its API key, or a JSON web token. Neither is ever written to a log.

    `ca_file` has the certificate by which its server is recognised, beside those that the machine trusts.
    """

    api_key: str | None = None
    token: str | None = None
    ca_file: Path | None = None

    def __repr__(self) -> str:
        return (
            f"Credentials(api_key={'set' if self.api_key else None}, token={'set' if self.token else None})"
        )

    @property
    def headers(self) -> dict[str, str]:
        """The login as HTTP headers, for Moonraker's own origin alone."""
        headers = {}
        if self.api_key:
            headers["X-Api-Key"] = self.api_key
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return headers


def login_refused(credentials: Credentials, answer: str) -> Unauthorized:
    """What a refused login means: the wrong key is another fault than none. `answer` is what the server said."""
    if credentials.token:
        return Unauthorized(
            f"The token is not valid for this Moonraker ({answer}). It may have expired. Set a new ZCAL_TOKEN, or "
            "ZCAL_API_KEY instead.",
            rejected=True,
        )
    if credentials.api_key:
        return Unauthorized(
            f"The API key is not this Moonraker's ({answer}). On the printer's host, "
            "~/moonraker/scripts/fetch-apikey.sh prints the right one.",
            rejected=True,
        )
    return Unauthorized(
        f"Moonraker requires a login ({answer}). Set ZCAL_API_KEY (Moonraker's API key) or ZCAL_TOKEN, or list this "
        "machine under trusted_clients."
    )


class MoonrakerDialect:
    """klippy's endpoints are `printer.*` here; the server's own keep their names."""

    jsonrpc = True

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def request(self, method: str, params: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        if method.startswith(("server.", "machine.", "access.")):
            return method, params
        return _SPECIAL.get(method, "printer." + method.replace("/", ".")), params

    def failure(self, failure: Failure) -> TransportError:
        message = failure.message
        if failure.method == _IDENTIFY or message.startswith("Unauthorized"):
            return login_refused(self._credentials, message)
        if failure.code == _METHOD_NOT_FOUND:
            if failure.method.startswith(_ALWAYS_THERE):
                return NotReady("Klipper has not connected to Moonraker yet. Check that Klipper is running.")
            return UnknownMethod(f"This printer has no {failure.method}.")
        if failure.code == _UNAVAILABLE:
            if message == "Klippy Disconnected":
                return ReplyLost(
                    f"Klipper disconnected from Moonraker before it answered {failure.method}. The request is not "
                    "sent again."
                )
            return NotReady(f"Moonraker reports: {message}. Check that Klipper is running.")
        if failure.code is not None and failure.code < 0:
            return GcodeError(message)
        return refusal(failure.method, message)

    def notification(self, pushed: Pushed) -> Notification | None:
        params = pushed.params if isinstance(pushed.params, list) else []
        match pushed.method, params:
            case "notify_gcode_response", [str() as text, *_]:
                return GcodeOutput(text)
            case "notify_status_update", [changes, eventtime, *_]:
                return status(changes, eventtime)
            case "notify_klippy_ready", _:
                return KlippyState("ready")
            case "notify_klippy_shutdown", _:
                return KlippyState("shutdown")
            case "notify_klippy_disconnected", _:
                return KlippyState("disconnected")
        return None

    async def greet(self, connection: Connection) -> None:
        """Identify this program and log in. Moonraker opens the websocket without a login as well, but then fails every
        call, so the first call decides."""
        who = {"client_name": "zcal-tui", "version": __version__, "type": "other", "url": ""}
        if self._credentials.api_key:
            who["api_key"] = self._credentials.api_key
        if self._credentials.token:
            who["access_token"] = self._credentials.token
        await connection.call_as(_IDENTIFY, who)
        await connection.call_as("server.info", {})


async def dial_moonraker_socket(path: Path) -> tuple[Channel, Dialect]:
    """Open Moonraker's unix socket at `path`. Raises Unreachable."""
    return await open_socket(path, str(path)), MoonrakerDialect(Credentials())


async def dial_moonraker(url: str, address: str, credentials: Credentials) -> tuple[Channel, Dialect]:
    """Open Moonraker's websocket at `url`; `address` names it in messages, without secrets.

    Raises Unreachable, HandshakeRefused or Unauthorized.
    """
    try:
        from zcal_tui.transport.websocket import WebsocketChannel
    except ImportError as error:
        if (missing := missing_package(error)) is None:
            raise
        raise Unreachable(address, missing.what.rstrip("."), missing.remedy) from error
    channel = await WebsocketChannel.open(url, credentials, address)
    return channel, MoonrakerDialect(credentials)
