"""What a screen shows, as text, and whether anything needed is cut off."""

import html
import re
from textwrap import wrap
from typing import Any

from textual._compositor import LayoutUpdate
from textual.app import App
from textual.screen import Screen
from textual.widgets import Button, Digits

from zcal_tui.tui.widgets.bedmap import BedMapView
from zcal_tui.tui.widgets.bracket import Bracket
from zcal_tui.tui.widgets.checklist import CheckList
from zcal_tui.tui.widgets.figures import Figures, LimitGauge
from zcal_tui.tui.widgets.keybar import KeyBar
from zcal_tui.tui.widgets.offsetmap import OffsetMap
from zcal_tui.tui.widgets.plot_view import PlotView
from zcal_tui.tui.widgets.progress import RunProgress
from zcal_tui.tui.widgets.statusbar import StatusBar
from zcal_tui.tui.widgets.stepbar import StepBar

NEEDED = (
    BedMapView,
    Bracket,
    Button,
    CheckList,
    Digits,
    Figures,
    KeyBar,
    LimitGauge,
    OffsetMap,
    PlotView,
    RunProgress,
    StatusBar,
    StepBar,
)


def cut_off(screen: Screen[Any]) -> list[str]:
    """What is wrong with the buttons and numbers of a screen: not whole, or not inside the screen."""
    found = []
    for widget in screen.walk_children():
        if not isinstance(widget, NEEDED) or not widget.display or not widget.region:
            continue
        if not all(node.display for node in widget.ancestors_with_self if hasattr(node, "display")):
            continue
        place = screen.find_widget(widget)
        if place.visible_region != widget.region:
            found.append(f"{widget!r} is cut off: {place}")
        if isinstance(widget, Figures):
            lines = str(widget.content).splitlines()
            if max(map(len, lines), default=0) > widget.content_size.width:
                found.append(f"{widget!r} is too narrow")
            if len(lines) > widget.content_size.height:
                found.append(f"{widget!r} is too low")
        if isinstance(widget, Button):
            size = widget.content_size
            width = max(1, size.width - 2 * widget.styles.line_pad)
            wrapped = [wrap(line, width, break_long_words=False) for line in str(widget.label).splitlines()]
            lines = [line for part in wrapped for line in part]
            if len(lines) > size.height or max(map(len, lines), default=0) > width:
                found.append(f"{widget!r} is too small for its words")
    return found


def shown_text(app: App[Any]) -> str:
    """The lines of text that an app shows, as `svg_text` of its picture, without those that are empty."""
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert isinstance(update, LayoutUpdate)
    lines = ("".join(strip.text for strip in line).rstrip() for line in update.strips)
    return "\n".join(filter(None, lines))


def svg_text(svg: str) -> str:
    """The lines of text in a picture, top to bottom."""
    rows: dict[float, list[tuple[float, str]]] = {}
    for x, y, text in re.findall(r'<text [^>]*?x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>', svg):
        rows.setdefault(float(y), []).append((float(x), html.unescape(text).replace("\xa0", " ")))
    lines = []
    for y in sorted(rows):
        line = ""
        for x, text in sorted(rows[y]):
            line = line.ljust(round(x / 12.2)) + text
        lines.append(line.rstrip())
    return "\n".join(lines)
