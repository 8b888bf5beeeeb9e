"""The ways on where no printer answers: printers found, another address, a search, Retry, Demo, Doctor."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from zcal_tui.results.store import Store
from zcal_tui.transport.address import AddressError, parse_address
from zcal_tui.transport.mdns import search
from zcal_tui.tui.actions import key_text
from zcal_tui.tui.found_printers import FoundPrinter, known, with_servers
from zcal_tui.tui.widgets.button import PlainButton
from zcal_tui.tui.widgets.text import Plain


def address_effect(text: str) -> str | None:
    """What a typed address leads to; with a `!` why it is none."""
    try:
        return f"connects to {parse_address(text)}"
    except AddressError as error:
        return f"! {error}"


class NoPrinter(Vertical):
    """The printers found, and the buttons. Retry has the focus."""

    def __init__(self, home: Path, store: Store, *, kiosk: bool = False) -> None:
        """`kiosk`: only what neither starts another program nor leads to another printer."""
        super().__init__(id="no-printer")
        self._home, self._store, self._kiosk = home, store, kiosk
        self._known: Sequence[FoundPrinter] = ()
        self.found: Sequence[FoundPrinter] = ()
        self._searching = False

    def compose(self) -> Iterable[Widget]:
        """A line for each printer found, what the search found, then the buttons."""
        yield Vertical(id="found")
        if not self._kiosk:
            key = key_text(self.app, "connection.search")
            yield PlainButton(
                f"{key}  search the local network", id="search", classes="found", action="screen.search"
            )
        yield Plain(id="searched")
        with Horizontal(id="ways"):
            yield PlainButton("Retry", id="retry", variant="success", action="screen.retry")
            if not self._kiosk:
                yield from self._other_ways()
            yield PlainButton("Quit", id="leave", action="app.leave")

    def _other_ways(self) -> Iterable[Widget]:
        """Another printer, or another program."""
        yield PlainButton("Address", id="address", action="screen.address")
        yield PlainButton("Demo", id="demo", action="screen.demo")
        yield PlainButton("Doctor", id="doctor", action="screen.doctor")

    def on_mount(self) -> None:
        """Retrying is the harmless way on."""
        self.query_one("#retry", PlainButton).focus()
        self.query_one("#searched").display = False
        if not self._kiosk:
            self.run_worker(self._look())

    async def _look(self) -> None:
        """What this machine knows: its sockets and servers, and earlier runs."""
        self._known = await asyncio.to_thread(known, self._home, self._store)
        if not self._searching:
            await self._show(self._known)

    def search(self) -> None:
        """Ask the local network, once."""
        if not self._searching:
            self._searching = True
            self.run_worker(self._search())

    async def _search(self) -> None:
        self._say("Searching the local network …")
        try:
            servers = await asyncio.to_thread(search)
        finally:
            self._searching = False
        none = "No Moonraker has answered. It announces itself only where moonraker.conf has [zeroconf]."
        match len(servers):
            case 0:
                self._say(none)
            case 1:
                self._say("1 Moonraker has answered.")
            case n:
                self._say(f"{n} Moonrakers have answered.")
        await self._show(with_servers(self._known, servers))

    def _say(self, text: str) -> None:
        line = self.query_one("#searched", Plain)
        line.display = True
        line.set_text(text)

    async def _show(self, found: Sequence[FoundPrinter]) -> None:
        self.found = found
        box = self.query_one("#found", Vertical)
        await box.remove_children()
        await box.mount_all(
            PlainButton(f"{n + 1}  {one.text}", classes="found", action=f"screen.found({n})")
            for n, one in enumerate(found)
        )
        self.screen.refresh_bindings()
