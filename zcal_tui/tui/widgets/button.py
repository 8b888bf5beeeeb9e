"""A button whose label is shown as it is."""

import time
from typing import Any, ClassVar

from textual import events
from textual.content import Content, ContentText
from textual.css.types import CSSLocation
from textual.widgets import Button

TAP_GUARD = 0.15
"""Seconds after a change of pages within which a tap was meant for what was there before."""


class PlainButton(Button):
    """A Button that takes no markup: a label may name what a printer or a file calls itself. A tap right after a change
    of pages does nothing."""

    GUARDED: ClassVar = True
    """Whether a tap right after a change of pages is ignored."""

    DEFAULT_CSS = """
    PlainButton {
        line-pad: 1; text-align: center; content-align: center middle; pointer: pointer;
        &:disabled { pointer: not-allowed; }
        &.-active { tint: $background 30%; }
        &:ansi {
            &:disabled { border: tall $border-blurred !important; background: ansi_default !important; }
            &.-active {
                background: $ansi-background !important; border: blank $background !important; tint: transparent;
            }
        }
    }
    """

    def __init__(self, label: ContentText = "", **options: Any) -> None:
        super().__init__(_as_it_is(label), **options)

    def _get_default_css(self) -> list[tuple[CSSLocation, str, int, str]]:
        """Ours instead of Textual's: most of its rules are for looks that app.tcss replaces, and reading them takes as
        long as all other default styles together."""
        replaced = f"{Button.__name__}.DEFAULT_CSS"
        return [each for each in super()._get_default_css() if each[0][1] != replaced]

    def on_click(self, event: events.Click) -> None:
        """Ignore a tap that comes too soon after the page."""
        if self.GUARDED and time.monotonic() - getattr(self.screen, "shown_at", 0.0) < TAP_GUARD:
            event.stop()
            event.prevent_default()

    def validate_label(self, label: ContentText) -> Content:
        """The label, with no markup parsed."""
        return _as_it_is(label)


def _as_it_is(label: ContentText) -> Content:
    return Content(label) if isinstance(label, str) else Content.from_text(label)
