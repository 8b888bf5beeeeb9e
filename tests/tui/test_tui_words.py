"""What turns records and states into words, without a screen."""

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region, Size

from tests.tui.scripted import READY, UP, estimates
from zcal_tui.model.check_info.info import Needs
from zcal_tui.model.record import Estimate, Record
from zcal_tui.printer.state import HeaterState
from zcal_tui.session.snapshot import LinkState, PrinterLink, Snapshot
from zcal_tui.terminal import terminal_problem
from zcal_tui.tui.app_state import TypedLines
from zcal_tui.tui.glyphs import UNICODE
from zcal_tui.tui.presenters import presenter_of
from zcal_tui.tui.presenters.presenter import Gauge, um, um_interval
from zcal_tui.tui.printer_status import condition, homed_text, low_nozzle, temperatures_text
from zcal_tui.tui.screens.plan import needs_text
from zcal_tui.tui.widgets.figures import gauge_content
from zcal_tui.tui.widgets.plot import cell_centre, symmetric_limit


@pytest.mark.parametrize(
    ("mm", "text"), [(0.0024, "2.4"), (-0.0006, "−0.6"), (0.0123, "12"), (0.00996, "10"), (-0.00001, "0.0")]
)
def test_micrometres_without_a_unit(mm: float, text: str) -> None:
    assert um(mm) == text


def test_intervals_with_one_side_or_none() -> None:
    assert um_interval(Estimate("sigma", 0.002, 0.001, 0.004)) == "1.0 … 4.0 µm"
    assert um_interval(Estimate("sigma", 0.0, None, 0.004)) == "at most 4.0 µm"
    assert um_interval(Estimate("sigma", 0.002, 0.001, None)) == "at least 1.0 µm"
    assert um_interval(Estimate("sigma", None, None, None)) == "unknown"


def test_an_effect_is_named_only_where_its_interval_excludes_zero() -> None:
    record = Record("r", "accuracy", {}, "", estimates=estimates(14))
    told = {figure.label: figure.value for figure in presenter_of("accuracy").figures(record)}
    assert told["drift"] == "none"
    assert told["first sample"] == "+6.0 µm"


def test_a_check_without_a_presenter_of_its_own_lists_its_estimates() -> None:
    record = Record("r", "unknown", {}, "", estimates={"spread": Estimate("spread", 0.019, 0.01, 0.03)})
    assert [(f.label, f.value) for f in presenter_of("unknown").figures(record, final=True)] == [
        ("spread", "19 µm")
    ]
    assert presenter_of("unknown").live(record).text == "19 µm"


@pytest.mark.parametrize("width", [8, 20, 34, 100])
@pytest.mark.parametrize("value", [None, 0.0, 7.4, 25.0, 26.0, 400.0])
def test_a_gauge_keeps_its_width_and_its_limit(width: int, value: float | None) -> None:
    lines = gauge_content(Gauge(value, 25.0, "µm"), width).plain.splitlines()
    assert len(lines[0]) == width
    assert lines[0].count("┃") == 1
    assert all(len(line) <= width for line in lines)


@given(
    x=st.floats(0.5, 20.5, exclude_max=True),
    y=st.floats(-10, 10, exclude_min=True),
    width=st.integers(5, 200),
    height=st.integers(5, 60),
)
def test_the_line_runs_through_the_middle_of_the_markers(x: float, y: float, width: int, height: int) -> None:
    from textual_plot.plot_widget import map_coordinate_to_pixel, map_pixel_to_coordinate

    inner = Region(1, 1, width - 2, height - 2)
    cell = map_coordinate_to_pixel(x, y, 0.5, 20.5, -10, 10, inner)
    middle = map_pixel_to_coordinate(*cell, 0.5, 20.5, -10, 10, inner)
    assert cell_centre(x, y, (0.5, 20.5), (-10, 10), Size(width, height)) == pytest.approx(middle)


def test_the_plot_holds_every_point() -> None:
    from zcal_tui.tui.presenters.plots import PlotPoint

    for far in (0.0, 0.4, 6.3, 24.9, 180.0, 99999.0):
        assert symmetric_limit((PlotPoint(1, -far), PlotPoint(2, far / 2))) >= far


@pytest.mark.parametrize(
    ("state", "word"),
    [(LinkState.LOST, "reconnecting"), (LinkState.FAILED, "not connected"), (LinkState.STARTING, "starting")],
)
def test_without_a_link_klippys_last_state_is_not_shown_as_the_present_one(
    state: LinkState, word: str
) -> None:
    assert condition(Snapshot(PrinterLink(state), READY), UNICODE).word == word


def test_a_ready_printer_is_no_trouble() -> None:
    how = condition(Snapshot(UP, READY), UNICODE)
    assert (how.word, how.sentence, how.restart) == ("ready", "", False)


def test_axes_and_targets() -> None:
    assert homed_text(replace(READY, homed_axes="xy")).plain == "homed xy·"
    assert homed_text(replace(READY, homed_axes="")).plain == "not homed"
    hot = replace(READY, heaters={"extruder": HeaterState(180.2, 200.0)})
    assert temperatures_text(hot).plain == "nozzle 180→200°"


def test_history_goes_back_and_forth() -> None:
    history = TypedLines()
    assert history.step(-1) is None
    history.add("G28")
    history.add("PROBE")
    history.add("PROBE")
    assert [history.step(-1), history.step(-1), history.step(-1)] == ["PROBE", "G28", None]
    assert [history.step(1), history.step(1)] == ["PROBE", ""]


@pytest.mark.parametrize(
    ("environ", "isatty", "refused"),
    [
        ({"TERM": "xterm-256color"}, True, False),
        ({"TERM": "linux"}, True, False),
        ({"TERM": "dumb"}, True, True),
        ({}, True, True),
        ({"TERM": "xterm"}, False, True),
    ],
)
def test_where_nothing_can_be_drawn_headless_is_named(
    environ: dict[str, str], isatty: bool, refused: bool
) -> None:
    problem = terminal_problem(environ, isatty)
    assert (problem is not None) == refused
    assert problem is None or "--headless" in problem


def printed(code: str) -> str:
    """What a Python of its own prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_numpy_is_not_imported_before_a_plot_is_shown() -> None:
    code = (
        "import sys, zcal_tui.tui.app, zcal_tui.tui.screens.plan, zcal_tui.checks.catalogue\n"
        "print([name for name in ('numpy', 'textual_plot', 'scipy') if name in sys.modules])"
    )
    assert printed(code) == "[]"


def test_nothing_of_the_checks_is_read_before_the_first_frame() -> None:
    code = (
        "import sys, zcal_tui.arguments\n"
        "zcal_tui.arguments.parse(['--printer', '/tmp/x.sock'], {})\n"
        "import zcal_tui.start, zcal_tui.tui.app, zcal_tui.tui.launch\n"
        "print('zcal_tui.checks.catalogue' in sys.modules, end=' ')\n"
        "checks = zcal_tui.tui.launch._Checks()\n"
        "print(len(checks), list(checks)[0], checks['bias'].info.name)"
    )
    assert printed(code) == "False 9 ready bias"


def test_what_a_check_needs_names_the_module_and_how_to_get_it() -> None:
    needs = Needs(module="must")
    assert "the companion module [zcal] (not installed: run zcal-tui install)" in needs_text(
        needs, module=False
    )
    assert needs_text(needs, module=True).endswith("the companion module [zcal]")
    better = Needs(module="better")
    assert "better with the companion module [zcal]" in needs_text(better, module=False)
    assert "[zcal]" not in needs_text(better, module=True), "it is there"


def test_a_nozzle_that_is_low_is_mentioned_with_what_to_do() -> None:
    low = replace(READY, position=(1.0, 1.0, 0.2))
    assert low_nozzle(low).startswith("The nozzle is low: Z 0.200 mm.") and "G0 Z10" in low_nozzle(low)
    assert low_nozzle(READY) == "" and low_nozzle(replace(low, homed_axes="xy")) == ""
    assert "by hand before you home" in low_nozzle(replace(low, klippy="shutdown"))
