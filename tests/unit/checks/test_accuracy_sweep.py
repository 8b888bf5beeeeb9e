"""Which settings a sweep compares, and its verdict on their samples."""

from typing import Any

import numpy as np
import pytest

from zcal_tui.checks.accuracy import AccuracyParameters
from zcal_tui.checks.accuracy.sweep_analysis import SweepReport
from zcal_tui.checks.accuracy.variants import AGAIN, CONFIGURED, variants
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, VerdictReached
from zcal_tui.model.record import Change, Estimate, Level, Verdict
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.state import PrinterState

PROBE = ProbeConfig("probe", "probe", z_offset=1.5, lift_speed=10.0, samples=1, samples_result="median")
STATE = PrinterState(settings={"printer": {"max_velocity": 300.0, "max_z_velocity": 15.0}})
STEP = 0.00125


def plan(probe: ProbeConfig = PROBE, **parameters: Any) -> dict[str, Any]:
    return {variant.name: variant for variant in variants(STATE, probe, AccuracyParameters(**parameters))}


def test_half_and_twice_of_each_as_far_as_the_printer_allows() -> None:
    found = plan()
    assert set(found) == {
        CONFIGURED,
        AGAIN,
        "probe_speed=2.5",
        "probe_speed=10",
        "lift_speed=5",
        "retract=1",
        "retract=4",
        "start_height=5",
        "start_height=10",
    }
    assert found["probe_speed=2.5"].settings.probe_speed == 2.5
    assert found["probe_speed=2.5"].settings.lift_speed == 10.0
    assert found["retract=4"].settings.sample_retract_dist == 4.0
    assert found["start_height=10"].start_height == 10.0


def test_the_order_is_drawn_between_twice_the_present_settings() -> None:
    orders = {tuple(plan(order_seed=seed)) for seed in range(5)}
    assert len(orders) == 5
    assert all(order[0] == CONFIGURED and order[-1] == AGAIN for order in orders)
    assert tuple(plan(order_seed=3)) == tuple(plan(order_seed=3))


def test_what_was_asked_for_is_what_the_others_differ_from() -> None:
    found = plan(probe_speed=8.0, retract=5.0)
    assert found[CONFIGURED].settings.probe_speed == 8.0
    assert {"probe_speed=4", "retract=2.5", "retract=10"} <= set(found)
    assert "probe_speed=16" not in found
    assert "start_height=5" not in found and "start_height=10" not in found


def test_a_pin_that_is_pushed_out_keeps_its_room() -> None:
    found = plan(ProbeConfig("bltouch", "bltouch", z_offset=2.0, sample_retract_dist=3.0))
    assert "retract=6" in found and "retract=1.5" not in found


def concluded(
    sigmas: dict[str, float],
    probe: ProbeConfig = PROBE,
    outlier: str = "",
    n: int = 20,
    size: float = 0.05,
    homes: bool = False,
) -> tuple[Verdict, dict[str, Estimate], list[AdviceGiven]]:
    draw = np.random.default_rng(4)
    names = plan(probe)
    report = SweepReport(tuple(names.values()), probe, STEP, "5", crash=0.2 if homes else None)
    for name in names:
        for k in range(n):
            height = 1.5 + sigmas.get(name, sigmas["others"]) * draw.standard_normal()
            height += size if name == outlier and k == 7 else 0.0
            report.add(name, round(height / STEP) * STEP)
    verdict, estimates, advice = None, {}, []
    for event in report.conclusion():
        match event:
            case EstimateUpdated(found):
                estimates = dict(found)
            case VerdictReached(reached):
                verdict = reached
            case AdviceGiven():
                advice.append(event)
    assert verdict is not None
    return verdict, estimates, advice


def changes(advice: list[AdviceGiven]) -> list[Change]:
    return [change for given in advice for change in given.changes]


def test_there_is_no_verdict_before_every_setting_was_measured() -> None:
    names = plan()
    report = SweepReport(tuple(names.values()), PROBE, STEP, "5")
    for k in range(20):
        report.add(CONFIGURED, 1.5 + 0.001 * (k % 3))
    assert list(report.conclusion()) == []
    assert list(report.estimates().estimates) == [f"sigma@{CONFIGURED}"]


def test_where_none_is_better_the_present_settings_stay() -> None:
    verdict, estimates, advice = concluded({"others": 0.003})
    assert verdict.level is Level.PASS
    assert "No other setting scatters less" in verdict.summary
    assert any("7 settings were compared" in reason and "Holm" in reason for reason in verdict.reasons)
    assert changes(advice) == []
    assert not any("z_offset" in given.text for given in advice)
    names = [name for name in estimates if name.startswith("sigma@")]
    assert names[:4] == [
        "sigma@configured",
        f"sigma@{AGAIN}",
        "sigma@probe_speed=2.5",
        "sigma@probe_speed=10",
    ]
    assert "sigma@samples=3" in names
    for name in names:
        found = estimates[name]
        assert found.value is not None and found.high is not None and found.high > found.value


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("probe_speed=2.5", Change("probe", "speed", "5", "2.5")),
        ("lift_speed=5", Change("probe", "lift_speed", "10", "5")),
        ("retract=4", Change("probe", "sample_retract_dist", "2", "4")),
        ("start_height=10", Change("bed_mesh", "horizontal_move_z", "5", "11.5")),
    ],
)
def test_a_better_one_is_recommended_with_its_line_and_z_offset_again(name: str, change: Change) -> None:
    verdict, estimates, advice = concluded({"others": 0.006, name: 0.0015})
    assert verdict.level is Level.WARN
    assert verdict.summary.startswith("Better with")
    assert change in changes(advice)
    assert any("New probe settings change z_offset" in given.text for given in advice)
    shift = estimates[f"mean_shift@{name}"]
    assert shift.low is not None and shift.high is not None and shift.low < 0.0 < shift.high


def test_more_samples_where_single_ones_exceed_the_limit() -> None:
    _, _, advice = concluded({"others": 0.0065})
    (samples, result) = changes(advice)
    assert (samples.option, samples.old) == ("samples", "1")
    assert int(samples.new) >= 3
    assert (result.option, result.new) == ("samples_result", "median")


def test_where_nothing_helps_it_advises_what_to_check() -> None:
    verdict, _, advice = concluded({"others": 0.03})
    assert verdict.level is Level.FAIL
    assert changes(advice) == []
    texts = [given.text for given in advice]
    assert any("mount" in text for text in texts) and any("BED_SCREWS_ADJUST" in text for text in texts)
    assert not any("Compare other probing speeds" in text for text in texts)


def test_an_outlier_does_not_make_the_others_better() -> None:
    verdict, _, advice = concluded({"others": 0.003}, outlier=CONFIGURED)
    assert verdict.level is Level.WARN
    assert any("outlier" in reason for reason in verdict.reasons)
    assert not verdict.summary.startswith("Better")
    assert ("samples", "3") in {(change.option, change.new) for change in changes(advice)}


@pytest.mark.parametrize("size", [0.05, -0.3, 0.4])
def test_where_the_probe_homes_z_an_outlier_is_not_answered_with_samples(size: float) -> None:
    verdict, _, advice = concluded({"others": 0.003}, outlier=CONFIGURED, size=size, homes=True)
    assert verdict.level is (Level.FAIL if abs(size) > 0.2 else Level.WARN)
    assert "as many homings may be" in " ".join(verdict.reasons)
    assert "oming" in verdict.summary or "home Z" in verdict.summary
    said = " ".join(given.text for given in advice)
    assert "median" not in said and "samples at each point" not in said
    assert not any(change.option.startswith("samples") for change in changes(advice))
