"""A result from a chamber of another temperature is stale."""

from typing import Any

import pytest

from tests.unit.fakes import records
from zcal_tui.results.stale import stale


@pytest.mark.parametrize(
    ("then", "now", "stale_now"),
    [
        ({"temperature_sensor chamber": 24.0}, {"temperature_sensor chamber": 58.0}, True),
        ({"temperature_sensor Chamber_Top": 60.0}, {"temperature_sensor Chamber_Top": 31.0}, True),
        ({"temperature_sensor chamber": 24.0}, {"temperature_sensor chamber": 35.0}, False),
        ({}, {"temperature_sensor chamber": 58.0}, False),
        ({"temperature_sensor raspberry_pi": 40.0}, {"temperature_sensor raspberry_pi": 70.0}, False),
        ({"temperature_sensor chamber": None}, {"temperature_sensor chamber": 58.0}, False),
    ],
)
@pytest.mark.parametrize("check", ["z-offset", "bias"])
def test_another_chamber_makes_heights_stale(
    check: str, then: dict[str, Any], now: dict[str, Any], stale_now: bool
) -> None:
    record = records.record(check, context=records.context(sensors=then))
    why = stale(record, (), records.context(sensors=now))
    assert (why is not None) == stale_now
    assert not stale_now or "the chamber is at" in str(why)


def test_a_heated_chamber_is_a_heater() -> None:
    cold, hot = {"heater_generic enclosure": 25.0}, {"heater_generic enclosure": 60.0}
    record = records.record("z-offset", context=records.context(temperatures=cold))
    assert "60 °C" in str(stale(record, (), records.context(temperatures=hot)))
