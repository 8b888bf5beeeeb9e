"""The labels of estimates on screen and in reports."""

from zcal_tui.model.check_info import ESTIMATES


def label(name: str) -> str:
    """An estimate's label, with its place if it has one (`z_offset@30,40`); its name in words if it is unknown."""
    general, _, place = name.partition("@")
    known = ESTIMATES.get(general)
    words = known.label if known is not None else general.replace("_", " ")
    return f"{words} at {place}" if place else words


def is_position(name: str) -> bool:
    """Whether an estimate is a position on an axis; one of several, as in `z_offset@10,20`, is one too."""
    known = ESTIMATES.get(name.partition("@")[0])
    return known is not None and known.is_position
