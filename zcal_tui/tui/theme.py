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
    accent="#6b3f00",
    success="#1d7a3a",
    warning="#6b3f00",
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
        "footer-key-foreground": "#6b3f00",
    },
)

CONTRAST = Theme(
    name="zcal-contrast",
    primary="#7fd4ff",
    secondary="#ffffff",
    accent="#ffe14d",
    success="#7dff9a",
    warning="#ffe14d",
    error="#ff9aa8",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#141414",
    dark=True,
    variables={
        "border": "#ffffff",
        "border-blurred": "#b0b0b0",
        "block-cursor-background": "#003a66",
        "block-cursor-foreground": "#ffffff",
        "button-color-foreground": "#000000",
        "button-focus-text-style": "bold underline",
        "footer-key-foreground": "#ffe14d",
    },
)

ANSI_VARIABLES = {
    "border-blurred": "ansi_default",
    "input-cursor-text-style": "reverse",
    "scrollbar": "ansi_white",
    "scrollbar-hover": "ansi_white",
    "scrollbar-active": "ansi_white",
}
"""What both themes of the terminal's own colours have."""

ANSI_DARK = Theme(
    name=PLAIN_THEME,
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_cyan",
    warning="ansi_bright_yellow",
    error="ansi_bright_red",
    success="ansi_green",
    accent="ansi_bright_yellow",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    variables={
        **ANSI_VARIABLES,
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "border": "ansi_cyan",
        "block-cursor-foreground": "ansi_black",
        "block-cursor-background": "ansi_white",
        "footer-key-foreground": "ansi_bright_yellow",
        "input-cursor-background": "ansi_white",
        "input-cursor-foreground": "ansi_black",
        "input-selection-background": "ansi_white",
        "input-selection-foreground": "ansi_black",
        "screen-selection-background": "ansi_white",
        "screen-selection-foreground": "ansi_black",
    },
)
"""On a dark terminal: dark red, brown, magenta and blue cannot be read on black."""

ANSI_LIGHT = Theme(
    name="ansi-light",
    ansi=True,
    primary="ansi_magenta",
    secondary="ansi_magenta",
    warning="ansi_red",
    error="ansi_red",
    success="ansi_default",
    accent="ansi_magenta",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=False,
    variables={
        **ANSI_VARIABLES,
        "ansi-background": "ansi_bright_white",
        "ansi-foreground": "ansi_black",
        "border": "ansi_magenta",
        "block-cursor-foreground": "ansi_bright_white",
        "block-cursor-background": "ansi_black",
        "footer-key-foreground": "ansi_magenta",
        "input-cursor-background": "ansi_black",
        "input-cursor-foreground": "ansi_bright_white",
        "input-selection-background": "ansi_black",
        "input-selection-foreground": "ansi_bright_white",
        "screen-selection-background": "ansi_black",
        "screen-selection-foreground": "ansi_bright_white",
    },
)
"""On a light terminal: green, yellow and cyan cannot be read on white."""

THEMES = (DARK, LIGHT, CONTRAST, ANSI_DARK, ANSI_LIGHT)
OFFERED = tuple(theme.name for theme in THEMES)
"""The themes to choose from: all text on each is readable."""
READABLE = 4.7
"""The contrast ratio that dim words have on every ground; WCAG 2.1 asks for 4.5."""
GROUNDS = ("background", "surface", "panel", "block-cursor-background")


def default_theme(environ: Mapping[str, str]) -> str:
    """The theme a terminal starts with: its own colours on a text console and without any, ours elsewhere."""
    plain = is_console(environ.get("TERM", "")) or "NO_COLOR" in environ
    return PLAIN_THEME if plain else DARK.name


def quiet_colours(variables: dict[str, str]) -> dict[str, str]:
    """`z-dim` for words that explain and `z-faint` for lines and frames, mixed from any theme's two main colours."""
    back, front = _colour(variables, "background"), _colour(variables, "foreground")
    if back is None or front is None:
        return {"z-dim": "ansi_default", "z-faint": "ansi_default"}
    grounds = [ground for name in GROUNDS if (ground := _colour(variables, name)) is not None]
    share = 0.62
    while share < 1.0 and min(_ratio(back.blend(front, share), ground) for ground in grounds) < READABLE:
        share += 0.02
    return {"z-dim": back.blend(front, min(share, 1.0)).hex, "z-faint": back.blend(front, 0.24).hex}


def _ratio(one: Color, other: Color) -> float:
    """The contrast ratio of two colours (WCAG 2.1), 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Color) -> float:
    shares = [value / 255 for value in (colour.r, colour.g, colour.b)]
    red, green, blue = (s / 12.92 if s <= 0.03928 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


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
