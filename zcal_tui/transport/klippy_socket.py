"""klippy's own API server, a unix socket (Klipper docs, API_Server)."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zcal_tui import __version__
from zcal_tui.transport.channel import UnixChannel
from zcal_tui.transport.connection import Connection
from zcal_tui.transport.discovery import wrong_kind
from zcal_tui.transport.failures import GcodeError, NotReady, TransportError, UnknownMethod, Unreachable
from zcal_tui.transport.port import GcodeOutput, Notification, Status
from zcal_tui.transport.rpc import Failure, Pushed

_OUTPUT = "zcal_output"
_STATUS = "zcal_status"
_NOT_READY_BEGIN = "Printer is not ready"
_NOT_READY_ENDS = ("Printer is shutdown", "Printer is halted", "Error configuring printer")


def refusal(method: str, message: str) -> TransportError:
    """What klippy's error text means. A printer that is halted answers every command with its state message,
    which ends in one of a few fixed lines."""
    text = message.strip()
    if text.startswith("webhooks: No registered callback"):
        return UnknownMethod(f"This printer has no {method}.")
    if text.startswith(_NOT_READY_BEGIN) or text.endswith(_NOT_READY_ENDS):
        return NotReady(text)
    return GcodeError(text)


class KlippyDialect:
    """Method names as they are; notifications carry the template that was sent with the subscription."""

    jsonrpc = False

    def request(self, method: str, params: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        if method == "objects/subscribe":
            return method, {**params, "response_template": {"method": _STATUS}}
        if method == "gcode/subscribe_output":
            return method, {"response_template": {"method": _OUTPUT}}
        return method, params

    def failure(self, failure: Failure) -> TransportError:
        return refusal(failure.method, failure.message)

    def notification(self, pushed: Pushed) -> Notification | None:
        params = pushed.params
        if not isinstance(params, Mapping):
            return None
        if pushed.method == _OUTPUT and isinstance(params.get("response"), str):
            return GcodeOutput(params["response"])
        if pushed.method == _STATUS:
            return status(params.get("status"), params.get("eventtime"))
        return None

    async def greet(self, connection: Connection) -> None:
        """Identify this program, for klippy's log, and subscribe to the console: both once a connection."""
        client = {"program": "zcal-tui", "version": __version__}
        await connection.call("info", {"client_info": client})
        await connection.call("gcode/subscribe_output", {})


def status(changes: object, eventtime: object) -> Status | None:
    """A status notification, or None where it does not have the documented shape."""
    if (
        not isinstance(changes, Mapping)
        or not isinstance(eventtime, int | float)
        or not math.isfinite(eventtime)
    ):
        return None
    usable = {name: fields for name, fields in changes.items() if isinstance(fields, Mapping)}
    return Status(usable, float(eventtime))


async def open_socket(path: Path, address: str) -> UnixChannel:
    """Connect to a unix socket. Raises Unreachable with the usual reasons explained."""
    if (kind := wrong_kind(path)) is not None:
        remedy = "Give the socket of klippy or of Moonraker, such as ~/printer_data/comms/klippy.sock."
        raise Unreachable(address, kind, remedy)
    try:
        return await UnixChannel.open(path)
    except FileNotFoundError as error:
        cause, remedy = (
            "there is no such socket",
            "Check that Klipper is running with this socket as its API server (-a).",
        )
        raise Unreachable(address, cause, remedy) from error
    except ConnectionRefusedError as error:
        cause, remedy = (
            "connection refused",
            "Klipper or Moonraker has stopped. Start it and try again.",
        )
        raise Unreachable(address, cause, remedy) from error
    except PermissionError as error:
        cause, remedy = "permission denied", "Run as the user that Klipper runs as."
        raise Unreachable(address, cause, remedy) from error
    except OSError as error:
        cause = error.strerror or str(error)
        raise Unreachable(address, cause, "Give the socket of klippy or of Moonraker.") from error
