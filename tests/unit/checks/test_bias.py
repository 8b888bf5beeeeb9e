"""Where the location bias is measured, how long it takes, and what shapes it has."""

from dataclasses import replace

import pytest

from zcal_tui.checks.bias import BiasParameters
from zcal_tui.checks.bias.analysis import pattern_text
from zcal_tui.checks.bias.choice import chosen_places, parse_points
from zcal_tui.checks.bias.pattern import Pattern, Shape, pattern_of
from zcal_tui.checks.bias.run import offsets_first
from zcal_tui.checks.bias.timetable import Timetable
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.state import PrinterState

PROBE = ProbeConfig("probe", "probe", x_offset=0.0, y_offset=25.0, z_offset=1.5)
STATE = PrinterState(
    settings={"bed_mesh": {"mesh_min": [30, 35], "mesh_max": [270, 270]}},
    axis_minimum=(0.0, 0.0, -3.0),
    axis_maximum=(300.0, 300.0, 260.0),
)
CORNERS = [(0.0, 0.0), (200.0, 0.0), (200.0, 200.0), (0.0, 200.0), (100.0, 100.0)]


def test_by_default_the_corners() -> None:
    places = chosen_places(STATE, PROBE, BiasParameters())
    assert [place.name for place in places] == [
        "front left",
        "front right",
        "back right",
        "back left",
    ]


def test_offsets_that_were_never_measured_come_first() -> None:
    assert offsets_first(PROBE) is None
    words = offsets_first(replace(PROBE, z_offset=0.0))
    assert words is not None
    assert "(`z-offset`) first" in words


def test_places_that_were_given_are_taken_as_they_are() -> None:
    places = chosen_places(STATE, PROBE, BiasParameters(places="40,50; 200.5,210;"))
    assert [place.bed for place in places] == [(40.0, 50.0), (200.5, 210.0)]
    assert places[0].toolhead == (40.0, 25.0)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"places": "40,50"}, "1 places"),
        ({"places": "40,50;a,b"}, "'a,b' is not a place"),
        ({"places": "40,50;60"}, "'60' is not a place"),
        ({"places": "40,50;nan,7"}, "not a place"),
        ({"places": "40,50;100,10"}, "cannot both reach the bed at 100,10"),
        ({"places": "40,50;43,54"}, "less than 10 mm apart"),
        ({"places": ";".join(f"{20 * n},50" for n in range(1, 11))}, "10 places"),
        ({"places": "40,50;200,200", "points": 2}, "both given"),
    ],
)
def test_places_that_make_no_sense_are_refused(parameters: dict[str, object], words: str) -> None:
    with pytest.raises(CheckRefused, match=words):
        chosen_places(STATE, PROBE, BiasParameters(**parameters))  # type: ignore[arg-type]


def test_more_places_than_a_round_bed_has_are_refused() -> None:
    delta = PrinterState(
        settings={"printer": {"kinematics": "delta"}},
        axis_minimum=(-110.0, -110.0, -3.0),
        axis_maximum=(110.0, 110.0, 280.0),
    )
    assert len(chosen_places(delta, PROBE, BiasParameters(points=7))) == 7
    with pytest.raises(CheckRefused, match="9 places were requested, but this bed has only 7"):
        chosen_places(delta, PROBE, BiasParameters(points=9))


def test_a_probe_that_never_gets_where_the_nozzle_does_is_refused() -> None:
    with pytest.raises(CheckRefused, match="No place on the bed"):
        chosen_places(STATE, ProbeConfig("probe", "probe", x_offset=280.0), BiasParameters())


def test_points_are_read_with_blanks_and_signs() -> None:
    assert parse_points(" -1.5 , 2; 3,4 ") == [(-1.5, 2.0), (3.0, 4.0)]


@pytest.mark.parametrize(
    ("heights", "shape", "size", "place"),
    [
        ([0.0, 0.04, 0.04, 0.0, 0.02], "along x", 0.04, None),
        ([0.03, 0.03, 0.0, 0.0, 0.015], "along y", -0.03, None),
        ([0.02, 0.0, 0.02, 0.0, 0.01], "twist", 0.02, None),
        ([0.0, 0.0, 0.05, 0.001, 0.0], "one place", 0.04975, 2),
        ([1.0] * 5, "none", 0.0, None),
        ([0.0, 0.03, 0.0, 0.03, 0.06], "none", 0.0, None),
    ],
)
def test_the_shape_that_explains_the_heights_is_named(
    heights: list[float], shape: str, size: float, place: int | None
) -> None:
    found = pattern_of(CORNERS, heights)
    assert (found.shape, found.place) == (shape, place)
    assert found.size == pytest.approx(size)


@pytest.mark.parametrize("shape", ["along x", "along y"])
def test_what_compensates_a_tilt_is_left_to_what_this_klipper_offers(shape: Shape) -> None:
    """`twist_advice` names it after this sentence, by what this Klipper can do along that axis."""
    text = pattern_text(Pattern(shape, 0.05), [])
    assert text is not None
    assert text.startswith("z_offset grows by 50 µm")
    assert "axis_twist_compensation" not in text
    assert "Klipper" not in text


def test_two_places_have_no_shape() -> None:
    assert pattern_of(CORNERS[:2], [0.0, 0.1]).shape == "none"


def test_the_time_left_follows_how_it_goes() -> None:
    table = Timetable(places=2, touches=4, docks=False)
    predicted = table.seconds(2)
    table.begin(1000.0, 4)
    first = table.progress(1000.0, 8)
    assert (first.done, first.total) == (0, 8)
    assert first.seconds_left == pytest.approx(2 * predicted)
    for n in (1, 2):
        table.touched(1000.0 + 0.2 * predicted * n)
    for n in (1, 2):
        table.felt(1000.0 + 0.4 * predicted + 0.8 * predicted * n)
    half = table.progress(1000.0 + 2 * predicted, 8)
    assert half.done == 2
    # It went half as fast as predicted, so the other round takes twice as long
    assert half.seconds_left == pytest.approx(2 * predicted)
    later = table.progress(1000.0 + 2 * predicted + 30.0, 8)
    assert later.seconds_left == pytest.approx(2 * predicted - 30.0)


def test_further_tests_are_planned_from_those_that_were_made() -> None:
    table = Timetable(places=4, touches=4, docks=True)
    table.begin(0.0, 2)
    for n in (1, 2):
        table.touched(20.0 * n)
        table.felt(100.0 * n)
    assert table.progress(200.0, 2).seconds_left == 0.0
    table.plan(3)
    assert (table.progress(200.0, 2).seconds_left or 0.0) == pytest.approx(table.seconds(3), abs=0.1)


@pytest.mark.parametrize(("kinematics", "names"), [("delta", ("near A", "near B", "near C"))])
@pytest.mark.parametrize("radius", [60.0, 95.0])
def test_three_towers_need_three_places(kinematics: str, names: tuple[str, ...], radius: float) -> None:
    delta = PrinterState(
        settings={"printer": {"kinematics": kinematics}, "bed_mesh": {"mesh_radius": radius}},
        axis_minimum=(-100.0, -100.0, -2.0),
        axis_maximum=(100.0, 100.0, 250.0),
    )
    assert tuple(sorted(place.name for place in chosen_places(delta, PROBE, BiasParameters()))) == names
