"""Parts of the page of the [zcal] module."""

from collections.abc import Sequence

from docs_tools.blocks import table
from klippy_extra.zcal.options import OPTIONS


def zcal_options(words: Sequence[str]) -> str:
    """The options of [zcal]."""
    rows = [
        (
            f"`{option.name}`",
            "left out" if option.default is None else f"{option.default:g}",
            f"{option.lowest:g} to {option.highest:g}",
            option.help,
        )
        for option in OPTIONS
    ]
    return table(("option", "default", "range", "meaning"), rows)
