"""Text that is shown as it is, and repainted only when it says something else."""

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Digits, Static

from zcal_tui.model.units import MINUS
from zcal_tui.tui.glyphs import glyphs_of

TONES = {"good": "$text-success", "warn": "$text-warning", "bad": "$text-error", "": "", "dim": "$z-dim"}
"""Colour of each tone a figure can have."""


class Plain(Static):
    """A Static that takes no markup and skips updates that change nothing."""

    def __init__(
        self, content: Content | str = "", *, id: str | None = None, classes: str | None = None
    ) -> None:
        self._shown: Content | str = content
        super().__init__(content, id=id, classes=classes, markup=False)

    def set_text(self, content: Content | str) -> None:
        """Show `content`, if it is not what is shown already."""
        same = type(content) is type(self._shown) and (
            content.is_same(self._shown)
            if isinstance(content, Content) and isinstance(self._shown, Content)
            else content == self._shown
        )
        if not same:
            self._shown = content
            self.update(content)


class BigNumber(Digits):
    """Large digits; plain bold text on a console, whose font has no round corners to draw them with."""

    def set_text(self, digits: str) -> None:
        """Show `digits`, if they are not what is shown already. The large ones have no true minus sign."""
        digits = digits.replace(MINUS, "-")
        if digits != self.value:
            self.update(digits)

    def render(self) -> RenderResult:
        """The digits, as the terminal can show them."""
        return Content.styled(self.value, "bold") if glyphs_of(self).console else super().render()


def under_cursor(widget: Widget, row: Content) -> Content:
    """A row of a list under the cursor; sixteen colours have none that every colour of the row can be read on."""
    if widget.app.current_theme.ansi:
        return row.without_spans.stylize("reverse")
    return row.stylize("on $block-cursor-background")
