"""What the numbers of the check `auto-z` mean: thresholds, words, changes."""

from dataclasses import replace

import pytest

from zcal_tui.checks.auto_z.advice import configuration, rough_z_offset
from zcal_tui.checks.auto_z.analysis import Repeats, moved_since, samples_of
from zcal_tui.checks.auto_z.calibrate import Attempt, fault_of, site_of
from zcal_tui.checks.auto_z.verdict import (
    AutoZFinding,
    Tuned,
    endstop_advice,
    of_fault,
    of_location,
    of_repeats,
    of_tuning,
    of_wiring,
    tuning_advice,
    verdict_of,
)
from zcal_tui.checks.auto_z.wiring import SwitchWiring
from zcal_tui.model.record import Estimate, Level, Record
from zcal_tui.printer.config_view import ProbeConfig, ZRail
from zcal_tui.printer.z_calibration import AutomaticOffset, Height, ZCalibrationSection
from zcal_tui.stats.intervals import Interval

SECTION = ZCalibrationSection(0.5, (-1.0, 1.0), (206, 256), (206, 232), (125, 125), (125, 125), True, 3, True)
PROBE = ProbeConfig("probe", "probe", y_offset=19.75, z_offset=6.4, samples=3, samples_result="median")
STEP = 0.00125


def calibration(offset: float = -0.09, *, switch: float = 6.4525, spread: float = 0.00125) -> AutomaticOffset:
    def height(value: float) -> Height:
        return Height(value, (value - spread, value, value + spread))

    return AutomaticOffset(offset, 0.5, height(0.5), height(switch), height(offset + switch))


def repeats(*offsets: float) -> Repeats:
    found = Repeats(STEP)
    found.found.extend(calibration(offset) for offset in offsets)
    return found


def test_good_repeats_pass_and_say_what_the_limits_are() -> None:
    findings = list(of_repeats(repeats(-0.090, -0.0912, -0.0905), SECTION))
    assert {finding.level for finding in findings} == {Level.PASS}
    assert "Limit: 25 µm (Klipper docs, Bed_Level)." in findings[0].text
    assert "offset_margins" in findings[1].text


def test_wide_repeats_warn() -> None:
    first, *_ = of_repeats(repeats(-0.090, -0.130, -0.100), SECTION)
    assert first.level is Level.WARN


def test_a_single_run_with_single_samples_decides_nothing() -> None:
    found = Repeats(STEP)
    found.found.append(AutomaticOffset(-0.1, 0.5, Height(0.5), Height(6.4), Height(6.3)))
    first, *_ = of_repeats(found, SECTION)
    assert first.level is Level.UNKNOWN
    assert found.estimates()["offset"].low is None


def test_a_drift_from_run_to_run_warns_and_names_the_height() -> None:
    findings = list(of_repeats(repeats(-0.09, -0.10, -0.11, -0.12), SECTION))
    worst = verdict_of(findings, "good")
    assert worst.level is Level.WARN
    assert any("drifts by −10 µm from run to run" in reason for reason in worst.reasons)
    assert any("The probe on the bed drifts" in reason for reason in worst.reasons)
    assert not any("nozzle on the endstop drifts" in reason for reason in worst.reasons)


def test_the_worst_finding_decides_and_comes_first() -> None:
    verdict = verdict_of(
        [
            AutoZFinding(Level.PASS, "a"),
            AutoZFinding(Level.FAIL, "b", "B is bad."),
            AutoZFinding(Level.WARN, "c"),
        ],
        "good",
    )
    assert (verdict.level, verdict.summary) == (Level.FAIL, "B is bad.")
    assert verdict.reasons[:-1] == ("b", "c", "a")
    assert verdict_of([AutoZFinding(Level.PASS, "a")], "good").summary == "good"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("CALIBRATE_Z: offset 1.285 is outside the configured range of min=-1.0 and max=1.0", "margins"),
        ("Offset 1.285 is outside the configured range of min=-1.0 and max=1.0", "margins"),
        ("CALIBRATE_Z: offset is greater than allowed: offset=1.2 > max_deviation=1.0", "margins"),
        ("CALIBRATE_Z: probe switch not closed - probe not attached?", "probe"),
        ("Probe switch not closed - Probe not attached?", "probe"),
        ("The probe was not picked up. Is it in its dock?", "probe"),
        ("Probe attach failed!", "probe"),
        ("CALIBRATE_Z: probe samples exceed tolerance", "scatter"),
        ("Move out of range: 206.000 300.000 5.000", None),
    ],
)
def test_the_faults_of_every_plugins_wording(text: str, fault: str | None) -> None:
    assert fault_of(text) == fault


def test_an_offset_outside_the_margins_names_the_height_that_moved() -> None:
    old = Record("1", "auto-z", {}, "t", samples=tuple(samples_of(calibration(), 1, 1, 0.0, PLACES, {})))
    moved = moved_since(old, {"nozzle": 0.5, "switch": 5.07, "bed": 6.3625, "switch_offset": 0.5})
    text = "CALIBRATE_Z: offset 1.285 is outside the configured range of min=-1.000 and max=1.000"
    finding = of_fault(Attempt(None, "margins", text), SECTION, moved)
    assert finding.level is Level.FAIL
    assert "The switch body on the endstop changed the offset by +1.3825 mm" in finding.text
    assert "actuator" in finding.text
    assert "-1 to 1 mm" in finding.summary


def test_an_offset_outside_max_deviation_names_that_option() -> None:
    narrow = replace(SECTION, margins=(-0.02, 0.02), margins_option="max_deviation")
    text = "CALIBRATE_Z: offset is greater than allowed: offset=-0.095 > max_deviation=0.020"
    finding = of_fault(Attempt(None, "margins", text), narrow, ())
    assert finding.summary == "Not usable: the offset is outside max_deviation (-0.02 to 0.02 mm)."


@pytest.mark.parametrize(
    ("text", "site"),
    [
        (
            "CALIBRATE_Z: probe samples exceed tolerance at the nozzle on the endstop: they differ by 30 µm",
            "nozzle",
        ),
        (
            "CALIBRATE_Z: probe samples exceed tolerance at the switch body on the endstop: they differ",
            "switch",
        ),
        ("CALIBRATE_Z: probe samples exceed tolerance at the probe on the bed: they differ by 30 µm", "bed"),
        ("Probe samples exceed tolerance", ""),
    ],
)
def test_the_site_of_samples_that_differ_too_much(text: str, site: str) -> None:
    assert fault_of(text) == "scatter"
    assert site_of(text) == site
    finding = of_fault(Attempt(None, "scatter", text, site), SECTION, ())
    assert finding.level is Level.FAIL
    words = {"nozzle": "the nozzle on the", "switch": "the switch body on", "bed": "the probe on the bed"}
    assert words.get(site, "one height") in finding.summary


def with_first(shift: float) -> Repeats:
    """Three repeats whose first sample of the bed is shifted."""
    found = Repeats(STEP)
    for offset in (-0.090, -0.0912, -0.0905):
        made = calibration(offset)
        low, middle, high = made.bed.samples
        found.found.append(replace(made, bed=Height(made.bed.value, (middle + shift, low, high))))
    return found


def test_a_first_sample_that_differs_in_every_run_is_named() -> None:
    worst = verdict_of(list(of_repeats(with_first(-0.010), SECTION)), "good")
    assert worst.level is Level.WARN
    assert "the probe on the bed" in worst.summary
    assert any("first sample of the probe on the bed is −10 µm off" in reason for reason in worst.reasons)
    assert verdict_of(list(of_repeats(with_first(0.0), SECTION)), "good").level is Level.PASS


def test_location_bias_is_named_where_it_is_missing_and_where_it_is_large() -> None:
    missing = of_location(None)
    assert missing.level is Level.PASS and "was not measured" in missing.text
    for low, level in ((0.010, Level.PASS), (0.030, Level.WARN)):
        spread = Estimate("spread", low + 0.005, low, low + 0.010)
        found = of_location(Record("1", "bias", {}, "t", estimates={"spread": spread}))
        assert found.level is level and "over the bed" in found.text


def test_the_offset_is_corrected_by_the_half_step_that_does_not_cancel() -> None:
    found = repeats(-0.090, -0.0912, -0.0905)
    applied = found.mean("offset")
    assert applied is not None
    assert found.estimates()["offset"].value == pytest.approx(applied.mean.value + STEP / 2)


PLACES = {"nozzle": (206.0, 256.0), "switch": (206.0, 232.0), "bed": (125.0, 105.0)}


def test_the_samples_contain_every_trigger_and_the_heights() -> None:
    samples = samples_of(calibration(), 2, 11, 5.0, PLACES, {"position_endstop": 0.5})
    assert [sample.n for sample in samples] == list(range(11, 21))
    assert {sample.round for sample in samples} == {2}
    assert samples[-1].kind == "offset"
    assert samples[-1].trigger_z == -0.09
    assert samples[-1].values["switch"] == 6.4525
    assert samples[-1].values["position_endstop"] == 0.5
    assert moved_since(None, samples[-1].values) == ()


def test_wiring_that_hides_a_missing_probe_fails() -> None:
    assert of_wiring(SwitchWiring(False, "It reads open."), "").level is Level.FAIL
    assert of_wiring(SwitchWiring(None, "Not known."), "the pin read open").level is Level.WARN
    assert of_wiring(SwitchWiring(True, "Works."), "").level is Level.PASS


def tuned(value: float, used: float = 0.5, command: float | None = None, half: float = 0.018) -> Tuned:
    interval = Interval(value, value - half, value + half, 0.95)
    return Tuned(used, 0.5, interval, value - 0.1, command, "Z 0.", tests=2)


@pytest.mark.parametrize(
    ("value", "level", "words"),
    [
        (0.501, Level.PASS, "closer to the bed"),
        (0.52, Level.UNKNOWN, "--papers 3"),
        (0.54, Level.UNKNOWN, "--papers 3"),
        (0.44, Level.WARN, "farther from the bed"),
        (0.32, Level.FAIL, "farther from the bed"),
        (0.70, Level.FAIL, "closer to the bed"),
        (-0.05, Level.FAIL, "cannot be zero or negative"),
    ],
)
def test_how_far_switch_offset_is_off(value: float, level: Level, words: str) -> None:
    finding = of_tuning(tuned(value))
    assert finding.level is level
    assert words in finding.text


def test_a_wide_interval_never_passes() -> None:
    assert of_tuning(tuned(0.5, half=0.03)).level is Level.UNKNOWN
    _, (change,) = tuning_advice(tuned(0.55, half=0.03))
    assert not change.saves
    fresh = Tuned(0.45, None, Interval(0.52, 0.49, 0.55, 0.95), 0.42, None, "Z 0.", tests=2)
    assert of_tuning(fresh).level is Level.UNKNOWN


def test_a_value_to_begin_with_is_not_held_against_the_printer() -> None:
    fresh = Tuned(0.45, None, Interval(0.52, 0.5, 0.54, 0.95), 0.42, None, "Z 0.")
    assert of_tuning(fresh).level is Level.PASS
    _, (change,) = tuning_advice(fresh)
    assert (change.old, change.new) == (None, "0.520")


def test_the_tuned_value_is_proposed_with_what_it_does() -> None:
    text, (change,) = tuning_advice(tuned(0.53, command=0.43))
    assert (change.section, change.option, change.old, change.new) == (
        "z_calibration",
        "switch_offset",
        "0.5",
        "0.530",
    )
    assert change.saves
    assert change.effect == "the nozzle will be 30 µm closer to the bed"
    assert "CALCULATE_SWITCH_OFFSET agrees" in text
    within, none = tuning_advice(tuned(0.51))
    assert none == ()
    assert "within measurement error. No change is proposed." in within
    disagreeing, _ = tuning_advice(tuned(0.52, command=0.58))
    assert "Do not use its value" in disagreeing
    assert tuning_advice(tuned(-0.01))[1] == ()


def test_a_large_offset_suggests_another_position_endstop() -> None:
    rail = ZRail("stepper_z", "PG10", False, -3.0, 240.0, 0.5)
    assert endstop_advice(rail, -0.15, (-3.0, 240.0)) is None
    suggestion = endstop_advice(rail, -0.3, (-3.0, 240.0))
    assert suggestion is not None
    text, (change,) = suggestion
    assert change.new == "0.800"
    assert not change.saves, "`--save always` must not write what is advised against"
    assert "300 µm closer to" in change.effect
    assert "docks" in text
    assert "into the plate" not in text
    too_low = endstop_advice(rail, 0.3, (-3.0, 240.0))
    assert too_low is not None
    assert "above the Z 0 of homing" in too_low[0]
    assert "into the plate" in too_low[0]
    unreachable = endstop_advice(rail, 4.0, (-3.0, 240.0))
    assert unreachable is not None
    assert unreachable[1] == ()


def test_what_the_configuration_should_have() -> None:
    assert list(configuration(SECTION, PROBE, mesh=True)) == []
    single = ZCalibrationSection(0.5, (-1.0, 1.0), None, None, (100.0, 100.0), (125.0, 125.0), True, 1, True)
    texts = list(configuration(single, PROBE, mesh=True))
    assert "median" in texts[0]
    assert "(100, 100) is not where the mesh is zero (125, 125)" in texts[1]
    unreferenced = ZCalibrationSection(0.5, (-1.0, 1.0), None, None, (100.0, 100.0), None, True, 3, True)
    assert "Set [bed_mesh] zero_reference_position" in next(
        iter(configuration(unreferenced, PROBE, mesh=True))
    )


def test_a_probe_without_offsets_was_not_measured() -> None:
    (text,) = configuration(SECTION, replace(PROBE, y_offset=0.0), mesh=True)
    assert "probe-xy" in text
    assert list(configuration(SECTION, replace(PROBE, x_offset=-2.0, y_offset=0.0), mesh=True)) == []


def test_heights_that_contradict_z_offset_are_named() -> None:
    assert rough_z_offset(calibration(), 0.5, PROBE) is None
    text = rough_z_offset(calibration(switch=5.0), 0.5, PROBE)
    assert text is not None
    assert "actuator" in text
    assert "6.40 mm" in text
