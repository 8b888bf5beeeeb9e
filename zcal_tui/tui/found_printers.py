"""Printers that may be meant where none answers: on this machine, used before, or on the local network."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.results.store import Store, entries
from zcal_tui.transport.address import AddressError, SocketAddress, parse_address
from zcal_tui.transport.discovery import is_socket, servers_here, sockets_here
from zcal_tui.transport.mdns import FoundServer

MOST = 3
"""Printers that are offered: as many as have a key."""


@dataclass(frozen=True, slots=True)
class FoundPrinter:
    """An address to connect to, and where it is from."""

    address: str
    where: str
    login: bool = True
    """Whether the configured key or token may be sent there: not to a server that only says it is a Moonraker."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """What the program is started again with."""
        return ("--printer", self.address) if self.login else ("--printer", self.address, "--no-login")

    @property
    def text(self) -> str:
        """The line on its button."""
        return f"{self.where}: {self.address}"


def known(home: Path, store: Store) -> Sequence[FoundPrinter]:
    """Sockets and servers of this machine, then the addresses of earlier runs. Blocks on the disk; asks no other
    machine."""
    here = [FoundPrinter(str(path), "found here") for path in sockets_here(home)]
    here += [FoundPrinter(address, "answers here") for address in servers_here()]
    return _first((*here, *_used(store)))


def with_servers(known: Sequence[FoundPrinter], servers: Iterable[FoundServer]) -> Sequence[FoundPrinter]:
    """The servers that answered on the network, then those known before."""
    before = {_bare(one.address) for one in known}
    return _first(
        (
            *(
                FoundPrinter(server.address, f"{server.name} on the network", server.address in before)
                for server in servers
            ),
            *known,
        )
    )


def _used(store: Store) -> Iterable[FoundPrinter]:
    for printer in store.printers():
        newest = next((run.record for run in entries(store, printer) if run.record is not None), None)
        address = "" if newest is None else str(newest.printer.get("address", ""))
        try:
            parsed = parse_address(address)
        except AddressError:
            continue  # a simulated printer's
        if not isinstance(parsed, SocketAddress) or is_socket(parsed.path):
            yield FoundPrinter(address, f"{printer}, used before")


def _first(found: Iterable[FoundPrinter]) -> Sequence[FoundPrinter]:
    """Each address once, as many as are offered."""
    once: dict[str, FoundPrinter] = {}
    for one in found:
        once.setdefault(_bare(one.address), one)
    return tuple(once.values())[:MOST]


def _bare(address: str) -> str:
    return address.removeprefix("http://")
