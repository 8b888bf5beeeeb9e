"""What the coefficients of a temperature run lead to."""

import pytest

from zcal_tui.checks.temperature.compensation import frame_advice, nozzle_advice
from zcal_tui.checks.temperature.history import TemperatureHistory
from zcal_tui.printer.state import PrinterState
from zcal_tui.stats.intervals import Interval


@pytest.mark.parametrize(
    ("growth", "new", "direction"), [(-0.004, "0.00400", "down"), (0.002, "-0.00200", "up")]
)
def test_a_frame_that_lifts_the_toolhead_gets_a_positive_coefficient(
    growth: float, new: str, direction: str
) -> None:
    (advice,) = frame_advice(Interval(growth, growth - 0.0005, growth + 0.0005, 0.95), {"temp_coeff": 0.0})
    (change,) = advice.changes
    assert (change.section, change.option, change.old, change.new) == (
        "z_thermal_adjust",
        "temp_coeff",
        "0",
        new,
    )
    assert not change.saves
    low, high = float(new) - 0.0005, float(new) + 0.0005
    assert change.effect == f"95%: {low:.5f} to {high:.5f}"
    assert f"Z then moves {direction} as the frame gets hotter" in advice.text


def test_no_change_is_proposed_that_the_measurement_does_not_show() -> None:
    for old, growth in ((0.0, 0.0001), (0.004, -0.0042)):
        found = Interval(growth, growth - 0.0005, growth + 0.0005, 0.95)
        (advice,) = frame_advice(found, {"temp_coeff": old})
        assert "No change needed" in advice.text
        assert not advice.changes
    (advice,) = frame_advice(None, {})
    assert "could not be measured" in advice.text
    assert not advice.changes


def test_only_a_nozzle_that_touches_gets_a_line_for_its_growth() -> None:
    found = Interval(0.000465, 0.0004, 0.00053, 0.95)
    (line,) = nozzle_advice(found, touches=True)
    assert "SET_GCODE_OFFSET Z_ADJUST={0.000465 * (print_temp - probe_temp)}" in line.text
    assert "0.40 µm to +0.53 µm" in line.text
    (words,) = nozzle_advice(found, touches=False)
    assert "Z_ADJUST" not in words.text
    assert "0.47 µm per °C" in words.text or "0.46 µm per °C" in words.text
    assert list(nozzle_advice(Interval(0.0001, -0.0002, 0.0004, 0.95), touches=True)) == []
    assert list(nozzle_advice(None, touches=True)) == []


def test_the_frames_temperature_is_kept_only_where_its_sensor_is_reported() -> None:
    history = TemperatureHistory()
    history.note(PrinterState(eventtime=1.0))
    assert history.frame() == ((), ())
    history.note(PrinterState(eventtime=5.0, sensors={"z_thermal_adjust": 31.5, "temperature_sensor x": 9.0}))
    assert history.frame() == ((5.0,), (31.5,))
