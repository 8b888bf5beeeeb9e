"""What is always there: which printer, how it is, and STOP."""

from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual import on
from textual.app import ComposeResult, RenderResult
from textual.containers import Container
from textual.content import Content
from textual.events import Click
from textual.geometry import Region
from textual.strip import Strip
from textual.style import Style
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


Facts = tuple[object, ...]


def who_facts(snapshot: Snapshot, glyphs: Glyphs) -> Facts:
    """All that the first line is made of."""
    return condition(snapshot, glyphs), snapshot.link.name, snapshot.link.address


def where_facts(snapshot: Snapshot, _: Glyphs) -> Facts:
    """All that the second line is made of."""
    printer = snapshot.printer
    return printer.connected, printer.homed_axes, printer.live_position, printer.position, printer.heaters


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


NEAR = 6
"""Columns between two changes from which on they are written apart: what stands between costs as much as a move."""


def changed_regions(before: Content, after: Content) -> list[Region]:
    """Where a line reads differently, in columns; empty where more than characters has changed, so that the whole line
    has to be written."""
    if before.spans != after.spans or len(before.plain) != len(after.plain):
        return []
    if len(after.plain) != after.cell_length:
        return []  # characters of two columns
    regions: list[Region] = []
    for x, (old, new) in enumerate(zip(before.plain, after.plain, strict=True)):
        if old == new:
            continue
        if regions and x - regions[-1].right < NEAR:
            last = regions.pop()
            regions.append(Region(last.x, 0, x + 1 - last.x, 1))
        else:
            regions.append(Region(x, 0, 1, 1))
    return regions


class BarLine(Widget):
    """A line of the bar. One widget a line, since only the second one changes four times a second."""

    def __init__(
        self,
        snapshot: Snapshot,
        facts: Callable[[Snapshot, Glyphs], Facts],
        text: Callable[[Snapshot, int, Glyphs], Content],
        *,
        id: str,
    ) -> None:
        """`text` makes the line for a width; it is made again where the `facts` are others."""
        super().__init__(id=id)
        self._snapshot = snapshot
        self._facts_of, self._text = facts, text
        self._facts: Facts = ()
        self._shown = Content("")
        self._width = -1
        self._base = Style.null()
        self._styles: dict[str | Style, RichStyle] = {}

    def show(self, snapshot: Snapshot) -> None:
        """Repaint if it reads differently now."""
        self._snapshot = snapshot
        facts, width = self._facts_of(snapshot, glyphs_of(self)), self.content_size.width
        if facts == self._facts and width == self._width:
            return
        self._facts = facts
        before = self._shown
        self._update(width)
        if not self._shown.is_same(before):
            self.refresh(*changed_regions(before, self._shown))

    def _update(self, width: int) -> None:
        self._shown, self._width = self._text(self._snapshot, width, glyphs_of(self)), width

    def render(self) -> RenderResult:
        """The line, as wide as there is room."""
        if self._width != self.content_size.width:
            self._update(self.content_size.width)
        return self._shown

    def render_line(self, y: int) -> Strip:
        """The line as it is drawn: with its own styles' table, since Textual's way to wrap and align a text of a dozen
        styles takes most of the time of an update."""
        self.render()
        base = self.visual_style
        if base != self._base:
            self._base, self._styles = base, {}
        if y or not self._shown.plain:
            return Strip.blank(self.size.width, base.rich_style)
        segments, at, text = [], 0, self._shown.plain
        for span in self._shown.spans:
            if span.start < at:  # never of ours: one style on another
                return super().render_line(y)
            segments += [
                Segment(text[at : span.start], self._style("")),
                Segment(text[span.start : span.end], self._style(span.style)),
            ]
            at = span.end
        segments.append(Segment(text[at:], self._style("")))
        return Strip([segment for segment in segments if segment.text], self._shown.cell_length)

    def _style(self, style: str | Style) -> RichStyle:
        known = self._styles.get(style)
        if known is None:
            known = self._styles[style] = (self._base + self.app.stylesheet.parse_style(style)).rich_style
        return known


class StatusBar(Container):
    """The bar at the top of every screen and every modal. No Vertical: Textual's palette styles those as its own."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self._first = snapshot

    def compose(self) -> ComposeResult:
        """STOP at the right, both lines beside it."""
        yield StopButton(f"{glyphs_of(self).stop} STOP\nF12", id="stop")
        yield BarLine(self._first, who_facts, who_text, id="who")
        yield BarLine(self._first, where_facts, where_text, id="where")

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
