"""Which pictures belong to a check's record. Each comes as SVG and as lines of text, with a caption."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from zcal_tui.model.record import Record


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture of a record."""

    caption: str
    svg: str
    lines: tuple[str, ...]


def figures(record: Record) -> list[Figure]:
    """The pictures of a record, those for which it has the data."""
    # The drawings know figures, so they are named here when all of them exist
    from zcal_tui.results.report.curve import temperature
    from zcal_tui.results.report.heights import three_heights
    from zcal_tui.results.report.map import places
    from zcal_tui.results.report.offsets import seen_from_above
    from zcal_tui.results.report.series import repeats, touches
    from zcal_tui.results.report.variants import settings

    drawn: Mapping[str, tuple[Callable[[Record], Figure | None], ...]] = {
        "probe-xy": (seen_from_above,),
        "z-offset": (repeats, touches),
        "accuracy": (settings, touches),
        "bias": (places,),
        "temperature": (temperature,),
        "backlash": (places,),
        "auto-z": (three_heights, repeats),
        "first-layer": (repeats,),
    }
    found = [draw(record) for draw in drawn.get(record.check, (touches,))]
    return [figure for figure in found if figure is not None]
