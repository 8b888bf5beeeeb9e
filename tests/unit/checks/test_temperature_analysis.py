"""The verdict on samples at temperatures."""

import math
from collections.abc import Mapping

import numpy as np
import pytest

from zcal_tui.checks.temperature.analysis import TemperatureReport
from zcal_tui.checks.temperature.history import TemperatureHistory
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, Event, VerdictReached
from zcal_tui.model.record import Level, Sample
from zcal_tui.printer.state import HeaterState, PrinterState
from zcal_tui.stats.thermal import Phase

ENDS: tuple[tuple[Phase, float], ...] = (
    ("baseline", 300.0),
    ("bed", 1500.0),
    ("nozzle", 2700.0),
    ("back", 4500.0),
)
LAG = 150.0


def bed_at(t: float) -> float:
    if t < 300.0:
        return 23.0
    if t < 2700.0:
        return min(60.0, 23.0 + (t - 300.0) * 0.3)
    return 23.0 + 37.0 * math.exp(-(t - 2700.0) / 300.0)


def nozzle_at(t: float) -> float:
    if t < 1500.0:
        return 24.0
    if t < 2700.0:
        return min(200.0, 24.0 + (t - 1500.0) * 2.0)
    return 24.0 + 176.0 * math.exp(-(t - 2700.0) / 100.0)


def report(
    per_bed: float, per_nozzle: float, until: float = 4500.0, frame: Mapping[str, float] | None = None
) -> TemperatureReport:
    history = TemperatureHistory()
    made = TemperatureReport(history, 0.00125, frame=frame)
    draws = np.random.default_rng(1)
    lagged_bed, lagged_nozzle = 23.0, 24.0
    for t in range(int(until) + 1):
        lagged_bed += (bed_at(t) - lagged_bed) / LAG
        lagged_nozzle += (nozzle_at(t) - lagged_nozzle) / LAG
        heaters = {"heater_bed": HeaterState(bed_at(t), 0.0), "extruder": HeaterState(nozzle_at(t), 0.0)}
        history.note(PrinterState(heaters=heaters, eventtime=float(t)))
        if t % 45 == 0:
            phase = next(name for name, end in ENDS if t <= end)
            height = 1.5 + per_bed * (lagged_bed - 23.0) + per_nozzle * (lagged_nozzle - 24.0)
            samples = [
                Sample(
                    n,
                    float(t + n),
                    0.0,
                    0.0,
                    height + 0.001 * float(draws.standard_normal()),
                    bed=bed_at(t),
                    hotend=nozzle_at(t),
                )
                for n in range(3)
            ]
            made.add(phase, samples, bed_at(t), nozzle_at(t))
    return made


def concluded(events: list[Event]) -> tuple[VerdictReached, EstimateUpdated, str]:
    estimates = next(event for event in events if isinstance(event, EstimateUpdated))
    verdict = next(event for event in events if isinstance(event, VerdictReached))
    return verdict, estimates, " ".join(event.text for event in events if isinstance(event, AdviceGiven))


def test_a_probe_that_shifts_with_temperature_is_found_with_its_causes() -> None:
    verdict, updated, advice = concluded(list(report(0.0016, 0.0001).conclusion()))
    assert verdict.verdict.level is Level.WARN
    found = updated.estimates
    assert found["per_degree_bed"].value == pytest.approx(0.0016, rel=0.05)
    assert found["per_degree_bed"].unit == "mm/°C"
    assert found["per_degree_nozzle"].value == pytest.approx(0.0001, rel=0.2)
    assert found["shift"].value == pytest.approx(0.0016 * 37 + 0.0001 * 176, rel=0.05)
    assert found["lag"].value == pytest.approx(LAG, rel=0.2)
    assert found["settle"].unit == "s"
    low, high = found["returned"].low, found["returned"].high
    assert low is not None
    assert high is not None
    assert low < 0.0 < high
    assert "µm per °C of the bed" in advice
    assert "same temperature" in advice
    assert "z_thermal_adjust" not in advice


def test_a_probe_that_does_not_shift_passes() -> None:
    verdict, updated, advice = concluded(list(report(0.0, 0.0).conclusion()))
    assert verdict.verdict.level is Level.PASS
    assert abs(updated.estimates["shift"].value or 0.0) < 0.004
    assert "per °C" not in advice


def test_a_correction_that_prints_have_already_is_named() -> None:
    _, _, advice = concluded(list(report(0.0016, 0.0, frame={"temp_coeff": 0.002}).conclusion()))
    assert "[z_thermal_adjust] already corrects prints" in advice


@pytest.mark.parametrize("section", [{}, {"temp_coeff": 0.0}])
def test_a_section_without_a_coefficient_corrects_nothing(section: dict[str, float]) -> None:
    _, _, advice = concluded(list(report(0.0016, 0.0, frame=section).conclusion()))
    assert "already corrects prints" not in advice
    assert "z_thermal_adjust" in advice


def test_a_run_that_was_never_hot_concludes_nothing() -> None:
    cold = report(0.001, 0.0, until=290.0)
    assert list(cold.conclusion()) == []
    assert cold.estimates() is None
    assert cold.so_far() is None


def test_so_far_is_the_last_series_over_the_cold_ones() -> None:
    assert report(0.001, 0.0, until=1490.0).so_far() == pytest.approx(0.037, abs=0.003)


def test_samples_that_the_printer_leaves_out_do_not_count() -> None:
    made = TemperatureReport(TemperatureHistory(), 0.00125)
    made.add(
        "baseline", [Sample(1, 1.0, 0.0, 0.0, 9.0, recorded=False), Sample(2, 2.0, 0.0, 0.0, 1.5)], 23.0, 24.0
    )
    assert made.heights("baseline") == ([2.0], [1.5])
