"""Asks every address where a printer may be, and tells what answered: nothing is tried twice or waited for long."""

import asyncio
import contextlib
import ipaddress
import os
import pwd
import socket
import stat
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from zcal_tui.printer.values import mapping, text
from zcal_tui.tools.doctor.facts import Answer, KlippyProcess, MoonrakerFacts, SocketFile, Tried
from zcal_tui.tools.doctor.gather import there
from zcal_tui.transport.address import Address, SocketAddress, UrlAddress
from zcal_tui.transport.failures import (
    HandshakeRefused,
    NotReady,
    TransportError,
    Unauthorized,
    UnknownMethod,
    Unreachable,
)
from zcal_tui.transport.moonraker import Credentials
from zcal_tui.transport.opening import open_transport
from zcal_tui.transport.reconnect import LinkedTransport

LONGEST = 4.0
"""Seconds for an address to answer."""
NAME_LONGEST = 3.0
"""Seconds to find out what machine a name stands for."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address to ask, and where it comes from."""

    address: Address
    origin: str
    meant: bool = True


def candidates_here(
    home: Path, processes: Sequence[KlippyProcess], known: Sequence[Address]
) -> list[Candidate]:
    """Sockets of klippy and Moonraker that there are on this machine, but for the known ones."""
    found = [
        (klippy.socket, "the socket that a running klippy was started with")
        for klippy in processes
        if klippy.socket is not None
    ]
    for pattern in ("printer*_data/comms/klippy.sock", "printer*_data/comms/moonraker.sock"):
        found += [(path, "found in the home folder") for path in _matches(home, pattern)]
    found.append((Path("/tmp/klippy_uds"), "where old installations have it"))
    seen = [address.path for address in known if isinstance(address, SocketAddress)]
    candidates = []
    for path, origin in found:
        if path not in seen and there(path):
            seen.append(path)
            candidates.append(Candidate(SocketAddress(path), origin, meant=False))
    return candidates


def _matches(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(folder.glob(pattern))
    except OSError:  # closed to this user
        return []


async def ask(
    candidates: Sequence[Candidate], credentials: Credentials
) -> list[tuple[Tried, LinkedTransport | None]]:
    """Ask all of them at once. The transports of those that answered are open, and the caller's to close."""
    return list(await asyncio.gather(*(_ask(candidate, credentials) for candidate in candidates)))


async def _ask(candidate: Candidate, credentials: Credentials) -> tuple[Tried, LinkedTransport | None]:
    address = candidate.address
    file = look_at_socket(address.path) if isinstance(address, SocketAddress) else None
    blank = Tried(str(address), candidate.origin, "refused", file=file, meant=candidate.meant)
    if isinstance(address, UrlAddress) and not await _name_is_known(urlsplit(address.url).hostname or ""):
        return replace(blank, answer="unnamed", cause="no machine of that name is known"), None
    transport = open_transport(address, credentials)
    try:
        async with asyncio.timeout(LONGEST):
            await transport.connect()
            return await _greet(transport, blank), transport
    except TimeoutError:
        told = replace(blank, answer="silent", cause=f"no answer within {LONGEST:.0f} s")
    except Unauthorized:
        shown = credentials.api_key or credentials.token
        cause = "it does not take the login that it was shown" if shown else "it wants a login"
        told = replace(blank, answer="login", cause=cause)
    except HandshakeRefused as error:
        told = replace(blank, answer="stranger", cause=error.cause, remedy=error.remedy)
    except Unreachable as error:
        told = replace(blank, cause=error.cause, remedy=error.remedy)
    except TransportError as error:
        told = replace(blank, cause=str(error).rstrip("."))
    await transport.close()
    return told, None


async def _greet(transport: LinkedTransport, blank: Tried) -> Tried:
    """Who it is that answers, and how fast. Raises TransportError."""
    try:
        server = mapping(await transport.call("server.info"))
    except UnknownMethod:
        moonraker = None
    else:
        moonraker = _moonraker(server)
    began = time.monotonic()
    with contextlib.suppress(NotReady):  # Moonraker without a klippy has answered just as well
        await transport.call("info")
    seconds = time.monotonic() - began
    answer: Answer = "klippy" if moonraker is None else "moonraker"
    return replace(blank, answer=answer, seconds=seconds, moonraker=moonraker)


def _moonraker(server: Mapping[str, Any]) -> MoonrakerFacts:
    def names(key: str) -> tuple[str, ...]:
        listed = server.get(key)
        return tuple(str(name) for name in listed) if isinstance(listed, list) else ()

    return MoonrakerFacts(
        version=text(server.get("moonraker_version")) or "",
        klippy_connected=server.get("klippy_connected") is True,
        klippy_state=text(server.get("klippy_state")) or "",
        failed=names("failed_components"),
        warnings=len(names("warnings")),
        missing=names("missing_klippy_requirements"),
    )


def look_at_socket(path: Path) -> SocketFile:
    """What stands at a socket's path."""
    try:
        status = path.stat()
    except PermissionError:
        return SocketFile("closed")
    except OSError:
        return SocketFile("missing")
    mode = status.st_mode
    try:
        owner = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        owner = str(status.st_uid)
    if stat.S_ISSOCK(mode):
        return SocketFile("socket", owner, os.access(path, os.W_OK))
    if stat.S_ISCHR(mode):
        return SocketFile("terminal", owner)
    return SocketFile("folder" if stat.S_ISDIR(mode) else "other", owner)


async def _name_is_known(host: str) -> bool:
    """Whether a host's name can be looked up in time. In a thread that nothing waits for: a name server that does not
    answer would hold up the end of the program."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    else:
        return True
    loop = asyncio.get_running_loop()
    known: asyncio.Future[bool] = loop.create_future()

    def tell(answer: bool) -> None:
        if not known.done():
            known.set_result(answer)

    def look_up() -> None:
        try:
            socket.getaddrinfo(host, None)
        except (OSError, UnicodeError):
            answer = False
        else:
            answer = True
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, answer)

    threading.Thread(target=look_up, name="zcal doctor name", daemon=True).start()
    try:
        async with asyncio.timeout(NAME_LONGEST):
            return await known
    except TimeoutError:
        return False
