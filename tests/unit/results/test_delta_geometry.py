"""A delta with another geometry: Z offset, Location bias and the bed mesh are stale."""

from typing import Any

import pytest

from tests.unit.fakes import records
from zcal_tui.results.stale import stale

TOWERS = {
    "stepper_a": {"position_endstop": 280.0, "arm_length": 270.0, "angle": 210.0},
    "stepper_b": {"position_endstop": 280.0, "arm_length": 270.0, "angle": 330.0},
    "stepper_c": {"position_endstop": 280.0, "arm_length": 270.0, "angle": 90.0},
}
DELTA: dict[str, dict[str, Any]] = {"printer": {"kinematics": "delta", "delta_radius": 123.5}, **TOWERS}
NEW = [
    ({"printer": {"delta_radius": 124.1}}, "delta_radius was 123.5 and is 124.1"),
    ({"stepper_b": {"position_endstop": 279.4}}, "position_endstop of [stepper_b] against [stepper_a]"),
    ({"stepper_c": {"angle": 90.3}}, "angle of [stepper_c]"),
    ({"stepper_a": {"position_endstop": 280.3}}, "against [stepper_a]"),
]


def merged(more: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: {**options, **more.get(name, {})} for name, options in DELTA.items()}


@pytest.mark.parametrize(("more", "words"), NEW)
@pytest.mark.parametrize("check", ["z-offset", "bias"])
def test_a_new_geometry_makes_heights_stale(check: str, more: dict[str, dict[str, Any]], words: str) -> None:
    record = records.record(check, context=records.context(DELTA))
    why = stale(record, (), records.context(merged(more)))
    assert why is not None and "the delta has another geometry" in why and words in why


@pytest.mark.parametrize(("more", "words"), NEW)
def test_a_new_geometry_makes_the_mesh_stale(more: dict[str, dict[str, Any]], words: str) -> None:
    ready = records.record("ready", context=records.context(DELTA))
    why = stale(ready, (), records.context(merged(more)))
    assert why is not None and words in why
    assert "Z offset, Location bias and the bed mesh stale" in why and "BED_MESH_CALIBRATE" in why


@pytest.mark.parametrize("check", ["z-offset", "bias"])
def test_all_towers_moved_alike_are_no_new_geometry(check: str) -> None:
    record = records.record(check, context=records.context(DELTA))
    alike = merged({name: {"position_endstop": 280.25} for name in TOWERS})
    assert "geometry" not in str(stale(record, (), records.context(alike)))
