"""What the pictures and steps of the questions rest on, without a screen."""

from dataclasses import replace

import pytest

from tests.tui.scripted import JOG, PAPER
from zcal_tui.model.questions import JogMove, PaperStep
from zcal_tui.tui.steps import height_text, known_to, step_length, within
from zcal_tui.tui.widgets.bracket import bracket_content, scale_of
from zcal_tui.tui.widgets.offsetmap import offset_map


def test_the_proposed_step_stays_above_the_bed() -> None:
    for height in (5.0, 2.5, 1.5, 0.4, 0.12):
        question = replace(PAPER, height=height, lower=None, upper=None, expected=0.1)
        step = step_length(question, 0, -1)
        assert height - step > 0.1 or step == 0.03
        assert step <= (1.0 if height > 2.1 else 0.5)


def test_a_height_is_known_once_one_was_free_and_one_dragged() -> None:
    assert known_to(PAPER) == pytest.approx(0.075)
    assert known_to(replace(PAPER, dragging=())) is None
    assert known_to(replace(PAPER, free=())) is None


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
        replace(PAPER, lower=None, upper=None, tried=(5.0,), height=-0.7),
        replace(PAPER, lower=None, expected=None, tried=(0.112,), upper=0.1121),
        replace(PAPER, lower=0.1119, upper=0.1121),
    ],
)
def test_the_bracket_fits_and_shows_the_nozzle(width: int, question: PaperStep) -> None:
    lines = bracket_content(question, width).plain.splitlines()
    assert all(len(line) == width for line in lines) and len(lines) == 4
    height = height_text(question.height)
    assert lines[0].strip() in (f"▼ {height}", f"{height} ▶")
    assert lines[1].count("┃") == 1


def test_the_bracket_is_to_scale() -> None:
    scale = scale_of(PAPER, 101)
    low, here, high = (scale.cell(z) for z in (0.05, 0.112, 0.2))
    assert (here - low) / (high - low) == pytest.approx(0.062 / 0.15, abs=0.02)
    assert scale.cell(-99) == 0 and scale.cell(99) == 100


def test_the_scale_does_not_change_while_the_nozzle_comes_down() -> None:
    scales = {scale_of(replace(PAPER, height=height), 58) for height in (5.0, 1.0, 0.3, 0.12, -0.04)}
    assert len(scales) == 1
    lower = scale_of(replace(PAPER, height=-0.2), 58)
    assert lower.holds(-0.2) and lower.holds(0.05)


def test_heights_that_dragged_are_marked_and_ticks_have_heights() -> None:
    drawn = bracket_content(replace(PAPER, tried=(0.3, 0.05, 0.112), free=(0.3,)), 58).plain.splitlines()
    assert drawn[1].count("●") == 1 and drawn[1].index("●") < drawn[1].index("┃") < drawn[1].index("○")
    assert all(text in drawn[2] for text in ("0.0", "0.1", "0.2", "0.3", "0.4"))
    assert "250 µm between" in drawn[3]


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
