"""Moonraker servers of the local network, by one multicast DNS query (RFC 6762, RFC 6763).

Moonraker announces itself as `_moonraker._tcp.local` where its configuration has [zeroconf]. The query is sent once,
from a port of its own, so that servers answer to it alone; nothing is announced and nothing is repeated.
"""

import contextlib
import socket
import struct
import time
from collections.abc import Iterator, Sequence

from zcal_tui.model.lazy_dataclass import dataclass

SERVICE = "_moonraker._tcp.local"
GROUP = ("224.0.0.251", 5353)
LIMIT = 1.5
"""Seconds in which servers may answer; those of RFC 6762 do within 0.12 s on a wired network."""
LONGEST_NAME, LONGEST_PACKET = 255, 9000
MOST_RECORDS = 200
MOST_SERVERS = 20
LONGEST_SHOWN = 30
"""Characters of a server's own name: a longer one would push its address off a narrow screen."""
_A, _PTR, _SRV = 1, 12, 33


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server that announced itself: its instance's name, and where it listens."""

    name: str
    host: str
    """An IPv4 address; the announced host name where no address came with it."""
    port: int

    @property
    def address(self) -> str:
        """As it is given to --printer."""
        return f"{self.host}:{self.port}"


def query() -> bytes:
    """The question for all Moonraker servers, to be answered to the sender."""
    name = b"".join(bytes([len(part)]) + part for part in SERVICE.encode().split(b"."))
    return struct.pack(">6H", 0, 0, 1, 0, 0, 0) + name + b"\0" + struct.pack(">2H", _PTR, 1)


def search(limit: float = LIMIT) -> Sequence[FoundServer]:
    """Ask once and collect the answers of `limit` seconds. Blocks; empty where there is no network."""
    found: dict[str, FoundServer] = {}
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        asking.sendto(query(), GROUP)
        until = time.monotonic() + limit
        while (left := until - time.monotonic()) > 0 and len(found) < MOST_SERVERS:
            asking.settimeout(left)
            packet, sender = asking.recvfrom(LONGEST_PACKET)
            for server in servers(packet, str(sender[0])):
                found.setdefault(server.address, server)
    return tuple(found.values())


def servers(packet: bytes, sender: str) -> Sequence[FoundServer]:
    """The Moonraker servers that an answer names; none for anything else, as anybody may send what they like. Where it
    has no address of the host, `sender` is used: the answer came from there."""
    try:
        records = list(_records(packet))
    except (IndexError, struct.error, UnicodeDecodeError, ValueError):
        return ()
    addresses = {
        name: ".".join(map(str, data)) for name, kind, data, _ in records if kind == _A and len(data) == 4
    }
    found = []
    for name, kind, data, at in records:
        if kind != _SRV or not name.endswith(f".{SERVICE}") or len(data) < 7:
            continue
        port = struct.unpack(">H", data[4:6])[0]
        with contextlib.suppress(IndexError, UnicodeDecodeError, ValueError):
            host, _ = _name(packet, at + 6)
            if port:
                own = name.removesuffix(f".{SERVICE}")
                shown = "".join(char for char in own if char.isprintable())[:LONGEST_SHOWN]
                found.append(FoundServer(shown, addresses.get(host, sender), port))
    return tuple(found)


def _records(packet: bytes) -> Iterator[tuple[str, int, bytes, int]]:
    """Name, type, data and the data's place of each record of an answer. Raises ValueError and those of short data."""
    _, flags, questions, *counts = struct.unpack(">6H", packet[:12])
    if not flags & 0x8000:
        raise ValueError("no answer")
    at = 12
    for _ in range(questions):
        _, at = _name(packet, at)
        at += 4
    if sum(counts) > MOST_RECORDS:
        raise ValueError("too many records")
    for _ in range(sum(counts)):
        name, at = _name(packet, at)
        kind, _, _, size = struct.unpack(">2HIH", packet[at : at + 10])
        at += 10
        if at + size > len(packet):
            raise ValueError("cut off")
        yield name, kind, packet[at : at + size], at
        at += size


def _name(packet: bytes, at: int) -> tuple[str, int]:
    """A name in lower case as its labels joined by dots, and where it ends. Pointers only lead backwards."""
    labels: list[str] = []
    end: int | None = None
    size = 0
    while length := packet[at]:
        if length & 0xC0 == 0xC0:
            target = (length & 0x3F) << 8 | packet[at + 1]
            end = at + 2 if end is None else end
            if target >= at:
                raise ValueError("a pointer forwards")
            at = target
            continue
        if length & 0xC0:
            raise ValueError("an unknown label")
        label = packet[at + 1 : at + 1 + length]
        size += length + 1
        if len(label) < length or size > LONGEST_NAME:
            raise ValueError("a wrong label")
        labels.append(label.decode().lower())
        at += length + 1
    return ".".join(labels), at + 1 if end is None else end
