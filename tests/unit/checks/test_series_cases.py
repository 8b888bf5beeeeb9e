"""Series from real printers, each with two siblings: what the verdict must convey and what the advice must not say."""

import random

import pytest

from zcal_tui.checks.accuracy import AccuracyParameters
from zcal_tui.checks.accuracy.analysis import AccuracyReport
from zcal_tui.model.events import AdviceGiven, VerdictReached
from zcal_tui.model.record import Level, Sample
from zcal_tui.printer.config_view import ProbeConfig


def judged(
    heights: list[float], *, step: float = 0.0025, retract: float = 2.0, homes: bool = False
) -> tuple[Level, str, str, int]:
    """Level, the whole verdict, the advice, and how many samples were taken."""
    probe = ProbeConfig(section="probe", kind="probe", sample_retract_dist=retract)
    report = AccuracyReport(AccuracyParameters(samples=len(heights)), probe, step, homes=homes)
    for n, height in enumerate(heights, 1):
        if report.wanted() == 0:
            break
        report.add(Sample(n, float(n), 0.0, 0.0, height))
    events = list(report.conclusion())
    (verdict,) = (event.verdict for event in events if isinstance(event, VerdictReached))
    advice = " ".join(event.text for event in events if isinstance(event, AdviceGiven))
    assert "first layer." in verdict.reasons[-1]
    for never in ("ignore the first", "run PROBE once", "Discard the first"):
        assert never not in advice
    return verdict.level, " ".join((verdict.summary, *verdict.reasons)), advice, report.taken


CLIMBING = [0.145, 0.3025, 0.4525, 0.6925, 0.9275, 1.2825, 1.7725, 2.14, 2.45, 2.8875]


@pytest.mark.parametrize(
    "heights",
    [CLIMBING, [5.0 - z for z in CLIMBING], [1.0 + 0.06 * n for n in range(10)]],
    ids=["real", "downwards", "by less"],
)
def test_a_climb_by_tenths_is_lost_steps_and_stops_after_three(heights: list[float]) -> None:
    level, said, advice, taken = judged(heights)
    assert (level, taken) == (Level.FAIL, 3)
    assert "loses steps" in said and "more than heat can do" in said
    assert "coupler" in advice and "current" in advice
    assert "warm" not in advice and "temperature" not in advice


BY_THE_RETRACT = [0.0187, 1.97375, 3.9214, 5.8766, 7.8201, 9.7723, 11.722, 13.675, 15.6325, 17.5825]


@pytest.mark.parametrize(
    ("heights", "retract"),
    [
        (BY_THE_RETRACT, 2.0),
        ([1.4 + 4.97 * n for n in range(8)], 5.0),
        ([0.2 + 0.98 * n for n in range(8)], 1.0),
    ],
    ids=["real", "retract of 5 mm", "retract of 1 mm"],
)
def test_a_climb_by_the_retract_is_a_trigger_in_the_air(heights: list[float], retract: float) -> None:
    level, said, advice, taken = judged(heights, step=0.000625, retract=retract)
    assert (level, taken) == (Level.FAIL, 3)
    assert "triggers in the air" in said and "retract" in said
    assert "wiring" in advice
    assert "drift" not in said + advice and "warm" not in said + advice


FIRST_IN_THE_AIR = [9.781527, *[1.294027] * 4, 1.2965, *[1.294027] * 4]


@pytest.mark.parametrize(
    ("heights", "number"),
    [
        (FIRST_IN_THE_AIR, 1),
        ([2.1, *FIRST_IN_THE_AIR[1:]], 1),
        ([*FIRST_IN_THE_AIR[1:5], 6.3, *FIRST_IN_THE_AIR[5:]], 5),
    ],
    ids=["real", "by 0.8 mm", "the fifth"],
)
def test_a_sample_in_the_air_fails_and_is_related_to_homing(heights: list[float], number: int) -> None:
    level, said, advice, _taken = judged(heights, homes=True)
    assert level is Level.FAIL
    assert f"Sample {number} triggered" in said and "above the bed" in said
    assert "The probe homes Z" in said and "do not help homing" in said
    assert "wiring" in advice and "samples" not in advice
    assert "The probe homes Z" not in judged(heights)[1]


FIRST_LOW = [0.795937, 0.799687, 0.799531, 0.799375, *[0.799531] * 3, 0.799687, 0.799687, 0.799531, 0.799375]
FIRST_LOW += [0.799531, 0.799531, 0.799531, 0.799219, 0.799531]


@pytest.mark.parametrize(
    "heights",
    [FIRST_LOW, [1.6 - z for z in FIRST_LOW], [FIRST_LOW[0] - 0.001, *FIRST_LOW[1:]]],
    ids=["real", "high", "a micrometre more"],
)
def test_a_first_sample_off_by_less_than_normal_passes_without_advice(heights: list[float]) -> None:
    level, said, advice, _taken = judged(heights, step=0.00015625)
    assert level is Level.PASS
    assert "The first sample is" in said
    assert "z_offset" not in advice and "median" not in advice


TWO_STATES = [2.0, 2.015, 2.0, 2.015, 2.0, 2.015, 2.015, 2.0, 2.015, 2.0, 2.0, 2.015, 2.0, 2.015, 2.0]


@pytest.mark.parametrize(
    "heights",
    [
        TWO_STATES,
        [2.0 + 1.2 * (z - 2.0) for z in TWO_STATES],
        random.Random(4).sample(TWO_STATES, len(TWO_STATES)),
    ],
    ids=["real", "18 µm", "another order"],
)
def test_two_states_within_the_limit_warn(heights: list[float]) -> None:
    level, said, advice, _taken = judged(heights)
    assert level is Level.WARN
    assert "two heights" in said
    assert "pin" in advice and "sticks" in advice and "backlash" in advice


STEPPED = [2.0, 2.0025, 2.0, 2.0, 2.0025, 2.0, 2.0025, 2.0025]


@pytest.mark.parametrize(
    ("shift", "first", "word"),
    [(0.4, 5, "400 µm higher"), (-0.4, 4, "lower"), (0.03, 5, "higher")],
    ids=["a slip", "downwards", "by 30 µm"],
)
def test_a_height_that_changes_once_has_moved(shift: float, first: int, word: str) -> None:
    heights = [z + (shift if n >= first else 0.0) for n, z in enumerate((STEPPED * 2)[:12])]
    level, said, advice, _taken = judged(heights)
    assert level is Level.FAIL
    assert f"changed once: after the first {first} samples" in said
    assert word in said
    assert "coupler" in advice and "mount" in advice and "lost steps" in advice
    assert "two positions" not in advice


@pytest.mark.parametrize(("size", "what"), [(0.25, "early"), (-0.25, "into the bed"), (0.45, "early")])
def test_an_outlier_larger_than_a_first_layer_fails_where_the_probe_homes_z(size: float, what: str) -> None:
    heights = [2.0 + 0.0025 * (n % 2) for n in range(15)]
    heights[6] += size
    level, said, advice, _taken = judged(heights, homes=True)
    assert level is Level.FAIL
    assert "Not safe to home Z with" in said and what in said
    assert "do not help homing" in advice
    assert_no_samples(said, advice)
    level, said, advice, _taken = judged(heights)
    assert level is Level.WARN
    assert "home" not in said + advice


def assert_no_samples(said: str, advice: str) -> None:
    """No word of options that homing ignores, nor that the probe could be used with them."""
    for never in ("Usable", "median", "samples:", "samples_result", "no harm"):
        assert never not in said + advice


RARE = (0.06, 0.3, 0.0035)
"""The share of outliers, how far (mm) they trigger late, and σ (mm) of the others."""


@pytest.mark.parametrize(
    ("rate", "size", "sigma", "seed"),
    [(*RARE, 3), (0.12, 0.8, 0.002, 6), (0.05, -0.25, 0.005, 9)],
    ids=["real", "more, and larger", "early"],
)
def test_rare_outliers_are_a_crash_where_the_probe_homes_z(
    rate: float, size: float, sigma: float, seed: int
) -> None:
    draw = random.Random(seed)
    heights = [2.0 + draw.gauss(0.0, sigma) - (size if draw.random() < rate else 0.0) for _ in range(60)]
    assert 1 <= sum(abs(z - 2.0) > abs(size) / 2 for z in heights) <= 12
    level, said, advice, _taken = judged(heights, step=0.00125, homes=True)
    assert level is Level.FAIL
    assert "samples were outliers, and as many homings may be" in said
    assert ("into the bed" if size > 0 else "a crash") in said
    assert_no_samples(said, advice)


@pytest.mark.parametrize(("samples", "homings"), [(15, "18 of 100"), (30, "10 of 100"), (60, "5 of 100")])
def test_a_pass_says_how_many_homings_may_be_outliers_all_the_same(samples: int, homings: str) -> None:
    heights = [2.0 + 0.0025 * (n % 2) for n in range(samples)]
    level, said, advice, _taken = judged(heights, homes=True)
    assert level is Level.PASS
    assert f"up to {homings} homings" in said
    assert "do not change homing" in advice
    assert "homing" not in " ".join(judged(heights)[1:3])


@pytest.mark.parametrize("size", [0.05, -0.04, 0.12])
def test_a_smaller_outlier_is_not_helped_by_samples_either(size: float) -> None:
    heights = [2.0 + 0.0025 * (n % 2) for n in range(15)]
    heights[6] += size
    level, said, advice, _taken = judged(heights, homes=True)
    assert level is Level.WARN
    assert "Homing with this probe is off by" in said
    assert "do not help homing" in advice
    assert_no_samples(said, advice)


def test_a_first_sample_that_is_off_is_every_homing() -> None:
    heights = [2.02, *(2.0 + 0.0025 * (n % 2) for n in range(19))]
    _level, said, advice, _taken = judged(heights, homes=True)
    assert "first sample is" in said
    assert "Each homing is a first sample" in advice
    assert "median" not in advice and "z_offset" not in advice
    assert "use the median" in judged(heights)[2]
