"""The automatic Z offset on the screen: its three heights, and the formula with the numbers in it."""

from collections.abc import Mapping

from zcal_tui.model.record import Record
from zcal_tui.tui.presenters.plain import PlainPresenter
from zcal_tui.tui.presenters.plots import Drawing, Plot

HEIGHTS = ("nozzle", "switch", "bed")


def heights_of(record: Record) -> dict[str, float]:
    """The heights that are known, by name, mm: the estimates, else the newest samples; switch_offset with them."""
    found: dict[str, float] = {}
    for sample in record.samples:
        if sample.kind in HEIGHTS:
            found[sample.kind] = sample.trigger_z
        for name in (*HEIGHTS, "switch_offset"):
            if name in sample.values:
                found[name] = sample.values[name]
    for name in (*HEIGHTS, "offset"):
        estimate = record.estimates.get(name)
        if estimate is not None and estimate.value is not None:
            found[name] = estimate.value
    return found


def _number(values: Mapping[str, float], name: str) -> str:
    return f"{values[name]:.4f}".replace("-", "−") if name in values else "…"


def _sum(values: Mapping[str, float], *names: str) -> str:
    if not all(name in values for name in names):
        return "…"
    first, second = (values[name] for name in names)
    return f"{first - second:.4f}".replace("-", "−")


def drawing(record: Record) -> Drawing:
    """Three heights side by side, each with its height; under them the formula."""
    values = heights_of(record)
    dim, line, value = "$z-dim", "$z-faint", "bold $text-primary"

    def row(*parts: tuple[str, str]) -> tuple[tuple[str, str], ...]:
        return parts

    def columns(texts: tuple[str, str, str], style: str) -> tuple[tuple[str, str], ...]:
        return tuple((f"{text:^10}", style) for text in texts)

    named = tuple(f"{letter} {_number(values, name)}" for letter, name in zip("NSB", HEIGHTS, strict=True))
    lines = (
        columns(("nozzle", "body", "switch"), "bold"),
        columns(("▼", "▼", "▼"), "$text-accent"),
        columns(("━━━━━━━━",) * 3, line),
        columns(("Z endstop", "Z endstop", "bed"), dim),
        columns((named[0], named[1], named[2]), value),
        row(),
        row(("S − N            ", dim), (f"{_sum(values, 'switch', 'nozzle'):>10}", value), (" mm", dim)),
        row(("switch_offset    ", dim), (f"{_number(values, 'switch_offset'):>10}", value), (" mm", dim)),
        row((" " * 17 + "─" * 13, line)),
        row(("offset           ", dim), (f"{_number(values, 'offset'):>10}", value), (" mm", dim)),
        row(("= B − (S − N + switch_offset)", dim)),
    )
    return Drawing("Offset from three heights", lines)


class AutoZPresenter(PlainPresenter):
    """The record of `auto-z`."""

    main = "offset"

    @property
    def about(self) -> str:
        """What the running check's screen shows, for its help page."""
        return (
            "Three heights give the offset: the nozzle on the Z endstop, the probe's body on the Z endstop, and the "
            "probe on the bed. The drawing shows each as it is measured."
        )

    def plots(self, record: Record) -> tuple[Plot, ...]:
        """The drawing, then what every record has."""
        return (drawing(record), *super().plots(record)) if heights_of(record) else super().plots(record)
