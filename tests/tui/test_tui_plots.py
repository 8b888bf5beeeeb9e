"""What a plot says of itself: axes with units, outliers marked and not stretching it, traces, marks, edges."""

import re
import sys
from dataclasses import replace

import pytest
from textual.app import App, ComposeResult

from tests.tui import sample_runs
from tests.tui.scripted import ScriptedSession
from zcal_tui.model.record import Change, Record
from zcal_tui.tui.glyphs import UNICODE
from zcal_tui.tui.presenters import presenter_of
from zcal_tui.tui.presenters.plots import BedMap, Curve, Dots, PlotPoint, curves, outlying
from zcal_tui.tui.presenters.presenter import Gauge
from zcal_tui.tui.widgets.bedmap import Bed, bed_map_content
from zcal_tui.tui.widgets.figures import gauge_content
from zcal_tui.tui.widgets.plot import SamplePlot, axes_of, beyond, caption_of
from zcal_tui.tui.widgets.text import Plain

QUIET = tuple(PlotPoint(n, (-1) ** n * 2.0) for n in range(1, 11))


def record_of(check: str) -> Record:
    session = ScriptedSession()
    session.start_check(check, None)
    getattr(sample_runs, check)(session)
    run = session.snapshot.run
    assert run is not None
    return run.record


@pytest.mark.parametrize("far", [412.0, -412.0])
def test_an_outlier_is_named_at_the_edge_and_stretches_no_axis(far: float) -> None:
    points = (*QUIET, PlotPoint(11, far))
    assert outlying(points) == {10}
    axes = axes_of(Dots("Height, µm", points), 20)
    assert axes.up == axes_of(Dots("Height, µm", QUIET), 20).up
    assert beyond(points, axes) == (points[-1],)
    caption = caption_of(Dots("Height, µm", points), axes, UNICODE).plain
    assert caption.startswith("sample number")
    assert f"outside the plot: {far:+.0f} µm at 11".replace("-", "−") in caption


def test_what_scatters_or_moves_in_steps_is_no_outlier() -> None:
    assert outlying(QUIET) == frozenset()
    assert outlying(tuple(PlotPoint(n, 0.0 if n % 4 else 5.0) for n in range(20))) == frozenset()
    ramp = tuple(PlotPoint(n, 3.0 * n) for n in range(20))
    assert outlying(ramp) == frozenset()
    assert outlying((*QUIET[:3], PlotPoint(4, 400.0))) == frozenset(), "too few to judge"


def test_temperature_has_bed_and_nozzle_over_time_and_where_heating_begins() -> None:
    over_time, over_heat = curves(record_of("temperature"))
    assert [trace.name for trace in over_time.traces] == ["bed", "nozzle"]
    assert [mark.text for mark in over_time.marks] == ["bed heats", "nozzle heats"]
    assert (over_time.across, over_heat.across) == ("minutes", "bed, °C")
    caption = caption_of(over_time, axes_of(over_time, 0), UNICODE).plain
    assert "b bed, n nozzle: 23 to 100 °C upwards" in caption
    assert "3: bed heats" in caption


@pytest.mark.parametrize("check", ["bias", "temperature"])
def test_every_plot_names_both_axes(check: str) -> None:
    for plot in presenter_of(check).plots(record_of(check)):
        if isinstance(plot, (Dots, Curve)):
            assert "µm" in plot.title
            assert plot.across


def test_the_bar_names_what_it_measures() -> None:
    assert "0 range of ten" in gauge_content(Gauge(7.4, 25.0, "µm", name="range of ten"), 40).plain
    assert "range of ten" in gauge_content(Gauge(7.4, 25.0, "µm", name="range of ten"), 26).plain
    for check in ("accuracy", "bias", "temperature"):
        gauge = presenter_of(check).gauge(Record("1", check, {}, "now"))
        assert gauge is None or gauge.name


@pytest.mark.parametrize(("width", "round_bed"), [(60, False), (36, False), (60, True)])
def test_the_bed_map_has_its_edges(width: int, round_bed: bool) -> None:
    (bed_map, *_) = presenter_of("bias").plots(record_of("bias"))
    assert isinstance(bed_map, BedMap)
    bed = Bed((0.0, 0.0), (250.0, 250.0), round_bed)
    drawn = bed_map_content(bed_map, bed, width, 16).plain
    lines = drawn.splitlines()
    assert "back" in lines[0]
    assert "front" in lines[13]
    assert "left" in drawn and "right" in drawn


def mesh_record(rows: int = 5, columns: int = 5, **area: str) -> Record:
    """A Z offset run that has made the mesh again; it rises to the right and to the back."""

    def points(slope: float) -> str:
        return "\n".join(
            "  " + ", ".join(f"{slope * (7 * x + y):.6f}" for x in range(columns)) for y in range(rows)
        )

    changes = [
        Change("probe", "z_offset", "1.500", "1.600", saves=True),
        Change("bed_mesh default", "points", f"\n{points(0.01)}", f"\n{points(0.012)}", "staged", saves=True),
        *(Change("bed_mesh default", name, "0", value, "staged", saves=True) for name, value in area.items()),
    ]
    config = {"bed_mesh": {"mesh_min": [20.0, 30.0], "mesh_max": [220.0, 230.0]}}
    return Record("1", "z-offset", {}, "now", context={"config": config}, changes=tuple(changes))


def test_a_mesh_that_was_made_again_is_drawn_with_its_difference_to_the_old_one() -> None:
    new, apart = presenter_of("z-offset").plots(mesh_record())[:2]
    assert isinstance(new, BedMap) and isinstance(apart, BedMap)
    corners = {(spot.x, spot.y): spot.text for spot in new.spots}
    assert len(corners) == 25
    assert (corners[20.0, 30.0], corners[220.0, 30.0], corners[220.0, 230.0]) == ("0", "+336", "+384")
    assert {(spot.x, spot.y): spot.text for spot in apart.spots}[220.0, 230.0] == "+32"
    assert "without the shift of +32 µm" in apart.legend
    lines = bed_map_content(new, Bed((0.0, 0.0), (250.0, 250.0)), 60, 20).plain.splitlines()
    back, front = (next(n for n, line in enumerate(lines) if text in line) for text in ("+384", "+336"))
    assert back < front, "the back is on top"
    assert "back" in lines[0]


def test_a_mesh_of_another_area_has_no_difference_and_is_drawn_where_it_was_made() -> None:
    plots = presenter_of("z-offset").plots(mesh_record(min_x="40.0"))
    (new,) = [plot for plot in plots if isinstance(plot, BedMap)]
    assert min(spot.x for spot in new.spots) == 40.0


@pytest.mark.parametrize("text", ["not measured yet", "1, 2\n3", ""])
def test_a_mesh_that_is_not_there_is_not_drawn(text: str) -> None:
    record = mesh_record()
    changes = tuple(replace(c, new=text) if c.option == "points" else c for c in record.changes)
    assert presenter_of("z-offset").plots(replace(record, changes=changes)) == ()


@pytest.mark.parametrize("count", [9, 15])
def test_numbers_of_a_fine_mesh_do_not_run_into_each_other(count: int) -> None:
    (new, *_) = presenter_of("z-offset").plots(mesh_record(count, count))
    assert isinstance(new, BedMap)
    drawn = bed_map_content(new, Bed((0.0, 0.0), (250.0, 250.0)), 44, 16).plain
    texts = {spot.text for spot in new.spots}
    shown = re.findall(r"[+−]?\d+", "\n".join(line.split("X 0")[0] for line in drawn.splitlines()[:-2]))
    assert shown and set(shown) <= texts
    assert max(texts, key=lambda text: int(text.replace("−", "-"))) in shown, "the largest is always shown"
    assert "·" in drawn


class OnePlot(App[None]):
    """A plot and nothing else."""

    CSS = "SamplePlot { height: 20; }"

    def compose(self) -> ComposeResult:
        yield SamplePlot()


async def test_without_its_library_a_plot_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "textual_plot", None)
    async with OnePlot().run_test(size=(100, 30)) as pilot:
        plot = pilot.app.query_one(SamplePlot)
        plot.show(Dots("µm", QUIET), 10)
        await pilot.resize_terminal(90, 30)
        await pilot.pause()
        captions = list(plot.query(".caption").results(Plain))
    assert len(captions) == 1
    assert "The Python package textual-plot is not installed." in str(captions[0].render())


async def test_a_plot_that_was_taken_down_is_not_drawn() -> None:
    """A page is left, and then what was to be drawn after a resize comes."""
    async with OnePlot().run_test(size=(100, 30)) as pilot:
        plot = pilot.app.query_one(SamplePlot)
        plot.show(Dots("µm", QUIET), 10)
        await pilot.pause()
        assert plot.query("#plot")
        await plot.query("PlotWidget").remove()
        plot.show(Dots("µm", QUIET[:-1]), 10)
        await plot.remove()
        plot.show(Dots("µm", QUIET), 10)
        await pilot.pause()
    assert not plot.query("#plot")
