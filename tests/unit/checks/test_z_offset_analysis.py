"""From samples and paper tests to a z_offset or position_endstop: signs, verdict, and what is proposed."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.checks.paper import PaperHeight
from zcal_tui.checks.z_offset.analysis import (
    endstop_conclusion,
    homes_with_probe,
    probe_conclusion,
    probe_estimates,
)
from zcal_tui.model import limits
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, Event, VerdictReached
from zcal_tui.model.record import Change, Estimate, Level, Verdict
from zcal_tui.printer.config_view import ProbeConfig, z_rail
from zcal_tui.printer.scan_model import ScanModel
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


def samples(height: float) -> list[float]:
    """Samples of a trigger at this height, seen half a step late on average."""
    seen = height - STEP / 2
    return [seen, seen + STEP, seen - STEP, seen, seen]


def papers(*heights: float, resolution: float = 0.002) -> list[PaperHeight]:
    return [PaperHeight(height, resolution) for height in heights]


class Conclusion:
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


def concluded_probe(
    trigger: float,
    *contact: float,
    settings: dict[str, Any] = BY_PROBE,
    probe: ProbeConfig = BESIDE,
    resolution: float = 0.002,
    step: float = STEP,
) -> Conclusion:
    state = PrinterState(settings=settings)
    found = papers(*contact, resolution=resolution)
    late = STEP / 2 if homes_with_probe(state) else 0.0
    return Conclusion(probe_conclusion(state, probe, samples(trigger + late), found, step))


def concluded_endstop(
    *contact: float, settings: dict[str, Any] = OWN_ENDSTOP, resolution: float = 0.002
) -> Conclusion:
    state = PrinterState(settings=settings)
    rail = z_rail(state)
    assert rail is not None
    return Conclusion(endstop_conclusion(state, rail, papers(*contact, resolution=resolution), STEP))


@given(st.floats(-1.0, 6.0), st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=4))
def test_z_offset_is_the_trigger_above_the_paper(trigger: float, contact: Sequence[float]) -> None:
    found = probe_estimates(samples(trigger), papers(*contact), STEP)
    offset = found["z_offset"]
    assert offset.value == pytest.approx(trigger - sum(contact) / len(contact), abs=1e-9)
    assert offset.low is not None and offset.high is not None and offset.value is not None
    assert offset.low < offset.value < offset.high
    assert ("feel" in found) is (len(contact) > 1), "one test says nothing about how well it is felt"


@pytest.mark.parametrize(("settings", "added"), [(OWN_ENDSTOP, STEP / 2), (BY_PROBE, 0.0)])
def test_the_half_step_is_not_added_where_the_probe_homes_z(settings: dict[str, Any], added: float) -> None:
    """Homing is seen as late as the samples are, so Z 0 is right without it."""
    read = [1.6, 1.6 + STEP, 1.6 - STEP, 1.6, 1.6]
    state = PrinterState(settings=settings)
    found = Conclusion(probe_conclusion(state, BESIDE, read, papers(0.0, 0.0), STEP))
    assert found.estimates["z_offset"].value == pytest.approx(1.6 + added, abs=1e-9)


@given(st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=4))
def test_the_endstop_moves_against_the_contact(contact: list[float]) -> None:
    concluded = concluded_endstop(*contact)
    position, height = concluded.estimates["position_endstop"], concluded.estimates["contact"]
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
    concluded = concluded_probe(trigger, 0.0)
    assert concluded.changes == [Change("probe", "z_offset", "1.500", new, saves=True, effect=effect)]
    assert f"Set z_offset to {new}: {effect}." in concluded.text


@pytest.mark.parametrize(("trigger", "shift"), [(1.6, "−100 µm"), (1.4, "+100 µm")])
def test_where_z_has_an_endstop_the_probes_offset_moves_nothing(trigger: float, shift: str) -> None:
    (change,) = concluded_probe(trigger, 0.0, settings=OWN_ENDSTOP).changes
    assert f"probed heights shift by {shift}" in change.effect
    assert "the first layer does not change" in change.effect


@pytest.mark.parametrize(
    ("contact", "new", "effect"),
    [
        (0.1, "-0.300", "the nozzle will be 100 µm farther from the bed"),
        (-0.1, "-0.100", "the nozzle will be 100 µm closer to the bed"),
    ],
)
def test_a_paper_that_drags_high_lowers_the_endstops_position(contact: float, new: str, effect: str) -> None:
    concluded = concluded_endstop(contact)
    assert concluded.changes == [
        Change("stepper_z", "position_endstop", "-0.200", new, saves=True, effect=effect)
    ]
    assert "ready to press emergency stop" in concluded.text


def test_a_deltas_towers_all_move_by_the_same() -> None:
    concluded = concluded_endstop(0.05, settings={**DELTA, "bed_mesh": {}})
    assert [(change.section, change.old, change.new) for change in concluded.changes] == [
        ("stepper_a", "300.000", "299.950"),
        ("stepper_b", "300.500", "300.450"),
        ("stepper_c", "300.000", "299.950"),
    ]
    assert {change.effect for change in concluded.changes} == {
        "the nozzle will be 50 µm farther from the bed"
    }
    assert "BED_MESH_CALIBRATE" in concluded.text


def test_a_value_that_stays_the_same_to_the_digits_kept_is_not_proposed() -> None:
    assert concluded_probe(1.5004, 0.0).changes == []
    assert concluded_endstop(0.0004).changes == []
    assert concluded_probe(1.55, 0.0).changes != []


@pytest.mark.parametrize(
    "contact",
    [(0.003,), (-0.025, 0.02), (0.002, 0.003, 0.004), (-0.25, 0.37)],  # the last is 60 ± hundreds of µm
)
def test_a_difference_within_measurement_error_is_not_proposed(contact: tuple[float, ...]) -> None:
    for concluded in (
        concluded_probe(1.5, *contact),
        concluded_endstop(*contact),
        concluded_endstop(*contact, settings=DELTA),
    ):
        assert concluded.changes == []
        assert "within measurement error. No change is proposed." in "\n".join(concluded.verdict.reasons)


@pytest.mark.parametrize("contact", [(0.08,), (-0.06, -0.05), (0.041, 0.039, 0.04)])
def test_a_significant_difference_is_proposed(contact: tuple[float, ...]) -> None:
    assert concluded_probe(1.5, *contact).changes != []
    assert concluded_endstop(*contact).changes != []


def test_zero_has_no_sign() -> None:
    concluded = concluded_probe(0.0, 0.0004, probe=ProbeConfig("probe", "probe", z_offset=0.0))
    assert concluded.changes == []
    (change,) = concluded_probe(0.0, 0.0004).changes
    assert change.new == "0.000"


@pytest.mark.parametrize(
    ("resolution", "level"), [(0.002, Level.PASS), (0.028, Level.WARN), (0.1, Level.UNKNOWN)]
)
def test_how_well_it_is_known_is_the_verdict(resolution: float, level: Level) -> None:
    for concluded, name in (
        (concluded_probe(1.5, 0.0, resolution=resolution), "z_offset"),
        (concluded_endstop(0.0, resolution=resolution), "position_endstop"),
    ):
        found = concluded.estimates[name]
        assert found.low is not None and found.high is not None
        half, limit = (found.high - found.low) / 2, limits.Z_ACCURACY.value
        assert concluded.verdict.level is level
        assert (half <= limit, half <= 2 * limit) == (level is Level.PASS, level is not Level.UNKNOWN)
        assert "Limit: 25 µm (Klipper docs, Bed_Level)." in concluded.verdict.reasons[0]
        assert ("Repeat the paper test" in "".join(concluded.verdict.reasons)) is (level is not Level.PASS)


@pytest.mark.parametrize("step", [0.000625, 0.0025, 0.00625])
def test_one_careful_test_passes_on_any_usual_printer_and_a_careless_one_does_not(step: float) -> None:
    careful = concluded_probe(1.5, 0.0, resolution=0.004, step=step)
    assert careful.verdict.level is Level.PASS
    found = careful.estimates["z_offset"]
    assert found.low is not None and found.high is not None
    assert found.high - found.low > 2 * 0.0245, "the interval is for any person"
    assert "For anyone it is" in careful.verdict.reasons[0]
    assert "--repeats 3" in careful.text
    careless = concluded_probe(1.5, 0.0, resolution=0.012, step=step)
    assert careless.verdict.level is Level.WARN
    assert "smaller steps" in "".join(careless.verdict.reasons)


def test_from_two_tests_on_their_scatter_is_judged() -> None:
    scattered = concluded_probe(1.5, 0.03, -0.03, resolution=0.004)
    assert scattered.verdict.level is Level.WARN
    assert scattered.verdict.reasons[0].startswith("z_offset is accurate to ±")


@pytest.mark.parametrize(
    ("change", "level"),
    [(limits.LARGE_Z_CHANGE.value - 0.01, Level.PASS), (limits.LARGE_Z_CHANGE.value + 0.01, Level.WARN)],
)
def test_a_large_change_is_a_warning(change: float, level: Level) -> None:
    for concluded in (
        concluded_probe(1.5 + change, 0.0),
        concluded_probe(1.5 + change, 0.0, settings=OWN_ENDSTOP),
        concluded_endstop(-change),
    ):
        assert concluded.verdict.level is level
        assert ("more than 1 mm" in "".join(concluded.verdict.reasons)) is (level is Level.WARN)


def test_what_is_not_known_stays_unknown_however_far_it_is_off() -> None:
    concluded = concluded_probe(1.5, 1.7, resolution=0.1)
    assert concluded.verdict.level is Level.UNKNOWN
    reasons = "".join(concluded.verdict.reasons)
    assert "more than 1 mm" in reasons
    assert "triggers below the nozzle tip" in reasons


@pytest.mark.parametrize(("resolution", "saves"), [(0.002, True), (0.1, False)])
def test_what_is_not_known_well_enough_is_a_line_to_edit_and_not_saved(
    resolution: float, saves: bool
) -> None:
    for concluded in (
        concluded_probe(1.5, 0.2, resolution=resolution),
        concluded_endstop(0.2, resolution=resolution),
    ):
        (change,) = concluded.changes
        assert change.saves is saves


def test_a_probe_that_triggers_below_the_nozzle_is_reported() -> None:
    below = concluded_probe(0.5, 0.6, probe=ProbeConfig("probe", "probe", y_offset=25.0, z_offset=-0.1))
    assert below.verdict.level is Level.WARN
    assert "not positive" in below.text
    assert "not positive" not in concluded_probe(0.7, 0.6).text
    assert concluded_endstop(0.5).verdict.level is Level.PASS, (
        "an endstop may stand at either side of the bed"
    )


def test_where_the_nozzle_is_the_probe_it_triggers_below_the_contact() -> None:
    pressed = concluded_probe(-0.7, 0.1, probe=ProbeConfig("probe", "probe", z_offset=-0.8))
    assert pressed.verdict.level is Level.PASS
    assert "not positive" not in pressed.text
    (change,) = concluded_probe(-0.7, 0.0, probe=ProbeConfig("probe", "probe", z_offset=-0.8)).changes
    assert change.new == "-0.700"


def test_what_klipper_would_not_start_with_is_not_proposed() -> None:
    concluded = concluded_probe(
        2.1, 2.2, probe=ProbeConfig("bltouch", "bltouch", y_offset=25.0, z_offset=0.5)
    )
    assert concluded.changes == []
    assert concluded.verdict.level is Level.FAIL
    assert "would not start" in concluded.verdict.reasons[0]
    assert "repeat the paper test" in concluded.text
    (change,) = concluded_probe(2.1, 2.1, probe=ProbeConfig("bltouch", "bltouch", z_offset=0.5)).changes
    assert change.new == "0.000"


@pytest.mark.parametrize(
    ("trigger", "words"), [(1.505, "within measurement error"), (1.6, "statistically significant")]
)
def test_a_difference_is_compared_with_the_interval(trigger: float, words: str) -> None:
    assert words in concluded_probe(trigger, 0.0).verdict.reasons[1]


def test_what_a_new_z_offset_invalidates_and_what_invalidates_it() -> None:
    """Klipper docs, Probe_Calibrate: bed meshes; bed screws and the commands that level."""
    levelled = {**BY_PROBE, "bed_mesh": {}, "z_tilt": {}}
    concluded = concluded_probe(1.6, 0.0, settings=levelled)
    assert "BED_MESH_CALIBRATE" in concluded.text
    assert "(the bed's screws, Z_TILT_ADJUST)" in concluded.text
    unchanged = concluded_probe(1.5, 0.0, settings=levelled)
    assert "BED_MESH_CALIBRATE" not in unchanged.text
    plain = concluded_probe(1.6, 0.0)
    assert "(the bed's screws)" in plain.text
    assert "BED_MESH_CALIBRATE" not in plain.text
    right_at_the_nozzle = ProbeConfig("probe", "probe", z_offset=1.5)
    assert "screws" not in concluded_probe(1.6, 0.0, settings=levelled, probe=right_at_the_nozzle).text


def test_the_scatter_of_paper_tests_is_assumed_after_one_and_measured_after_more() -> None:
    assert "--repeats 3" in concluded_probe(1.5, 0.0).text
    assert "paper tests varied by" in concluded_probe(1.5, 0.0, 0.01, -0.01).text
    assert "paper tests varied by" in concluded_endstop(0.0, 0.02).text


MODEL = ScanModel("cartographer scan_model default", "z_offset", -0.02, 2.0)
SCANNER = ProbeConfig("cartographer", "scanner", y_offset=21.0)


@pytest.mark.parametrize(
    ("trigger", "drags_at", "offset"),
    [
        (2.0, 0.1, -0.02),  # as it should be
        (2.0, 0.18, -0.1),  # the nozzle meets the bed 80 µm too early
        (1.98, 0.08, -0.02),  # homed 20 µm too high: of no importance
    ],
)
def test_the_offset_of_a_scanners_model(trigger: float, drags_at: float, offset: float) -> None:
    state = PrinterState(settings={"stepper_z": {"endstop_pin": "probe:z_virtual_endstop"}})
    found = Conclusion(
        probe_conclusion(
            state, SCANNER, samples(trigger + STEP / 2), papers(drags_at, drags_at), STEP, model=MODEL
        )
    )
    assert found.estimates["z_offset"].value == pytest.approx(offset, abs=1e-9)
    assert found.estimates["z_offset"].components["paper"] > 0.0
    if offset == MODEL.offset:
        assert found.changes == []
        return
    [change] = found.changes
    assert (change.section, change.option, change.old, change.new) == (
        MODEL.section,
        "z_offset",
        "-0.020",
        "-0.100",
    )
    assert change.saves
    assert "80 µm farther from the bed" in change.effect


def test_the_offset_of_a_beacons_model_moves_the_other_way() -> None:
    state = PrinterState(settings={"stepper_z": {"endstop_pin": "probe:z_virtual_endstop"}})
    model = ScanModel("beacon model default", "model_offset", 0.01, 2.0, sign=-1, console_shift=2.0)
    found = Conclusion(
        probe_conclusion(state, SCANNER, samples(2.0 + STEP / 2), papers(0.18, 0.18), STEP, model=model)
    )
    offset = found.estimates["z_offset"]
    assert offset.value == pytest.approx(0.09, abs=1e-9)
    assert offset.low is not None and offset.high is not None
    assert offset.low < 0.09 < offset.high
    [change] = found.changes
    assert (change.option, change.old, change.new) == ("model_offset", "0.010", "0.090")
    assert "80 µm farther from the bed" in change.effect


FIRST_OFF = [1.6 - 0.030, *(1.6 + STEP * (n % 3 - 1) for n in range(9))]


@pytest.mark.parametrize(("settings", "homes"), [(OWN_ENDSTOP, False), (BY_PROBE, True)])
def test_a_first_sample_that_is_named_is_left_out(settings: dict[str, Any], homes: bool) -> None:
    state = PrinterState(settings=settings)
    found = Conclusion(probe_conclusion(state, BESIDE, FIRST_OFF, papers(0.1, 0.1), STEP))
    assert found.estimates["first_sample_shift"].value == pytest.approx(-0.030, abs=0.003)
    assert found.estimates["z_offset"].value == pytest.approx(1.5 if homes else 1.5 + STEP / 2, abs=0.0005)
    (reason,) = (reason for reason in found.verdict.reasons if "first sample at this point" in reason)
    assert "is not in z_offset" in reason and "of a mesh" in reason
    assert ("homing ends" in reason) is homes
    without = Conclusion(probe_conclusion(state, BESIDE, FIRST_OFF[1:], papers(0.1, 0.1), STEP))
    assert "first_sample_shift" not in without.estimates
