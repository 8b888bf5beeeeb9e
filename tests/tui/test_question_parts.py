"""What the pictures and steps of the questions rest on, without a screen."""

from dataclasses import replace

import pytest

from tests.tui.scripted import JOG, PAPER
from zcal_tui.model.questions import JogMove, PaperStep
from zcal_tui.tui.steps import (
    PAPER_STEPS,
    can_accept,
    first_step,
    halfway,
    known_to,
    parse_distance,
    parse_jog,
    risky,
    within,
)
from zcal_tui.tui.widgets.bracket import bracket_content, scale_of
from zcal_tui.tui.widgets.offsetmap import offset_map


def test_the_proposed_step_stays_above_the_bed() -> None:
    for height in (5.0, 1.5, 0.4, 0.12):
        question = replace(PAPER, height=height, lower=None, upper=None, expected=0.1)
        step = PAPER_STEPS[first_step(question)]
        assert height - step > 0.1 or step == 0.05


def test_half_steps_are_klippers() -> None:
    assert halfway(PAPER, -1) == pytest.approx(0.081)
    assert halfway(PAPER, 1) == pytest.approx(0.156)
    assert halfway(replace(PAPER, lower=None), -1) == pytest.approx(0.112 - 0.2)
    assert halfway(replace(PAPER, upper=5.0), 1) == pytest.approx(0.312), "never farther than 0.2 mm"


def test_what_is_risky_and_what_is_accepted() -> None:
    assert risky(PAPER, -0.1) and not risky(PAPER, 0.05) and not risky(PAPER, 0.2)
    assert not risky(replace(PAPER, expected=None), -1.0)
    assert can_accept(PAPER) and not can_accept(replace(PAPER, height=PAPER.start))
    assert known_to(PAPER) == pytest.approx(0.031)
    assert known_to(replace(PAPER, lower=None, upper=None, tried=(0.112,))) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("-0.03", -0.03), ("0,5", 0.5), ("−1", -1.0), ("", None), ("nan", None), ("5000", None)],
)
def test_typed_distances(text: str, value: float | None) -> None:
    assert parse_distance(text) == value


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("x 1.5", JogMove("move", dx=1.5)),
        ("Y-0.2 z=3", JogMove("move", dy=-0.2, dz=3.0)),
        ("x 1 x 2", None),
        ("1.5", None),
        ("x", None),
        ("q 1", None),
    ],
)
def test_typed_jogs(text: str, move: JogMove | None) -> None:
    assert parse_jog(text) == move


def test_limits_count_only_for_the_axis_that_moves() -> None:
    outside = replace(JOG, z=300.0)
    assert within(outside, JogMove("move", dx=1.0))
    assert not within(outside, JogMove("move", dz=1.0))


@pytest.mark.parametrize("width", [20, 45, 58, 120])
@pytest.mark.parametrize(
    "question",
    [
        PAPER,
        replace(PAPER, lower=None, upper=None, tried=(5.0,), height=5.0),
        replace(PAPER, lower=None, expected=None, tried=(0.112,), upper=0.1121),
        replace(PAPER, lower=0.1119, upper=0.1121),
    ],
)
def test_the_bracket_fits_and_shows_the_nozzle(width: int, question: PaperStep) -> None:
    lines = bracket_content(question, width).plain.splitlines()
    assert all(len(line) == width for line in lines) and len(lines) == 4
    assert f"▼ {question.height:.3f}" in lines[0]
    assert lines[1].count("┃") == 1


def test_the_bracket_is_to_scale() -> None:
    scale = scale_of(PAPER, 101)
    low, here, high = (scale.cell(z) for z in (0.05, 0.112, 0.2))
    assert (here - low) / (high - low) == pytest.approx(0.062 / 0.15, abs=0.02)
    assert scale.cell(-99) == 0 and scale.cell(99) == 100


@pytest.mark.parametrize("offsets", [(-25.0, 0.0), (0.0, 30.0), (0.0, 0.0), (12.0, -40.0), (200.0, 200.0)])
@pytest.mark.parametrize("size", [(20, 8), (50, 15), (16, 5)])
def test_the_map_of_the_offsets_fits_and_has_both(
    offsets: tuple[float, float], size: tuple[int, int]
) -> None:
    question = replace(JOG, x=JOG.probed[0] + offsets[0], y=JOG.probed[1] + offsets[1])
    lines = offset_map(question, *size).plain.splitlines()
    assert len(lines) == size[1] and all(len(line) == size[0] for line in lines)
    drawn = "\n".join(lines)
    assert "◉" in drawn and "probe" in drawn
    if offsets != (0.0, 0.0):
        assert "▽" in drawn
    row = next(n for n, line in enumerate(lines) if "◉" in line)
    nozzle = next((n for n, line in enumerate(lines) if "▽" in line), row)
    assert (row < nozzle) == (offsets[1] > 4) or abs(offsets[1]) < 4, "+Y is up"
