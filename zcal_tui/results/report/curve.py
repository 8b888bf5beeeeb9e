"""Trigger height while the printer warms and cools: over time and against temperature."""

import statistics
from collections.abc import Callable, Sequence

from zcal_tui.model.record import Record, Sample
from zcal_tui.model.units import UM_PER_MM
from zcal_tui.results.report.plot import ReportPlot
from zcal_tui.results.report.svg import SvgAxes, SvgDrawing, axis_range
from zcal_tui.results.textplot import Mark, plot

WIDTH, HEIGHT = 720.0, 560.0
LEAST_SPAN = 10.0
PHASES = 6
"""The number of colours for phases; more phases repeat them."""


def temperature(record: Record) -> ReportPlot | None:
    """Two plots: height and temperatures over time, height against temperature."""
    taken = [s for s in record.samples if s.recorded and s.kind in ("touch", "scan")]
    if len(taken) < 3 or taken[-1].t <= taken[0].t:
        return None
    phases = list(dict.fromkeys(sample.place for sample in taken))
    first = statistics.fmean(s.trigger_z for s in taken if s.place == phases[0])
    um = [(s.trigger_z - first) * UM_PER_MM for s in taken]
    drawing = SvgDrawing(WIDTH, HEIGHT, "Trigger height over time with temperatures, and against temperature")
    minutes = [(s.t - taken[0].t) / 60 for s in taken]
    above = SvgAxes(56, 40, 600, 200, axis_range(minutes, share=0.02), axis_range(um, least=LEAST_SPAN))
    above.draw_y(drawing, "µm")
    above.draw_x(drawing, "minutes")
    _phases(drawing, above, taken, minutes, phases)
    _heat(drawing, above, taken, minutes)
    for sample, minute, value in zip(taken, minutes, um, strict=True):
        style = f"dot phase{phases.index(sample.place) % PHASES}"
        drawing.circle(*above.at(minute, value), 3.5, style, tooltip=f"{sample.place} {value:+.1f} µm")
    _against(drawing, taken, um, phases)
    lines = plot(
        [Mark(minute, value) for minute, value in zip(minutes, um, strict=True)],
        lambda value: f"{value:+.0f} µm".replace("-", "−"),
        left="0 min",
        right=f"{minutes[-1]:.0f} min",
    )
    caption = (
        "Trigger height relative to the first phase. Top: over time, with the temperatures of bed (solid) and nozzle "
        "(dashed). Bottom: against temperature."
    )
    return ReportPlot(caption, drawing.render(), tuple(lines))


def _phases(
    drawing: SvgDrawing,
    axes: SvgAxes,
    taken: Sequence[Sample],
    minutes: Sequence[float],
    phases: Sequence[str],
) -> None:
    """The area and the name of each phase."""
    for number, phase in enumerate(phases):
        own = [minute for sample, minute in zip(taken, minutes, strict=True) if sample.place == phase]
        left, right = axes.at_x(min(own)), axes.at_x(max(own))
        drawing.rect(left, axes.top, right - left, axes.height, f"area phase{number % PHASES}")
        if right - left > 40:
            drawing.text((left + right) / 2, axes.top - 8, phase, "small")


def _heat(drawing: SvgDrawing, axes: SvgAxes, taken: Sequence[Sample], minutes: Sequence[float]) -> None:
    """The temperatures, on their own scale on the right."""
    degrees = [value for sample in taken for value in (sample.bed, sample.hotend) if value is not None]
    if not degrees:
        return
    heat = SvgAxes(axes.left, axes.top, axes.width, axes.height, axes.x, axis_range(degrees, least=5.0))
    heat.draw_y(drawing, "°C", right=True, style="label heat", grid=False)
    for style, read in (("bedline", _bed), ("hotline", _hotend)):
        drawing.path(
            [heat.at(m, v) for s, m in zip(taken, minutes, strict=True) if (v := read(s)) is not None], style
        )


def _bed(sample: Sample) -> float | None:
    return sample.bed


def _hotend(sample: Sample) -> float | None:
    return sample.hotend


def _against(
    drawing: SvgDrawing, taken: Sequence[Sample], um: Sequence[float], phases: Sequence[str]
) -> None:
    """Height against the temperatures that changed, bed and nozzle side by side."""
    changing = [
        (title, read) for title, read in (("bed °C", _bed), ("nozzle °C", _hotend)) if _moves(taken, read)
    ]
    for number, (title, read) in enumerate(changing):
        width = 600 if len(changing) == 1 else 270
        left = 56 + number * 330
        degrees = [value for sample in taken if (value := read(sample)) is not None]
        axes = SvgAxes(left, 316, width, 190, axis_range(degrees), axis_range(um, least=LEAST_SPAN))
        axes.draw_y(drawing, "µm")
        axes.draw_x(drawing, title)
        for sample, value in zip(taken, um, strict=True):
            if (degree := read(sample)) is not None:
                style = f"dot phase{phases.index(sample.place) % PHASES}"
                drawing.circle(
                    *axes.at(degree, value), 3.5, style, tooltip=f"{sample.place}: {degree:.0f} °C"
                )


def _moves(taken: Sequence[Sample], read: Callable[[Sample], float | None]) -> bool:
    degrees = [value for sample in taken if (value := read(sample)) is not None]
    return len(degrees) > 2 and max(degrees) - min(degrees) >= 2.0
