"""A scanner's coil against its nozzle contact: the difference, its interval and what is decided."""

import random
import re

import pytest

from zcal_tui.checks.accuracy.methods import ROUNDS, conclusion, difference
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, VerdictReached
from zcal_tui.model.record import Level
from zcal_tui.printer.probe_methods import NoSuchMethod, compared_methods
from zcal_tui.printer.scanner_calibrations import calibrations_of
from zcal_tui.printer.state import PrinterState

CARTOGRAPHER = PrinterState(settings={"cartographer": {"x_offset": 0.0}})


def rounds(shift: float, sigma: float, seed: int = 1) -> list[tuple[float, float]]:
    draw = random.Random(seed)
    return [(draw.gauss(0.0, sigma), draw.gauss(shift, sigma)) for _ in range(ROUNDS)]


def test_the_interval_covers_the_true_difference_as_often_as_it_says() -> None:
    held = sum(difference(rounds(0.03, 0.004, seed)).covers(0.03) for seed in range(2000))
    assert 0.935 <= held / 2000 <= 0.965


@pytest.mark.parametrize(
    ("shift", "sigma", "level"),
    [(0.0, 0.002, Level.PASS), (0.08, 0.004, Level.WARN), (0.025, 0.01, Level.UNKNOWN)],
)
def test_it_passes_warns_or_leaves_it_open_by_the_interval(shift: float, sigma: float, level: Level) -> None:
    coil, contact = compared_methods(CARTOGRAPHER)
    events = list(conclusion(rounds(shift, sigma), coil, contact))
    estimates = next(event for event in events if isinstance(event, EstimateUpdated))
    assert set(estimates.estimates) == {"method_shift"}
    verdict = next(event for event in events if isinstance(event, VerdictReached)).verdict
    assert verdict.level is level
    assert "Limit: ±" in verdict.reasons[0]
    assert any(isinstance(event, AdviceGiven) for event in events) is (level is Level.WARN)


@pytest.mark.parametrize("section", ["cartographer", "beacon", "probe_eddy_current coil"])
def test_the_advice_names_a_calibration_that_the_probe_has(section: str) -> None:
    coil, contact = compared_methods(PrinterState(settings={section: {"tap_threshold": 1000.0}}))
    events = conclusion(rounds(0.08, 0.004), coil, contact)
    advice = next(event for event in events if isinstance(event, AdviceGiven))
    named = re.search(r"--calibrate ([\w-]+)", advice.text)
    assert named is not None
    assert named[1] in calibrations_of(section)


def test_a_probe_without_both_is_refused_by_name() -> None:
    with pytest.raises(NoSuchMethod) as raised:
        compared_methods(PrinterState(settings={"bltouch": {"z_offset": 1.0}}))
    assert "[bltouch]" in raised.value.what
