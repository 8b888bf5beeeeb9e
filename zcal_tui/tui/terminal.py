"""What Textual must find of the terminal, and how it is left when there is no time to be polite."""

import os

from zcal_tui.terminal import is_console

REFUSED = 2
"""Exit code where there is no terminal to draw on."""

LEAVE_SEQUENCES = (
    "\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[<u"
)
"""Undoes what Textual's Linux driver switches on: alternate screen, mouse, paste, focus, kitty keys."""


PLAIN_THEME = "ansi-dark"
"""The theme of the terminal's own sixteen colours: Textual's name, with colours of ours."""


def prepare_environment() -> None:
    """What Textual must find when it is imported.

    A text console prints the query for the kitty keyboard protocol as text. With NO_COLOR Textual drops colours
    where it starts with a theme of the terminal's own colours; from any other it makes greys, and trips over lines
    that have no style at all, as textual-plot makes them before it knows its size.
    """
    if is_console(os.environ.get("TERM", "")):
        os.environ.setdefault("TEXTUAL_DISABLE_KITTY_KEY", "1")
    if "NO_COLOR" in os.environ:
        os.environ.setdefault("TEXTUAL_THEME", PLAIN_THEME)
