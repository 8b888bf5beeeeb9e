"""From an address to a transport: the dialect of a socket, and which of several addresses answers."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from zcal_tui.model.outside_json import read_json
from zcal_tui.transport.address import Address, SocketAddress
from zcal_tui.transport.channel import Channel, ChannelClosed
from zcal_tui.transport.connection import Dialect
from zcal_tui.transport.failures import Unreachable
from zcal_tui.transport.klippy_socket import KlippyDialect, open_socket
from zcal_tui.transport.moonraker import Credentials, dial_moonraker, dial_moonraker_socket
from zcal_tui.transport.reconnect import LinkedTransport

_PROBE_LIMIT = 5.0
_PROBE = b'{"id":1,"method":"info","params":{}}'


def open_transport(address: Address, credentials: Credentials | None = None) -> LinkedTransport:
    """The transport for an address. Nothing is sent before its `connect`."""
    login = credentials or Credentials()
    shown = str(address)
    if isinstance(address, SocketAddress):
        path = address.path

        async def dial_socket() -> tuple[Channel, Dialect]:
            if await speaks_moonraker(path):
                return await dial_moonraker_socket(path)
            return await open_socket(path, shown), KlippyDialect()

        return LinkedTransport(shown, dial_socket)
    url = address.url

    async def dial_url() -> tuple[Channel, Dialect]:
        return await dial_moonraker(url, shown, login)

    return LinkedTransport(shown, dial_url)


async def connect_first(
    addresses: Sequence[Address], credentials: Credentials | None = None
) -> LinkedTransport:
    """Connect to the first address that answers.

    Raises Unreachable, which names the cause at each, or Unauthorized from the first that requires a login.
    """
    failed: list[Unreachable] = []
    for address in addresses:
        transport = open_transport(address, credentials)
        try:
            await transport.connect()
        except Unreachable as error:
            failed.append(error)
        else:
            return transport
    if len(failed) == 1:
        raise failed[0]
    raise Unreachable(
        " or ".join(error.address for error in failed),
        "; ".join(f"{error.address}: {error.cause}" for error in failed),
        "Give a socket or a URL with --printer, or try --demo.",
    )


async def speaks_moonraker(path: Path) -> bool:
    """Whether the unix socket is Moonraker's: it answers in JSON-RPC, klippy never does. A socket too busy to
    answer is judged by its file name.

    Raises Unreachable.
    """
    channel = await open_socket(path, str(path))
    try:
        async with asyncio.timeout(_PROBE_LIMIT):
            await channel.send(_PROBE)
            answer = read_json((await channel.receive())[0])
    except TimeoutError:
        return "moonraker" in path.name
    except (ChannelClosed, ValueError) as error:
        raise Unreachable(
            str(path),
            f"it does not answer like klippy or Moonraker ({error})",
            "It may be restarting; otherwise give another socket.",
        ) from error
    finally:
        await channel.close()
    return isinstance(answer, dict) and "jsonrpc" in answer
