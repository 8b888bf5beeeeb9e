"""Colours by meaning. A sign or a word says everything that a colour does."""

from collections.abc import Mapping

from textual.color import Color, ColorParseError
from textual.theme import Theme

from zcal_tui.terminal import is_console
from zcal_tui.tui.terminal import PLAIN_THEME

DARK = Theme(
    name="zcal-dark",
    primary="#6cb6ff",
    secondary="#93a1c0",
    accent="#ffc069",
    success="#86d59b",
    warning="#ffc069",
    error="#ff6b81",
    foreground="#dbe2f0",
    background="#0f131c",
    surface="#161b27",
    panel="#1f2636",
    dark=True,
    variables={
        "border": "#6cb6ff",
        "border-blurred": "#2e374c",
        "input-cursor-background": "#6cb6ff",
        "input-selection-background": "#6cb6ff 30%",
        "block-cursor-background": "#24344f",
        "block-cursor-foreground": "#ffffff",
        "button-color-foreground": "#0f131c",
        "button-focus-text-style": "bold underline",
        "footer-key-foreground": "#ffc069",
        "scrollbar": "#2e374c",
        "scrollbar-hover": "#46536f",
        "scrollbar-active": "#6cb6ff",
        "scrollbar-background": "#0f131c",
        "scrollbar-background-hover": "#0f131c",
        "scrollbar-background-active": "#0f131c",
    },
)

LIGHT = Theme(
    name="zcal-light",
    primary="#0b62b8",
    secondary="#4b5872",
    accent="#9a5b00",
    success="#1d7a3a",
    warning="#9a5b00",
    error="#c2183c",
    foreground="#1b2433",
    background="#f6f7fa",
    surface="#eceff5",
    panel="#dfe4ee",
    dark=False,
    variables={
        "border": "#0b62b8",
        "border-blurred": "#c3cad9",
        "block-cursor-background": "#cfe0f5",
        "block-cursor-foreground": "#0d1420",
        "button-color-foreground": "#ffffff",
        "button-focus-text-style": "bold underline",
        "footer-key-foreground": "#9a5b00",
    },
)

THEMES = (DARK, LIGHT)


def default_theme(environ: Mapping[str, str]) -> str:
    """The theme a terminal starts with: its own colours on a text console and without any, ours elsewhere."""
    plain = is_console(environ.get("TERM", "")) or "NO_COLOR" in environ
    return PLAIN_THEME if plain else DARK.name


def quiet_colours(variables: dict[str, str]) -> dict[str, str]:
    """`z-dim` for words that explain and `z-faint` for lines and frames, mixed from any theme's two main colours."""
    back, front = _colour(variables, "background"), _colour(variables, "foreground")
    if back is None or front is None:
        return {"z-dim": "ansi_default", "z-faint": "ansi_blue"}
    return {"z-dim": back.blend(front, 0.62).hex, "z-faint": back.blend(front, 0.24).hex}


def _colour(variables: dict[str, str], name: str) -> Color | None:
    """A colour that can be mixed; None for the terminal's own, whose value is unknown."""
    try:
        colour = Color.parse(variables[name])
    except (KeyError, ColorParseError):
        return None
    return colour if colour.ansi is None else None


def rich_colour(variables: dict[str, str], name: str) -> str:
    """A colour of the theme as Rich, which draws plots and log lines, names it."""
    value = variables.get(name, "")
    if value.startswith("#"):
        return value[:7]
    return value.removeprefix("ansi_") if value.startswith("ansi_") else "default"
