"""What is always there: which printer, how it is, and STOP."""

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult, RenderResult
from textual.containers import Container
from textual.content import Content
from textual.events import Click
from textual.widget import Widget

from zcal_tui.session.snapshot import Snapshot
from zcal_tui.tui.actions import key_word
from zcal_tui.tui.glyphs import Glyphs, glyphs_of
from zcal_tui.tui.messages import FirmwareRestartRequested, StopRequested
from zcal_tui.tui.printer_status import (
    Condition,
    condition,
    fit,
    homed_text,
    position_text,
    spread,
    temperatures_text,
)
from zcal_tui.tui.widgets.button import PlainButton
from zcal_tui.tui.widgets.text import TONES


class StopButton(PlainButton):
    """The emergency stop. Takes no focus, so that no stray Enter presses it."""

    can_focus = False
    GUARDED = False


def who_text(snapshot: Snapshot, width: int, glyphs: Glyphs) -> Content:
    """Which printer, and how it is."""
    how, link = condition(snapshot, glyphs), snapshot.link
    who = Content.assemble(
        (link.name or "zcal-tui", "bold"), ("  " + link.address if link.address else "", "$z-dim")
    )
    return spread(who, Content.assemble((f"{how.glyph} {how.word}", TONES[how.tone])), width)


def where_text(snapshot: Snapshot, width: int, _: Glyphs) -> Content:
    """Where the toolhead is, and how warm; nothing while there is no printer."""
    printer = snapshot.printer
    if not printer.connected:
        return Content("")
    where = fit([homed_text(printer), position_text(printer)], max(10, width - 22))
    return spread(where, temperatures_text(printer), width)


class BarLine(Widget):
    """A line of the bar. One widget a line, since only the second one changes four times a second."""

    def __init__(
        self, snapshot: Snapshot, text: Callable[[Snapshot, int, Glyphs], Content], *, id: str
    ) -> None:
        super().__init__(id=id)
        self._snapshot = snapshot
        self._text = text
        self._shown = Content("")
        self._width = -1

    def show(self, snapshot: Snapshot) -> None:
        """Repaint if it reads differently now."""
        self._snapshot = snapshot
        before, width = self._shown, self.content_size.width
        self._update(width)
        if not self._shown.is_same(before):
            self.refresh()

    def _update(self, width: int) -> None:
        self._shown, self._width = self._text(self._snapshot, width, glyphs_of(self)), width

    def render(self) -> RenderResult:
        """The line, as wide as there is room."""
        if self._width != self.content_size.width:
            self._update(self.content_size.width)
        return self._shown


class StatusBar(Container):
    """The bar at the top of every screen and every modal. No Vertical: Textual's palette styles those as its own."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self._first = snapshot

    def compose(self) -> ComposeResult:
        """STOP at the right, both lines beside it."""
        yield StopButton(f"{glyphs_of(self).stop} STOP\nF12", id="stop")
        yield BarLine(self._first, who_text, id="who")
        yield BarLine(self._first, where_text, id="where")

    def show(self, snapshot: Snapshot) -> None:
        """Show how things are."""
        for line in self.query_children(BarLine):
            line.show(snapshot)

    @on(PlainButton.Pressed, "#stop")
    def _stop(self, event: PlainButton.Pressed) -> None:
        event.stop()
        self.post_message(StopRequested())


class TroubleStrip(Widget):
    """One line under the bar while something is wrong with the printer, and what to do about it."""

    def __init__(self) -> None:
        super().__init__(id="trouble")
        self._condition: Condition | None = None
        self.display = False

    def show(self, snapshot: Snapshot) -> None:
        """Appear, change or go."""
        how = condition(snapshot, glyphs_of(self))
        if how == self._condition:
            return
        self._condition = how
        self.display = bool(how.sentence) and how.tone != "dim"
        self.set_class(how.tone == "bad", "-bad")
        self.refresh()

    def render(self) -> RenderResult:
        """The sentence, and the way out at the right."""
        how = self._condition
        if how is None:
            return Content("")
        remedy = Content.styled(self._remedy(how), "bold")
        return spread(Content(f"{how.glyph} {how.sentence}"), remedy, self.content_size.width)

    def _remedy(self, how: Condition) -> str:
        if how.restart:
            return f"  {key_word(self.app, 'app.restart')} firmware restart"
        return f"  {key_word(self.app, 'app.why')} details" if how.more else ""

    def on_click(self, event: Click) -> None:
        """A tap does what the line offers."""
        how = self._condition
        if how is not None and how.restart:
            event.stop()
            self.post_message(FirmwareRestartRequested())
        elif how is not None and how.more:
            event.stop()
            self.app.call_next(self.app.run_action, "why")
