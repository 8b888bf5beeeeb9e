"""What every screen and every modal has: the bar with STOP at the top, the keys at the bottom, the snapshot."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from zcal_tui.session.snapshot import Snapshot
from zcal_tui.tui.actions import bindings, with_keys
from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.stylesheet import CachingStylesheet
from zcal_tui.tui.widgets.keybar import KeyBar
from zcal_tui.tui.widgets.statusbar import StatusBar, TroubleStrip

Result = TypeVar("Result")

FOLDER = Path(__file__).parent

NARROW = 76
"""Columns below which buttons have short labels (app_base.WIDTHS)."""
HUGE = 150
"""Columns from which on plots, samples and trends are beside the text: the class `-huge`, besides `-wide`."""


if TYPE_CHECKING:
    _AnyScreen = Screen[Any]
else:  # a plain class: of several screens among its bases Textual gives a class the styles of the first only
    _AnyScreen = object


class Follower(_AnyScreen):
    """A screen that follows the snapshot: mixed into whatever kind of screen it is."""

    ABOUT: ClassVar[str] = ""
    """What this screen is for, for the help page; `{plan.next}` becomes the key of that action."""
    STYLE_SHEET: ClassVar[str] = ""
    """The file of this class' own styles, besides those of the classes it is derived from. It is parsed when such a
    screen is first opened: the first frame does not wait for the styles of screens that come later."""

    def __init__(self, app_state: AppState) -> None:
        super().__init__()
        self.app_state = app_state
        self._has_widgets = False
        self._has_caught_up = False
        self.shown_at = 0.0
        """When it last came to the front (`time.monotonic`)."""

    def _post_register(self, app: App[Any]) -> None:
        """Have the styles read before Textual applies them to the screen."""
        super()._post_register(app)
        assert isinstance(app.stylesheet, CachingStylesheet)
        for name in {getattr(cls, "STYLE_SHEET", "") for cls in type(self).__mro__} - {""}:
            app.stylesheet.read_once(FOLDER / name)

    def take_size(self) -> None:
        """The classes of the app's size, which Textual gives a screen after its first frame only."""
        width, height = self.app.size
        fitting = [
            *self._fitting(width, self.app.HORIZONTAL_BREAKPOINTS or []),
            *self._fitting(height, self.app.VERTICAL_BREAKPOINTS or []),
        ]
        self.update_classes({**{name: fits for fits, name in fitting}, "-huge": width >= HUGE})

    def on_resize(self) -> None:
        """Follow the app's size."""
        self.set_class(self.app.size.width >= HUGE, "-huge")

    @staticmethod
    def _fitting(size: int, breakpoints: list[tuple[int, str]]) -> Iterable[tuple[bool, str]]:
        fits = max(least for least, _ in breakpoints if least <= size)
        return ((least == fits, name) for least, name in breakpoints)

    def about(self) -> str:
        """What this screen is for, for the help page."""
        return with_keys(self.app, self.ABOUT)

    @property
    def can_follow(self) -> bool:
        """Whether the screen is in use and has its widgets: between being pushed and being composed it has none."""
        return self._has_widgets and self in self.app.screen_stack

    def on_screen_resume(self) -> None:
        """Catch up with what happened before, or while another screen was in front."""
        self._has_widgets = True
        self.shown_at = time.monotonic()
        if len(self.app.screen_stack) == 1:  # the program's first frame does not wait for anything
            self._has_caught_up = True
        self.call_after_refresh(self.catch_up)

    def catch_up(self) -> None:
        """Show the newest snapshot."""
        if self.can_follow:
            self.show(self.app_state.snapshot)
        if not self._has_caught_up:
            self._has_caught_up = True
            self.shown_at = time.monotonic()
            self.refresh()

    def _compositor_refresh(self) -> None:
        """Draw nothing until the page has what it shows: a frame without that costs as much as the one that counts."""
        if self._has_caught_up:
            super()._compositor_refresh()

    def show(self, snapshot: Snapshot) -> None:
        """Show how things are; called when the snapshot has changed and when the screen comes to the front."""
        self.query_one(StatusBar).show(snapshot)


class ZcalScreen(Follower, Screen[Any]):
    """A full screen. Subclasses yield their body and follow the snapshot in `show`."""

    SHOWS_TROUBLE: ClassVar[bool] = True
    """Whether a line under the bar shows what is wrong with the printer."""

    def compose(self) -> ComposeResult:
        """Bar, trouble, body, keys."""
        self.take_size()
        yield StatusBar(self.app_state.snapshot)
        if self.SHOWS_TROUBLE:
            yield TroubleStrip()
        yield from self.compose_body()
        yield KeyBar()

    def compose_body(self) -> Iterable[Widget]:
        """The widgets between the bars."""
        return ()

    def show(self, snapshot: Snapshot) -> None:
        """Show how things are."""
        super().show(snapshot)
        if self.SHOWS_TROUBLE:
            self.query_one(TroubleStrip).show(snapshot)


class ZcalModal(Follower, ModalScreen[Result]):
    """A box for a decision or for what must not be overlooked; STOP stays above it."""

    STYLE_SHEET = "modal.tcss"
    BINDINGS: ClassVar = bindings("app", "pageup", "pagedown")  # no key of the app's own reaches a box

    def compose(self) -> ComposeResult:
        """Bar, box, keys."""
        self.take_size()
        yield StatusBar(self.app_state.snapshot)
        with Vertical(id="box"):
            yield from self.compose_box()
        yield KeyBar()

    def compose_box(self) -> Iterable[Widget]:
        """What is in the box."""
        return ()
