"""What is always there: which printer, how it is, and STOP."""

from textual import on
from textual.app import ComposeResult, RenderResult
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Click
from textual.widget import Widget
from textual.widgets import Button

from zcal_tui.session.snapshot import Snapshot
from zcal_tui.tui.glyphs import glyphs_of
from zcal_tui.tui.messages import FirmwareRestartRequested, StopRequested
from zcal_tui.tui.printerline import (
    Condition,
    condition,
    fit,
    homed_text,
    position_text,
    spread,
    temperatures_text,
)
from zcal_tui.tui.widgets.text import TONES


class StopButton(Button):
    """The emergency stop. Takes no focus, so that no stray Enter presses it."""

    can_focus = False


class _State(Widget):
    """Two lines: who and how; where and how warm."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__(id="state")
        self._snapshot = snapshot
        self._lines: list[Content] = []
        self._width = -1

    def show(self, snapshot: Snapshot) -> None:
        """Repaint if it reads differently now."""
        self._snapshot = snapshot
        lines = self._compose_lines()
        if len(lines) != len(self._lines) or any(
            not new.is_same(old) for new, old in zip(lines, self._lines, strict=True)
        ):
            self._lines, self._width = lines, self.content_size.width
            self.refresh()

    def _compose_lines(self) -> list[Content]:
        snapshot, width = self._snapshot, self.content_size.width
        how = condition(snapshot, glyphs_of(self))
        link, printer = snapshot.link, snapshot.printer
        who = Content.assemble(
            (link.name or "zcal-tui", "bold"), ("  " + link.address if link.address else "", "$z-dim")
        )
        word = Content.assemble((f"{how.glyph} {how.word}", TONES[how.tone]))
        second = Content("")
        if printer.connected:
            second = spread(
                fit([homed_text(printer), position_text(printer)], max(10, width - 22)),
                temperatures_text(printer),
                width,
            )
        return [spread(who, word, width), second]

    def render(self) -> RenderResult:
        """Both lines, as wide as there is room."""
        if self._width != self.content_size.width:
            self._lines, self._width = self._compose_lines(), self.content_size.width
        return Content("\n").join(self._lines)


class StatusBar(Horizontal):
    """The bar at the top of every screen and every modal."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self._first = snapshot

    def compose(self) -> ComposeResult:
        """The state, and STOP at the right."""
        yield _State(self._first)
        yield StopButton(f"{glyphs_of(self).stop} STOP\nF12", id="stop")

    def show(self, snapshot: Snapshot) -> None:
        """Show how things are."""
        self.query_one(_State).show(snapshot)

    @on(Button.Pressed, "#stop")
    def _stop(self, event: Button.Pressed) -> None:
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
        told = "  F8 firmware restart" if how.restart else "  W tells more" if how.more else ""
        remedy = Content.styled(told, "bold")
        return spread(Content(f"{how.glyph} {how.sentence}"), remedy, self.content_size.width)

    def on_click(self, event: Click) -> None:
        """A tap does what the line offers."""
        how = self._condition
        if how is not None and how.restart:
            event.stop()
            self.post_message(FirmwareRestartRequested())
        elif how is not None and how.more:
            event.stop()
            self.app.call_next(self.app.run_action, "why")
