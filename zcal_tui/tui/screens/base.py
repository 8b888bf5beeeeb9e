"""What every screen and every modal has: the bar with STOP at the top, the keys at the bottom, the snapshot."""

from collections.abc import Iterable
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from zcal_tui.session.snapshot import Snapshot
from zcal_tui.tui.desk import Desk
from zcal_tui.tui.widgets.keybar import KeyBar
from zcal_tui.tui.widgets.statusbar import StatusBar, TroubleStrip

Result = TypeVar("Result")


class Follower:
    """A screen that follows the snapshot."""

    def show(self, snapshot: Snapshot) -> None:
        """Show how things are; called when the snapshot has changed and when the screen comes to the front."""
        raise NotImplementedError


class ZcalScreen(Follower, Screen[None]):
    """A full screen. Subclasses yield their body and follow the snapshot in `show`."""

    ABOUT: ClassVar[str] = ""
    """What this screen is for, for the help page."""
    SHOWS_TROUBLE: ClassVar[bool] = True
    """Whether a line under the bar tells what is wrong with the printer."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def compose(self) -> ComposeResult:
        """Bar, trouble, body, keys."""
        yield StatusBar()
        if self.SHOWS_TROUBLE:
            yield TroubleStrip()
        yield from self.compose_body()
        yield KeyBar()

    def compose_body(self) -> Iterable[Widget]:
        """What stands between the bars."""
        return ()

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was in front."""
        self.call_after_refresh(self._catch_up)

    def _catch_up(self) -> None:
        if self.is_mounted:
            self.show(self.desk.snapshot)

    def show(self, snapshot: Snapshot) -> None:
        """Show how things are."""
        self.query_one(StatusBar).show(snapshot)
        if self.SHOWS_TROUBLE:
            self.query_one(TroubleStrip).show(snapshot)


class ZcalModal(Follower, ModalScreen[Result]):
    """A box for a decision or for what must not be overlooked; STOP stays above it."""

    ABOUT: ClassVar[str] = ""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def compose(self) -> ComposeResult:
        """Bar, box, keys."""
        yield StatusBar()
        with Vertical(id="box"):
            yield from self.compose_box()
        yield KeyBar()

    def compose_box(self) -> Iterable[Widget]:
        """What is in the box."""
        return ()

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was in front."""
        self.call_after_refresh(self._catch_up)

    def _catch_up(self) -> None:
        if self.is_mounted:
            self.show(self.desk.snapshot)

    def show(self, snapshot: Snapshot) -> None:
        """Show how things are."""
        self.query_one(StatusBar).show(snapshot)
