"""The presenter of a check that has none of its own: its estimates by name, its samples by kind and place."""

import math

from zcal_tui.model.labels import is_position, label
from zcal_tui.model.record import Estimate, Record
from zcal_tui.model.units import MINUS, length, number, percent
from zcal_tui.tui.presenters.mesh_maps import mesh_maps
from zcal_tui.tui.presenters.plots import Plot, bed_map, curves, differences, dots
from zcal_tui.tui.presenters.presenter import (
    UNKNOWN,
    Figure,
    Gauge,
    Live,
    Row,
    finite,
    half_interval,
    um,
    um_interval,
)


def general(record: Record) -> dict[str, Estimate]:
    """The estimates that are not one of many places."""
    return {name: estimate for name, estimate in record.estimates.items() if "@" not in name}


def plain_value(estimate: Estimate) -> str:
    """An estimate's value in its own unit; its bound where it has no value."""
    value = estimate.value
    if value is None and estimate.high is not None:
        return f"≤ {plain_value(_with(estimate, estimate.high))}"
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if estimate.unit == "mm":
        return f"{value:.4f} mm".replace("-", "−") if is_position(estimate.name) else length(value)
    if estimate.unit == "mm/°C":
        return f"{um(value, sign=True)} µm/°C"
    if estimate.unit == "":
        return percent(value)
    return f"{value:.3g} {estimate.unit}"


def _with(estimate: Estimate, value: float) -> Estimate:
    return Estimate(estimate.name, value, None, None, estimate.unit, estimate.confidence)


def interval_text(estimate: Estimate) -> str:
    """An estimate's interval in its own unit, short."""
    if estimate.unit == "mm":
        return half_interval(estimate) if is_position(estimate.name) else um_interval(estimate)
    if estimate.unit == "mm/°C" and estimate.low is not None and estimate.high is not None:
        return f"{um(estimate.low, sign=True)} … {um(estimate.high, sign=True)}"
    if estimate.low is not None and estimate.high is not None:
        return f"{estimate.low:.3g} … {estimate.high:.3g}"
    return ""


class PlainPresenter:
    """Knows only what every record has."""

    main: str | None = None
    """The estimate shown large; the first one where it is not named."""

    @property
    def about(self) -> str:
        """What the running check's screen shows, for its help page."""
        return (
            "The large number and the lines under it are the estimates so far, with 95 % intervals. Every sample is in "
            "the table. The plot shows the samples, or a map of the bed once several places have values."
        )

    def main_estimate(self, record: Record) -> Estimate | None:
        """The estimate shown large."""
        found = general(record)
        if self.main is not None and self.main in found:
            return found[self.main]
        return next(iter(found.values()), None)

    def live(self, record: Record) -> Live:
        """The main estimate with its interval; before there is one, how many samples there are."""
        estimate = self.main_estimate(record)
        if estimate is None:
            count = len(record.samples)
            return Live(str(count), "sample" if count == 1 else "samples") if count else Live("-", "")
        sure = f"{estimate.confidence * 100:g} % interval"
        value, named = estimate.value, label(estimate.name)
        if value is None and finite(estimate.high):
            assert estimate.high is not None
            return Live(um(estimate.high), "µm at most", named, (sure,))
        if value is None or not math.isfinite(value):
            return Live("-.-", "", named)
        interval = interval_text(estimate)
        about = (interval, sure) if interval else ()
        if estimate.unit == "mm" and is_position(estimate.name):
            return Live(number(value, digits=3), "mm", named, about)
        if estimate.unit == "mm":
            return Live(um(value), "µm", named, about)
        if estimate.unit == "":
            return Live(percent(value).removesuffix(" %"), "%", named, about)
        return Live(f"{value:.3g}".replace("-", MINUS), estimate.unit, named, about)

    def gauge(self, record: Record) -> Gauge | None:
        """None: no limit is known."""
        return None

    def figures(self, record: Record, *, final: bool = False) -> tuple[Figure, ...]:
        """Every estimate that is not shown large, by its label; in the end all of them."""
        shown = self.main_estimate(record) if not final else None
        return tuple(
            Figure(label(name), plain_value(estimate), interval_text(estimate))
            for name, estimate in general(record).items()
            if estimate is not shown
        )

    def plots(self, record: Record) -> tuple[Plot, ...]:
        """A mesh that was made again, a map where there are places, curves where temperatures changed, and dots."""
        found = (*mesh_maps(record), bed_map(record), *curves(record), dots(record))
        return tuple(plot for plot in found if plot is not None)

    def rows(self, record: Record) -> tuple[Row, ...]:
        """Number, what it was where they differ, height in mm, µm from the mean of those it can be compared with."""
        apart = differences(record.samples)
        kinds = len({sample.kind for sample in record.samples}) > 1
        places = len({sample.place for sample in record.samples}) > 1
        rows = []
        for sample in record.samples:
            what = sample.kind if kinds and (sample.kind != "touch" or not places) else sample.place
            difference = um(apart[sample.n], sign=True) if sample.recorded and sample.n in apart else ""
            rows.append(
                (
                    str(sample.n),
                    what if kinds or places else "",
                    number(sample.trigger_z, digits=4),
                    difference,
                )
            )
        return tuple(rows)

    def setup(self, record: Record) -> str:
        """How many samples, and how warm it was."""
        count = len(record.samples)
        parts = [f"{count} sample{'' if count == 1 else 's'}"] if count else []
        for name, read in (("bed", "bed"), ("nozzle", "hotend")):
            values = [value for s in record.samples if (value := getattr(s, read)) is not None]
            if values:
                low, high = min(values), max(values)
                degrees = f"{high:.0f}" if high - low < 1.5 else f"{low:.0f}…{high:.0f}"
                parts.append(f"{name} {degrees}°")
        return " · ".join(parts)
