"""A changed limit reaches the gauge, the verdict and its texts, in every check."""

import ast
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from zcal_tui.checks.accuracy import AccuracyParameters
from zcal_tui.checks.accuracy.analysis import AccuracyReport
from zcal_tui.checks.accuracy.endstop_analysis import EndstopReport
from zcal_tui.checks.auto_z.analysis import Repeats
from zcal_tui.checks.auto_z.verdict import Tuned, of_repeats, of_tuning
from zcal_tui.checks.auto_z.zero import Zero
from zcal_tui.checks.backlash.analysis import BacklashReport
from zcal_tui.checks.backlash.instrument import InstrumentProperties, Reading
from zcal_tui.checks.bias import BiasParameters
from zcal_tui.checks.bias.analysis import BiasReport
from zcal_tui.checks.first_layer.analysis import conclusion as first_layer_conclusion
from zcal_tui.checks.paper import PaperHeight
from zcal_tui.checks.probe_xy.analysis import conclusion as probe_xy_conclusion
from zcal_tui.checks.z_offset.analysis import probe_conclusion
from zcal_tui.checks.z_offset.eddy_analysis import EddyCalibration
from zcal_tui.checks.z_offset.eddy_analysis import conclusion as eddy_conclusion
from zcal_tui.checks.z_offset.eddy_messages import CalibrationOutput, HeightNoise
from zcal_tui.model import limits
from zcal_tui.model.events import EstimateUpdated, Event, VerdictReached
from zcal_tui.model.limits_page import reference
from zcal_tui.model.record import Estimate, Level, Record, Sample, Verdict
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.places import Place
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.z_calibration import AutomaticOffset, Height, ZCalibrationSection
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.thermal import ThermalBias
from zcal_tui.stats.verdicts.temperature import judge_thermal
from zcal_tui.tui.history_model import trend_limit
from zcal_tui.tui.presenters import presenter_of

ROOT = Path(__file__).parents[3]
PROBE = ProbeConfig("probe", "probe", x_offset=0.0, y_offset=25.0, z_offset=1.5)
STEP = 0.00125
PLACES = tuple(Place(name, bed, bed) for name, bed in (("left", (20.0, 20.0)), ("right", (220.0, 20.0))))
SECTION = ZCalibrationSection(0.5, (-1.0, 1.0), None, None, None, None, True, 3, True)


def noise(sigma: float, count: int, seed: int) -> list[float]:
    """Noise whose sample standard deviation is sigma (mm)."""
    draw = np.random.default_rng(seed).standard_normal(count)
    return [1.5 + float(value) for value in sigma * (draw - draw.mean()) / draw.std(ddof=1)]


def reached(events: Iterable[Event]) -> Verdict:
    (verdict,) = [event.verdict for event in events if isinstance(event, VerdictReached)]
    return verdict


def accuracy() -> Verdict:
    report = AccuracyReport(AccuracyParameters(samples=20), PROBE, STEP)
    for n, height in enumerate(noise(0.0035, 20, 1)):
        report.add(Sample(n, float(n), 0.0, 0.0, round(height / STEP) * STEP))
    return reached(report.conclusion())


def endstop() -> Verdict:
    report = EndstopReport(STEP)
    for height in noise(0.006, 20, 1):
        report.add(round(height / STEP) * STEP)
    return reached(report.conclusion())


def bias() -> Verdict:
    report = BiasReport(BiasParameters(), PLACES, STEP)
    draws = np.random.default_rng(3)
    for turn in range(1, 7):
        for place, height in zip(PLACES, (0.0, 0.006), strict=True):
            report.add(place, turn, 1.5 + height + 0.001 * float(draws.standard_normal()))
    return reached(report.conclusion())


def temperature() -> Verdict:
    still = Interval(0.0, -0.001, 0.001, 0.95)
    shift = Interval(0.015, 0.014, 0.016, 0.95)
    rule = judge_thermal(ThermalBias(shift, None, None, (), None, 60.0, still, still, 0.001, (), 1800.0))
    return Verdict(Level(rule.level), "", rule.reasons)


def backlash() -> Verdict:
    properties = InstrumentProperties(STEP, upper_bound_only=False, method="Measured by release.")
    report = BacklashReport(PLACES, properties, STEP)
    for _ in range(2):
        for place in PLACES:
            report.add(place, Reading(0.018, 0.001, 10, dither=0.003))
    return reached(report.conclusion())


def z_offset() -> Verdict:
    papers = [PaperHeight(height, 0.002) for height in (0.0, 0.002, -0.002)]
    return reached(probe_conclusion(PrinterState(), PROBE, noise(0.002, 5, 1), papers, STEP))


def eddy() -> Verdict:
    table = tuple((0.05 + 0.04 * n, 3e6 * (1.0 + 0.1 * float(np.exp(-0.013 * n)))) for n in range(101))
    output = CalibrationOutput(2525, None, 100.0, (HeightNoise(0.53, 0.001, 67.0),))
    calibration = EddyCalibration(
        PaperHeight(0.1, 0.001), output, table, table, 0.5, STEP, homes=False, meshes=False
    )
    return reached(eddy_conclusion(calibration))


def first_layer() -> Verdict:
    zero = Zero(0.1, "Z 0 is contact.")
    adjustment = Interval(0.02, 0.015, 0.025, 0.95)
    return reached(first_layer_conclusion(PrinterState(), adjustment, zero, None, automatic=False, tests=5))


def automatic_offset() -> Verdict:
    def height(value: float) -> Height:
        return Height(value, (value - 0.00125, value, value + 0.00125))

    repeats = Repeats(STEP)
    for offset in (-0.090, -0.098, -0.094):
        repeats.found.append(AutomaticOffset(offset, 0.5, height(0.5), height(6.45), height(offset + 6.45)))
    first = next(iter(of_repeats(repeats, SECTION)))
    return Verdict(first.level, first.summary, (first.text,))


def tuning() -> Verdict:
    found = of_tuning(Tuned(0.5, 0.5, Interval(0.51, 0.505, 0.515, 0.95), 0.41, None, "", tests=5))
    return Verdict(found.level, found.summary, (found.text,))


def probe_xy() -> Verdict:
    looks = [(0.0, 25.0), (0.2, 25.1)]
    return reached(probe_xy_conclusion(PrinterState(), PROBE, looks))


CASES: list[tuple[str, str, Callable[[], Verdict], Level]] = [
    ("accuracy", "RANGE_OF_TEN", accuracy, Level.FAIL),
    ("accuracy of the endstop", "Z_ACCURACY", endstop, Level.FAIL),
    ("bias", "LOCATION_BIAS", bias, Level.UNKNOWN),
    ("temperature", "TEMPERATURE_SHIFT", temperature, Level.WARN),
    ("backlash", "Z_ACCURACY", backlash, Level.WARN),
    ("z-offset", "Z_ACCURACY", z_offset, Level.UNKNOWN),
    ("z-offset of an eddy sensor", "RANGE_OF_TEN", eddy, Level.UNKNOWN),
    ("first-layer", "Z_ACCURACY", first_layer, Level.WARN),
    ("auto-z", "Z_ACCURACY", automatic_offset, Level.WARN),
    ("tuning of switch_offset", "Z_ACCURACY", tuning, Level.WARN),
]


@pytest.mark.parametrize("verdict", [accuracy, endstop, bias, temperature, first_layer])
def test_a_verdict_ends_with_its_consequence_for_a_first_layer(verdict: Callable[[], Verdict]) -> None:
    assert verdict().reasons[-1].endswith("of a 0.2 mm first layer.")


def tighten(monkeypatch: pytest.MonkeyPatch, name: str, value: float) -> None:
    monkeypatch.setattr(limits, name, replace(getattr(limits, name), value=value, source="a new source"))


@pytest.mark.parametrize(
    ("name", "verdict", "tight"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_verdict_and_text_follow_the_limit(
    monkeypatch: pytest.MonkeyPatch, name: str, verdict: Callable[[], Verdict], tight: Level
) -> None:
    before = verdict()
    assert before.level is Level.PASS
    assert any("25 µm" in reason for reason in before.reasons)
    tighten(monkeypatch, name, 0.0042)
    after = verdict()
    assert after.level is tight
    assert any("4.2 µm" in reason and "a new source" in reason for reason in after.reasons)
    assert not any(
        "25 µm" in reason for reason in (after.summary, *after.reasons) if "a new source" in reason
    )


def test_the_other_limits_are_followed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert probe_xy().level is Level.PASS
    tighten(monkeypatch, "XY_ACCURACY", 0.1)
    assert probe_xy().level is Level.UNKNOWN
    assert "Limit: 100 µm (a new source)" in probe_xy().reasons[-1]
    tighten(monkeypatch, "FIRST_LAYER", 0.01)
    tighten(monkeypatch, "Z_ACCURACY", 0.005)
    assert first_layer().level is Level.FAIL
    tighten(monkeypatch, "BACKLASH_FAULT", 0.010)
    assert backlash().level is Level.FAIL
    tighten(monkeypatch, "NORMAL_RANGE", 0.003)
    assert any("Normal is one step or 3 µm" in reason for reason in accuracy().reasons)
    tighten(monkeypatch, "UNFIT_SHARE", 0.6)
    assert "bad above 60 %" in endstop().reasons[0]


@pytest.mark.parametrize(
    ("check", "name", "estimate"),
    [
        ("accuracy", "RANGE_OF_TEN", "range_of_ten"),
        ("bias", "LOCATION_BIAS", "spread"),
        ("temperature", "TEMPERATURE_SHIFT", "shift"),
    ],
)
def test_gauge_and_help_follow_the_limit(
    monkeypatch: pytest.MonkeyPatch, check: str, name: str, estimate: str
) -> None:
    record = Record("1", check, {}, "", estimates={estimate: Estimate(estimate, 0.01, 0.008, 0.012)})
    tighten(monkeypatch, name, 0.042)
    gauge = presenter_of(check).gauge(record)
    assert gauge is not None
    assert gauge.limit == pytest.approx(42.0)
    assert "42 µm" in presenter_of(check).about
    assert trend_limit(estimate) in (None, 0.042)


def test_the_figure_of_series_over_the_limit_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    over = Estimate("over_limit", 0.07, 0.0, 0.1, unit="")
    record = Record("1", "accuracy", {}, "", estimates={"over_limit": over})
    tighten(monkeypatch, "RANGE_OF_TEN", 0.042)
    (warned,) = [each for each in presenter_of("accuracy").figures(record) if each.label == "over 42 µm"]
    assert warned.tone == "warn"
    tighten(monkeypatch, "FIT_SHARE", 0.1)
    (good,) = [each for each in presenter_of("accuracy").figures(record) if each.label == "over 42 µm"]
    assert good.tone == "good"


def test_the_estimates_follow_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def shares() -> float:
        report = EndstopReport(STEP)
        updates = [report.add(round(height / STEP) * STEP) for height in noise(0.004, 20, 1)]
        last = updates[-1]
        assert isinstance(last, EstimateUpdated)
        return last.estimates["pair_over_limit"].value or 0.0

    before = shares()
    tighten(monkeypatch, "Z_ACCURACY", 0.005)
    assert shares() > before + 0.1


def test_the_page_of_limits_is_made_from_them() -> None:
    page = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
    assert page == reference(), "run: python -m zcal_tui.model.limits_page > docs/limits.md"


def test_every_limit_names_what_it_limits_and_its_source() -> None:
    every = limits.every_limit()
    assert len({limit.name for limit in every}) == len(every) > 15
    for limit in every:
        assert limit.name and limit.source and limit.value > 0.0
        assert (
            "Klipper docs" in limit.source or "z_calibration" in limit.source or "our choice" in limit.source
        )


@pytest.mark.slow
def test_limits_are_read_where_they_are_used() -> None:
    """A limit imported by its own name, or taken as a default, would not follow a change."""
    imported = []
    for path in (ROOT / "zcal_tui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "zcal_tui.model.limits":
                imported += [f"{path.name}: {name.name}" for name in node.names if name.name.isupper()]
            if isinstance(node, ast.arguments):
                defaults = [default for default in (*node.defaults, *node.kw_defaults) if default is not None]
                imported += [
                    f"{path.name}: a default"
                    for default in defaults
                    if "limits." in ast.unparse(default) and not isinstance(default, ast.Lambda)
                ]
    assert imported == []
