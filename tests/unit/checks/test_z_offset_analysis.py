"""From touches and paper tests to a z_offset or position_endstop: signs, verdict, and what is proposed."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.checks.paper import PaperHeight
from zcal_tui.checks.z_offset.analysis import FAR, GOAL, endstop_conclusion, probe_conclusion, probe_estimates
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, Event, VerdictReached
from zcal_tui.model.record import Change, Estimate, Level, Verdict
from zcal_tui.printer.config_view import ProbeConfig, z_rail
from zcal_tui.printer.state import PrinterState

STEP = 0.0025
BESIDE = ProbeConfig("probe", "probe", x_offset=0.0, y_offset=25.0, z_offset=1.5)
OWN_ENDSTOP = {
    "printer": {"kinematics": "corexy"},
    "stepper_z": {
        "endstop_pin": "PG10",
        "position_endstop": -0.2,
        "rotation_distance": 8.0,
        "microsteps": 16,
    },
    "probe": {"z_offset": 1.5},
}
BY_PROBE = {**OWN_ENDSTOP, "stepper_z": {"endstop_pin": "probe:z_virtual_endstop"}}
DELTA = {
    "printer": {"kinematics": "delta"},
    "stepper_a": {"endstop_pin": "PA1", "position_endstop": 300.0},
    "stepper_b": {"endstop_pin": "PA2", "position_endstop": 300.5},
    "stepper_c": {"endstop_pin": "PA3"},  # whose position is the first tower's
}


def touches(height: float) -> list[float]:
    return [height, height + STEP, height - STEP, height, height]


def papers(*heights: float, resolution: float = 0.002) -> list[PaperHeight]:
    return [PaperHeight(height, resolution) for height in heights]


class Told:
    """A conclusion, taken apart."""

    def __init__(self, events: Iterator[Event]) -> None:
        self.estimates: dict[str, Estimate] = {}
        self.advice: list[str] = []
        self.changes: list[Change] = []
        verdict: Verdict | None = None
        for event in events:
            match event:
                case EstimateUpdated(estimates):
                    self.estimates = dict(estimates)
                case VerdictReached(found):
                    verdict = found
                case AdviceGiven(text, changes):
                    self.advice.append(text)
                    self.changes += changes
        assert verdict is not None
        self.verdict = verdict

    @property
    def text(self) -> str:
        return "\n".join(self.advice)


def probe_told(
    trigger: float,
    *contact: float,
    settings: dict[str, Any] = BY_PROBE,
    probe: ProbeConfig = BESIDE,
    resolution: float = 0.002,
    step: float = STEP,
) -> Told:
    state = PrinterState(settings=settings)
    found = papers(*contact, resolution=resolution)
    return Told(probe_conclusion(state, probe, touches(trigger), found, step))


def endstop_told(*contact: float, settings: dict[str, Any] = OWN_ENDSTOP, resolution: float = 0.002) -> Told:
    state = PrinterState(settings=settings)
    rail = z_rail(state)
    assert rail is not None
    return Told(endstop_conclusion(state, rail, papers(*contact, resolution=resolution), STEP))


@given(st.floats(-1.0, 6.0), st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=4))
def test_z_offset_is_the_trigger_above_the_paper(trigger: float, contact: Sequence[float]) -> None:
    found = probe_estimates(touches(trigger), papers(*contact), STEP)
    offset = found["z_offset"]
    assert offset.value == pytest.approx(trigger - sum(contact) / len(contact), abs=1e-9)
    assert offset.low is not None and offset.high is not None and offset.value is not None
    assert offset.low < offset.value < offset.high
    assert ("feel" in found) is (len(contact) > 1), "one test says nothing about how well it is felt"


@given(st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=4))
def test_the_endstop_moves_against_the_contact(contact: list[float]) -> None:
    told = endstop_told(*contact)
    position, height = told.estimates["position_endstop"], told.estimates["contact"]
    assert position.value == pytest.approx(-0.2 - sum(contact) / len(contact), abs=1e-9)
    assert height.low is not None and height.high is not None
    assert position.low == pytest.approx(-0.2 - height.high)
    assert position.high == pytest.approx(-0.2 - height.low)


@pytest.mark.parametrize(
    ("trigger", "new", "effect"),
    [
        (1.6, "1.600", "the nozzle will be 100 µm closer to the bed"),
        (1.4, "1.400", "the nozzle will be 100 µm farther from the bed"),
    ],
)
def test_a_larger_z_offset_brings_the_nozzle_closer(trigger: float, new: str, effect: str) -> None:
    told = probe_told(trigger, 0.0)
    assert told.changes == [Change("probe", "z_offset", "1.500", new, saves=True, effect=effect)]
    assert f"Set z_offset to {new}: {effect}." in told.text


@pytest.mark.parametrize(("trigger", "word"), [(1.6, "lower"), (1.4, "higher")])
def test_where_z_has_an_endstop_the_probes_offset_moves_nothing(trigger: float, word: str) -> None:
    (change,) = probe_told(trigger, 0.0, settings=OWN_ENDSTOP).changes
    assert f"comes out 100 µm {word}" in change.effect
    assert "the nozzle's height stays" in change.effect


@pytest.mark.parametrize(
    ("contact", "new", "effect"),
    [
        (0.1, "-0.300", "the nozzle will be 100 µm farther from the bed"),
        (-0.1, "-0.100", "the nozzle will be 100 µm closer to the bed"),
    ],
)
def test_a_paper_that_drags_high_lowers_the_endstops_position(contact: float, new: str, effect: str) -> None:
    told = endstop_told(contact)
    assert told.changes == [Change("stepper_z", "position_endstop", "-0.200", new, saves=True, effect=effect)]
    assert "finger on the emergency stop" in told.text


def test_a_deltas_towers_all_move_by_the_same() -> None:
    told = endstop_told(0.05, settings={**DELTA, "bed_mesh": {}})
    assert [(change.section, change.old, change.new) for change in told.changes] == [
        ("stepper_a", "300.000", "299.950"),
        ("stepper_b", "300.500", "300.450"),
        ("stepper_c", "300.000", "299.950"),
    ]
    assert {change.effect for change in told.changes} == {"the nozzle will be 50 µm farther from the bed"}
    assert "BED_MESH_CALIBRATE" in told.text


def test_a_value_that_stays_the_same_to_the_digits_kept_is_not_proposed() -> None:
    assert probe_told(1.5004, 0.0).changes == []
    assert endstop_told(0.0004).changes == []
    assert probe_told(1.5006, 0.0).changes != []


def test_zero_has_no_sign() -> None:
    told = probe_told(0.0, 0.0004, probe=ProbeConfig("probe", "probe", z_offset=0.0))
    assert told.changes == []
    (change,) = probe_told(0.0, 0.0004).changes
    assert change.new == "0.000"


@pytest.mark.parametrize(
    ("resolution", "level"), [(0.002, Level.PASS), (0.028, Level.WARN), (0.1, Level.UNKNOWN)]
)
def test_how_well_it_is_known_is_the_verdict(resolution: float, level: Level) -> None:
    for told, name in (
        (probe_told(1.5, 0.0, resolution=resolution), "z_offset"),
        (endstop_told(0.0, resolution=resolution), "position_endstop"),
    ):
        found = told.estimates[name]
        assert found.low is not None and found.high is not None
        half = (found.high - found.low) / 2
        assert told.verdict.level is level
        assert (half <= GOAL, half <= 2 * GOAL) == (level is Level.PASS, level is not Level.UNKNOWN)
        assert "goal: 25 µm, Klipper docs, Bed_Level" in told.verdict.reasons[0]
        assert ("Repeat the paper test" in "".join(told.verdict.reasons)) is (level is not Level.PASS)


@pytest.mark.parametrize("step", [0.000625, 0.0025, 0.00625])
def test_one_careful_test_passes_on_any_usual_printer_and_a_careless_one_does_not(step: float) -> None:
    careful = probe_told(1.5, 0.0, resolution=0.004, step=step)
    assert careful.verdict.level is Level.PASS
    found = careful.estimates["z_offset"]
    assert found.low is not None and found.high is not None
    assert found.high - found.low > 2 * 0.0245, "the interval is for any person"
    assert "whoever you are" in careful.verdict.reasons[0]
    assert "--repeats 3" in careful.text
    careless = probe_told(1.5, 0.0, resolution=0.012, step=step)
    assert careless.verdict.level is Level.WARN
    assert "smaller steps" in "".join(careless.verdict.reasons)


def test_from_two_tests_on_what_they_scatter_is_judged() -> None:
    scattered = probe_told(1.5, 0.03, -0.03, resolution=0.004)
    assert scattered.verdict.level is Level.WARN
    assert scattered.verdict.reasons[0].startswith("It is known to ±")


@pytest.mark.parametrize(("change", "level"), [(FAR - 0.01, Level.PASS), (FAR + 0.01, Level.WARN)])
def test_a_large_change_is_looked_at(change: float, level: Level) -> None:
    for told in (
        probe_told(1.5 + change, 0.0),
        probe_told(1.5 + change, 0.0, settings=OWN_ENDSTOP),
        endstop_told(-change),
    ):
        assert told.verdict.level is level
        assert ("more than 1 mm" in "".join(told.verdict.reasons)) is (level is Level.WARN)


def test_what_is_not_known_stays_unknown_however_far_it_is_off() -> None:
    told = probe_told(1.5, 1.7, resolution=0.1)
    assert told.verdict.level is Level.UNKNOWN
    reasons = "".join(told.verdict.reasons)
    assert "more than 1 mm" in reasons
    assert "triggers below the nozzle's tip" in reasons


@pytest.mark.parametrize(("resolution", "saves"), [(0.002, True), (0.1, False)])
def test_what_is_not_known_well_enough_is_a_line_to_edit_and_not_saved(
    resolution: float, saves: bool
) -> None:
    for told in (probe_told(1.5, 0.2, resolution=resolution), endstop_told(0.2, resolution=resolution)):
        (change,) = told.changes
        assert change.saves is saves


def test_a_probe_that_triggers_below_the_nozzle_is_told() -> None:
    below = probe_told(0.5, 0.6, probe=ProbeConfig("probe", "probe", y_offset=25.0, z_offset=-0.1))
    assert below.verdict.level is Level.WARN
    assert "not positive" in below.text
    assert "not positive" not in probe_told(0.7, 0.6).text
    assert endstop_told(0.5).verdict.level is Level.PASS, "an endstop may stand at either side of the bed"


def test_where_the_nozzle_is_the_probe_it_triggers_below_the_contact() -> None:
    pressed = probe_told(-0.7, 0.1, probe=ProbeConfig("probe", "probe", z_offset=-0.8))
    assert pressed.verdict.level is Level.PASS
    assert "not positive" not in pressed.text
    (change,) = probe_told(-0.7, 0.0, probe=ProbeConfig("probe", "probe", z_offset=-0.8)).changes
    assert change.new == "-0.700"


def test_what_klipper_would_not_start_with_is_not_proposed() -> None:
    told = probe_told(2.1, 2.2, probe=ProbeConfig("bltouch", "bltouch", y_offset=25.0, z_offset=0.5))
    assert told.changes == []
    assert told.verdict.level is Level.FAIL
    assert "would not start" in told.verdict.reasons[0]
    assert "repeat the paper test" in told.text
    (change,) = probe_told(2.1, 2.1, probe=ProbeConfig("bltouch", "bltouch", z_offset=0.5)).changes
    assert change.new == "0.000"


@pytest.mark.parametrize(("trigger", "words"), [(1.505, "can be told apart"), (1.6, "more than chance")])
def test_a_difference_is_compared_with_the_interval(trigger: float, words: str) -> None:
    assert words in probe_told(trigger, 0.0).verdict.reasons[1]


def test_what_a_new_z_offset_makes_wrong_and_what_makes_it_wrong() -> None:
    """Klipper docs, Probe_Calibrate: bed meshes; bed screws and the commands that level."""
    levelled = {**BY_PROBE, "bed_mesh": {}, "z_tilt": {}}
    told = probe_told(1.6, 0.0, settings=levelled)
    assert "BED_MESH_CALIBRATE" in told.text
    assert "(the bed's screws, Z_TILT_ADJUST)" in told.text
    unchanged = probe_told(1.5, 0.0, settings=levelled)
    assert "BED_MESH_CALIBRATE" not in unchanged.text
    plain = probe_told(1.6, 0.0)
    assert "(the bed's screws)" in plain.text
    assert "BED_MESH_CALIBRATE" not in plain.text
    right_at_the_nozzle = ProbeConfig("probe", "probe", z_offset=1.5)
    assert "screws" not in probe_told(1.6, 0.0, settings=levelled, probe=right_at_the_nozzle).text


def test_the_feel_is_assumed_after_one_test_and_told_after_more() -> None:
    assert "--repeats 3" in probe_told(1.5, 0.0).text
    assert "scatters by" in probe_told(1.5, 0.0, 0.01, -0.01).text
    assert "scatters by" in endstop_told(0.0, 0.02).text
