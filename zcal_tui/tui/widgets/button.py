"""A button whose label is shown as it is."""

from typing import Any

from textual.content import Content, ContentText
from textual.widgets import Button


class PlainButton(Button):
    """A Button that takes no markup: a label may name what a printer or a file calls itself."""

    def __init__(self, label: ContentText = "", **options: Any) -> None:
        super().__init__(_as_it_is(label), **options)

    def validate_label(self, label: ContentText) -> Content:
        """The label, with no markup parsed."""
        return _as_it_is(label)


def _as_it_is(label: ContentText) -> Content:
    return Content(label) if isinstance(label, str) else Content.from_text(label)
