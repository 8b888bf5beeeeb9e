"""What a person may type as a distance or a move."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.model.distance import DistanceError, parse_distance, parse_jog
from zcal_tui.model.questions import JogMove

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-0.03", -0.03),
        ("0,5", 0.5),
        (f"{MINUS}1", -1.0),
        ("+2", 2.0),
        ("0.05 mm", 0.05),
        ("-50um", -0.05),
        ("-50 \N{MICRO SIGN}m", -0.05),
        ("-50 \N{GREEK SMALL LETTER MU}m", -0.05),
        (" - 0.1 MM ", -0.1),
        (".5", 0.5),
        ("5.", 5.0),
        ("999", 999.0),
    ],
)
def test_accepted_distances(text: str, value: float) -> None:
    assert parse_distance(text) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "nan",
        "inf",
        "5000",
        "1000",
        "1.2.3",
        "1,234.5",
        "1e3",
        "5 cm",
        "0.1 m",
        "--1",
        "1 2",
        "-0.1\nM112",
    ],
)
def test_what_is_no_distance_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(DistanceError, match=r"such as -0\.05, 0\.05 mm, 0,05 or -50 "):
        parse_distance(text)


@given(
    st.integers(-999_000_000, 999_000_000),
    st.sampled_from([".", ","]),
    st.sampled_from(["-", MINUS]),
    st.sampled_from(["", "mm", " mm", " um", "\N{MICRO SIGN}m"]),
    st.booleans(),
)
def test_a_distance_reads_the_same_however_it_is_written(
    nanometres: int, point: str, minus: str, unit: str, signed: bool
) -> None:
    value = nanometres / 1e6
    shown = abs(value) * (1000.0 if unit.strip()[:1] not in ("", "m") else 1.0)
    sign = minus if value < 0 else "+" if signed else ""
    text = f"{sign}{shown:.6f}".replace(".", point) + unit
    assert parse_distance(text) == pytest.approx(value, abs=1e-9)


@given(st.text(max_size=12))
def test_anything_typed_is_a_distance_or_an_explained_error(text: str) -> None:
    try:
        assert abs(parse_distance(text)) < 1000.0
    except DistanceError as error:
        assert "Type a distance" in str(error)
    try:
        assert parse_jog(text).kind == "move"
    except DistanceError as error:
        assert "Type one or more axes" in str(error)


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("x 1.5", JogMove("move", dx=1.5)),
        ("x1,5", JogMove("move", dx=1.5)),
        ("Y-0.2 z=3", JogMove("move", dy=-0.2, dz=3.0)),
        ("x 1.5 mm y -50um", JogMove("move", dx=1.5, dy=-0.05)),
        (f"z {MINUS}0,1", JogMove("move", dz=-0.1)),
        ("x1y2z3", JogMove("move", dx=1.0, dy=2.0, dz=3.0)),
    ],
)
def test_accepted_moves(text: str, move: JogMove) -> None:
    assert parse_jog(text) == move


@pytest.mark.parametrize("text", ["x 1 x 2", "1.5", "x", "q 1", "x 1 2", "x 1,2,3", "", "x nan", "x 1 foo"])
def test_what_is_no_move_is_refused(text: str) -> None:
    with pytest.raises(DistanceError):
        parse_jog(text)
