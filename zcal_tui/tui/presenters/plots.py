"""What a record looks like: dots, a curve, a map of the bed, a drawing. Made from its samples and estimates. Pure."""

import itertools
import math
from collections.abc import Callable, Iterable, Sequence

from zcal_tui.model.labels import is_position, label
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Estimate, Record, Sample
from zcal_tui.model.units import UM_PER_MM, length

WARM = 5.0
"""°C: temperatures that differ by more than this make a curve."""
SPOTS = 2
"""Places from which on there is a map."""

TRACES = {"the bed": ("b", "bed"), "the nozzle": ("n", "nozzle")}
"""The letter and the name of each heater's trace."""
PHASES = {"bed": "bed heats", "nozzle": "nozzle heats", "back": "heaters off"}
"""What begins with each phase of a temperature run."""
LEAST_TO_JUDGE, NEIGHBOURS = 6, 3
"""Points from which on an outlier is looked for, and how many on each side it is compared with."""
FAR_SCATTERS, FAR_LEAST = 9.0, 10.0
"""How many median distances, and how many µm at least, an outlier is apart."""

FIRST_TOUCHES = 3
"""Touches whose mean a curve of heights begins at."""


@dataclass(frozen=True, slots=True)
class PlotPoint:
    """A dot of a plot: x, y, and whether it is unusual (`odd`) or was left out of the result."""

    x: float
    y: float
    odd: bool = False
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class Dots:
    """Samples over their number, around zero. The title names y with its unit, `across` x."""

    title: str
    points: tuple[PlotPoint, ...]
    across: str = "sample number"


@dataclass(frozen=True, slots=True)
class Trace:
    """Another quantity over the same x, drawn as a letter on a scale of its own."""

    letter: str
    name: str
    points: tuple[PlotPoint, ...]


@dataclass(frozen=True, slots=True)
class PlotMark:
    """A line across the plot where something began."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Curve:
    """One quantity over another, in the order of measuring. The title names y with its unit, `across` x; the `traces`
    share the scale whose unit is `trace_unit`."""

    title: str
    points: tuple[PlotPoint, ...]
    across: str
    traces: tuple[Trace, ...] = ()
    trace_unit: str = ""
    marks: tuple[PlotMark, ...] = ()


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the bed: where, what is written there, and a smaller word below it. `size` is how far it is from what
    is usual, from −1 to 1, for its colour."""

    x: float
    y: float
    text: str
    note: str = ""
    size: float = 0.0


@dataclass(frozen=True, slots=True)
class BedMap:
    """Values over the bed; `legend` says what they are."""

    title: str
    spots: tuple[Spot, ...]
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Lines of text with styles, drawn as they are."""

    title: str
    lines: tuple[tuple[tuple[str, str], ...], ...]


Plot = Dots | Curve | BedMap | Drawing


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def groups(samples: Iterable[Sample]) -> dict[tuple[str, str], list[Sample]]:
    """The samples that can be compared: of one kind, at one place."""
    found: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        found.setdefault((sample.kind, sample.place), []).append(sample)
    return found


def differences(samples: Sequence[Sample]) -> dict[int, float]:
    """By the samples' numbers: how far each is from the mean of those it can be compared with, mm."""
    found: dict[int, float] = {}
    for members in groups(samples).values():
        counted = [sample.trigger_z for sample in members if sample.recorded]
        if counted:
            mean = _mean(counted)
            found.update((sample.n, sample.trigger_z - mean) for sample in members)
    return found


def shown_kind(samples: Sequence[Sample]) -> str:
    """The kind that a plot of dots shows: that of the newest sample, once there are two of it; else the commonest."""
    if not samples:
        return ""
    kinds = [sample.kind for sample in samples]
    return kinds[-1] if kinds.count(kinds[-1]) > 1 else max(kinds, key=kinds.count)


def dots(record: Record) -> Dots | None:
    """The samples of the newest kind, in µm from the mean of those they can be compared with."""
    kind = shown_kind(record.samples)
    samples = [sample for sample in record.samples if sample.kind == kind]
    if not samples:
        return None
    apart = differences(samples)
    points = tuple(
        PlotPoint(number, apart[sample.n] * UM_PER_MM, left_out=not sample.recorded)
        for number, sample in enumerate(samples, 1)
        if sample.n in apart
    )
    mixed = len({sample.kind for sample in record.samples}) > 1
    return Dots(f"{kind.capitalize() if mixed else 'Height'}, µm from the mean", points)


def _warmth(samples: Sequence[Sample], read: Callable[[Sample], float | None]) -> tuple[float, ...]:
    values = tuple(value for sample in samples if (value := read(sample)) is not None)
    return values if len(values) == len(samples) else ()


def curves(record: Record) -> tuple[Curve, ...]:
    """Height over the temperature that changed most, and over time; nothing where none changed."""
    samples = [sample for sample in record.samples if sample.recorded and sample.kind == "touch"]
    warm = {
        "the bed": _warmth(samples, lambda sample: sample.bed),
        "the nozzle": _warmth(samples, lambda sample: sample.hotend),
    }
    spans = {name: max(values) - min(values) for name, values in warm.items() if values}
    hottest = max(spans, key=lambda name: spans[name], default="")
    if not hottest or spans[hottest] < WARM:
        return ()
    if spans.get("the bed", 0.0) >= WARM:
        hottest = "the bed"
    start = _mean([sample.trigger_z for sample in samples[:FIRST_TOUCHES]])
    heights = [(sample.trigger_z - start) * UM_PER_MM for sample in samples]
    begin = samples[0].t
    minutes = [(sample.t - begin) / 60.0 for sample in samples]
    return (
        Curve(
            "Height over minutes, µm",
            _points(minutes, heights),
            "minutes",
            tuple(Trace(*TRACES[name], _points(minutes, values)) for name, values in warm.items() if values),
            "°C",
            _heatings(samples, minutes),
        ),
        Curve(f"Height over °C of {hottest}, µm", _points(warm[hottest], heights), f"{hottest[4:]}, °C"),
    )


def _points(xs: Sequence[float], ys: Sequence[float]) -> tuple[PlotPoint, ...]:
    return tuple(PlotPoint(x, y) for x, y in zip(xs, ys, strict=True))


def _heatings(samples: Sequence[Sample], minutes: Sequence[float]) -> tuple[PlotMark, ...]:
    """Where a heater was turned on or off: at the last sample before the phase."""
    return tuple(
        PlotMark(minutes[n], PHASES[later.place])
        for n, (earlier, later) in enumerate(itertools.pairwise(samples))
        if later.place != earlier.place and later.place in PHASES
    )


def _median(values: Sequence[float]) -> float:
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def outlying(points: Sequence[PlotPoint]) -> frozenset[int]:
    """The points, by index, that are far from those before and after them."""
    if len(points) < LEAST_TO_JUDGE:
        return frozenset()
    ys = [point.y for point in points]
    apart = [abs(y - _median(ys[max(0, n - NEIGHBOURS) : n + NEIGHBOURS + 1])) for n, y in enumerate(ys)]
    far = max(FAR_SCATTERS * _median(apart), FAR_LEAST)
    return frozenset(n for n, distance in enumerate(apart) if distance > far)


def spot_of(name: str) -> tuple[float, float] | None:
    """The place in an estimate's name (`z_offset@30,40`), mm; None where there is none."""
    _, _, place = name.partition("@")
    try:
        x, y = place.split(",")
        return float(x), float(y)
    except ValueError:
        return None


def bed_map(record: Record) -> BedMap | None:
    """The estimates at places as a map; before there are any, how often each place was measured."""
    found: dict[str, list[tuple[tuple[float, float], Estimate]]] = {}
    for name, estimate in record.estimates.items():
        place = spot_of(name)
        if place is not None and estimate.value is not None and math.isfinite(estimate.value):
            found.setdefault(name.partition("@")[0], []).append((place, estimate))
    if found:
        name, spots = max(found.items(), key=lambda item: len(item[1]))
        if len(spots) >= SPOTS:
            return _map_of(name, spots)
    return _visits(record)


def _map_of(name: str, spots: Sequence[tuple[tuple[float, float], Estimate]]) -> BedMap:
    values = [estimate.value or 0.0 for _, estimate in spots]
    mean = _mean(values) if is_position(name) else 0.0
    far = max((abs(value - mean) for value in values), default=0.0) or 1.0
    drawn = tuple(
        Spot(
            *place,
            um_text(value - mean, sign=is_position(name)),
            half_width(estimate),
            (value - mean) / far,
        )
        for (place, estimate), value in zip(spots, values, strict=True)
    )
    legend = f"µm from the mean, {mean:.4f} mm" if is_position(name) else "µm"
    return BedMap(f"{label(name)} over the bed", drawn, legend)


def um_text(mm: float, *, sign: bool = False, whole: bool = False) -> str:
    """A length in mm as a bare µm number: one decimal below 10 unless `whole`, none above; a true minus sign."""
    value = mm * UM_PER_MM
    text = f"{value:+.1f}" if sign else f"{value:.1f}"
    if whole or abs(value) >= 9.95:
        text = f"{value:+.0f}" if sign else f"{value:.0f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", "−")


def half_width(estimate: Estimate) -> str:
    """± half the interval in µm; empty where it has one side only."""
    if estimate.low is None or estimate.high is None:
        return f"≤{um_text(estimate.high)}" if estimate.high is not None else ""
    return f"±{um_text((estimate.high - estimate.low) / 2)}"


def _visits(record: Record) -> BedMap | None:
    places: dict[tuple[str, float, float], int] = {}
    for sample in record.samples:
        if sample.place:
            key = (sample.place, round(sample.x), round(sample.y))
            places[key] = places.get(key, 0) + 1
    named: dict[str, tuple[float, float, int]] = {}
    for (name, x, y), count in places.items():
        known = named.get(name)
        if known is None or count > known[2]:
            named[name] = (x, y, count)
    spread = {(round(x / 10), round(y / 10)) for x, y, _ in named.values()}
    if len(spread) < SPOTS:
        return None
    counts = {name: sum(s.place == name for s in record.samples) for name in named}
    spots = tuple(Spot(x, y, f"{counts[name]}×", name) for name, (x, y, _) in named.items())
    return BedMap("Samples so far", spots, "samples at each place")


def interval_range(low: float | None, high: float | None) -> str:
    """An interval of lengths in mm in words."""
    if low is not None and high is not None:
        return f"{length(low)} … {length(high)}"
    if high is not None:
        return f"at most {length(high)}"
    return f"at least {length(low)}" if low is not None else "unknown"
