"""Plots of measurements in order: samples, or the repetitions of a test."""

import math
import statistics
from collections.abc import Sequence

from zcal_tui.model.check_info import info_of
from zcal_tui.model.record import Estimate, Record, Sample
from zcal_tui.model.units import UM_PER_MM, length, micrometres, millimetres
from zcal_tui.results.report.plot import ReportPlot
from zcal_tui.results.report.svg import SvgAxes, SvgDrawing, axis_range
from zcal_tui.results.textplot import Mark, plot

WIDTH, HEIGHT = 720.0, 250.0
PROBED = ("touch", "scan", "release", "bed")
LEAST_SPAN = 4.0
"""µm that the scale spans at least, so that a perfectly repeatable probe looks like one."""


def compares_settings(record: Record) -> bool:
    """Whether a sample's `place` can be a setting rather than a place."""
    info = info_of(record.check)
    return info is not None and "settings" in info.plots


def samples(record: Record) -> ReportPlot | None:
    """Every sample by number, with mean, standard deviation and a histogram of the heights."""
    taken = [sample for sample in record.samples if sample.kind in PROBED]
    counted = [sample for sample in taken if sample.recorded]
    if len(counted) < 2 or (compares_settings(record) and len({sample.place for sample in counted}) > 1):
        return None  # samples with several settings are not one series
    mean = statistics.fmean(sample.trigger_z for sample in counted)
    sigma = record.estimates.get("sigma")
    scatter = sigma.value if sigma is not None and sigma.value is not None else _stdev(counted)
    um = [(sample, (sample.trigger_z - mean) * UM_PER_MM) for sample in taken]
    drawing = SvgDrawing(WIDTH, HEIGHT, f"{len(taken)} samples, deviations from their mean in µm")
    axes = SvgAxes(
        56, 26, 530, 172, (0.3, len(taken) + 0.7), axis_range([v for _, v in um], least=LEAST_SPAN)
    )
    axes.draw_y(drawing, "µm")
    axes.draw_x(drawing, "sample", whole=True)
    _band(drawing, axes, scatter * UM_PER_MM)
    drawing.path([axes.at(n, value) for n, (s, value) in enumerate(um, 1) if s.recorded], "thread")
    for n, (sample, value) in enumerate(um, 1):
        place = f", {sample.place}" if sample.place else ""
        tooltip = f"sample {sample.n}: {millimetres(sample.trigger_z)}{place}"
        drawing.circle(*axes.at(n, value), 4.5, "dot" if sample.recorded else "hollow", tooltip=tooltip)
    _levels(drawing, axes, [value for sample, value in um if sample.recorded])
    lines = plot(
        [Mark(float(n), value, faint=not sample.recorded) for n, (sample, value) in enumerate(um, 1)],
        lambda value: f"{value:+.1f} µm".replace("-", "−"),
        left="sample 1",
        right=str(len(taken)),
    )
    caption = f"Deviation of each sample from the mean, {millimetres(mean)}. Band: ± σ = {length(scatter)}."
    if len(counted) < len(taken):
        caption += " Hollow: not counted."
    return ReportPlot(caption, drawing.render(), tuple(lines))


def _stdev(samples: Sequence[Sample]) -> float:
    return statistics.stdev(sample.trigger_z for sample in samples)


def _band(drawing: SvgDrawing, axes: SvgAxes, sigma: float) -> None:
    """The mean and one sigma about it."""
    high, low = (min(max(value, axes.y[0]), axes.y[1]) for value in (sigma, -sigma))
    drawing.rect(axes.left, axes.at_y(high), axes.width, axes.at_y(low) - axes.at_y(high), "band")
    drawing.line(axes.left, axes.at_y(0), axes.left + axes.width, axes.at_y(0), "mean")


def _levels(drawing: SvgDrawing, axes: SvgAxes, values: Sequence[float]) -> None:
    """A histogram of the heights on the right."""
    low, high = axes.y
    bins = min(24, max(6, round(math.sqrt(len(values)) * 3)))
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int((value - low) / (high - low) * bins))] += 1
    left, room, tall = axes.left + axes.width + 18, 96.0, axes.height / bins
    drawing.line(left, axes.top, left, axes.top + axes.height, "axis")
    for number, count in enumerate(counts):
        if count:
            top = axes.top + axes.height - (number + 1) * tall
            drawing.rect(left, top + 0.5, count / max(counts) * room, tall - 1, "bar")
    drawing.text(left + room / 2, axes.top + axes.height + 34, "count")


def repeats(record: Record) -> ReportPlot | None:
    """The result of each repetition of a test, with the estimate and its interval."""
    info = info_of(record.check)
    kind = info.repeated_sample if info is not None else ""
    taken = [sample for sample in record.samples if sample.kind == kind and sample.recorded]
    found = [(sample, _value(sample)) for sample in taken]
    if len(found) < 2:
        return None
    middle = statistics.fmean(value for _, value in found)
    um = [(value - middle) * UM_PER_MM for _, value in found]
    drawing = SvgDrawing(WIDTH, 220, f"{len(um)} repetitions, deviations from their mean in µm")
    axes = SvgAxes(56, 26, 640, 142, (0.5, len(um) + 0.5), axis_range(um, least=LEAST_SPAN, share=0.15))
    axes.draw_y(drawing, "µm")
    axes.draw_x(drawing, "repetition", whole=True)
    drawing.line(axes.left, axes.at_y(0), axes.left + axes.width, axes.at_y(0), "mean")
    for n, ((sample, value), off) in enumerate(zip(found, um, strict=True), 1):
        if (resolution := sample.values.get("resolution")) is not None:
            ends = (off - resolution / 2 * UM_PER_MM, off + resolution / 2 * UM_PER_MM)
            rows = [axes.at_y(min(max(end, axes.y[0]), axes.y[1])) for end in ends]
            drawing.line(axes.at_x(n), rows[0], axes.at_x(n), rows[1], "whisker")
        drawing.circle(*axes.at(n, off), 5.5, "dot", tooltip=f"repetition {n}: {millimetres(value)}")
    lines = plot(
        [Mark(float(n), off) for n, off in enumerate(um, 1)],
        lambda value: micrometres(value / UM_PER_MM, sign=True),
        left="1",
        right=str(len(um)),
        height=7,
    )
    return ReportPlot(
        f"Deviation of each repetition from the mean, {millimetres(middle)}.", drawing.render(), tuple(lines)
    )


def _value(sample: Sample) -> float:
    """A repetition's result: the sample's own value if it has one, else its height."""
    return next(
        (sample.values[name] for name in ("offset", "adjustment") if name in sample.values), sample.trigger_z
    )


def known(estimate: Estimate | None) -> float | None:
    """An estimate's value, if there is one."""
    return None if estimate is None else estimate.value
