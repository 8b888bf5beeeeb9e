"""When a result does not hold any more, and that the reason says so."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.fakes import records
from zcal_tui.model.check_info import CHECK_INFO
from zcal_tui.model.check_info.info import HARDWARE_CHANGES, HardwareChange
from zcal_tui.model.record import MEASURE_NOTHING, Change, Outcome, Record
from zcal_tui.results.changes import Changed
from zcal_tui.results.stale import age_note, stale

LATER = "2026-01-20T00:00:00Z"


def now(**more: Any) -> dict[str, Any]:
    """The printer's context much later, with these differences."""
    return records.context(**more)


def reason(record: Record, **more: Any) -> str:
    found = stale(record, (), now(**more))
    assert found is not None
    return found


@pytest.mark.parametrize("record", records.everything(), ids=lambda record: record.check)
def test_nothing_is_stale_while_nothing_changes(record: Record) -> None:
    assert stale(record, records.everything(), now()) is None
    assert stale(record, (), None) is None


@pytest.mark.parametrize("what", list(HARDWARE_CHANGES))
@pytest.mark.parametrize("check", [name for name, info in CHECK_INFO.items() if info.main])
def test_what_a_person_changed_makes_stale_what_depends_on_it(what: HardwareChange, check: str) -> None:
    found = stale(records.record(check), (), None, [Changed(what, LATER)])
    why = CHECK_INFO[check].stale_after.get(what)
    assert (found is None) == (why is None)
    if why is not None and found is not None:
        assert why in found
        assert "2026-01-20" in found


def test_what_klippers_documentation_says_of_the_z_offset() -> None:
    # Klipper docs, Probe_Calibrate: "the printer's motion system, hotend position, or probe location"
    assert {"motion", "hotend", "probe"} <= set(CHECK_INFO["z-offset"].stale_after)


def test_a_change_before_the_run_does_not_count() -> None:
    assert stale(records.z_offset(5), (), None, [Changed("nozzle", "2026-01-04T00:00:00Z")]) is None


@pytest.mark.parametrize("applied", ["z_tilt_applied", "quad_gantry_level_applied"])
def test_levelling_for_the_first_time_makes_the_z_offset_stale(applied: str) -> None:
    before = records.context(z_tilt_applied=False)
    record = records.z_offset(context=before)
    assert "has been levelled" in (stale(record, (), {**before, applied: True}) or "")


def test_levelling_again_after_a_restart_or_while_we_watch() -> None:
    record = records.z_offset()
    assert "levelled again" in reason(record, start=5000.0, eventtime=6000.0)
    again = {"eventtime": 2000.0, "start": 10.0, "homed_at": None, "levelled_at": 1500.0}
    assert "levelled again" in reason(record, frame=again)
    same = {**again, "levelled_at": 900.0}  # before the run began
    assert stale(record, (), now(frame=same)) is None


@pytest.mark.parametrize(
    ("z_tilt", "holds"),
    [
        # 2 * 7.5 µm * 20 mm / 190 mm = 1.6 µm
        ({"retries": 5, "retry_tolerance": 0.0075, "points": [[30, 5], [125, 195], [220, 5]]}, True),
        ({"retries": 5, "retry_tolerance": 0.05, "points": [[30, 5], [125, 195], [220, 5]]}, False),
        ({"retries": 0, "retry_tolerance": 0.0075, "points": [[30, 5], [125, 195], [220, 5]]}, False),
        ({"retries": 5, "retry_tolerance": 0.0075, "points": [[30, 5], [220, 5]]}, False),
        ({"retries": 5, "retry_tolerance": 0.0075, "points": "odd"}, False),
    ],
)
def test_levelling_again_to_a_tolerance_changes_no_more_than_that(
    z_tilt: dict[str, Any], holds: bool
) -> None:
    config = {"z_tilt": z_tilt}
    record = records.z_offset(context=records.context(config))
    found = stale(record, (), now(config=config, start=5000.0, eventtime=6000.0))
    assert (found is None) == holds
    # That it was not level before counts whatever the tolerance
    crooked = records.z_offset(context=records.context(config, z_tilt_applied=False))
    assert "has been levelled" in (stale(crooked, (), now(config=config)) or "")


def test_a_tilt_that_klipper_corrects_itself_counts_as_levelling() -> None:
    """Klipper docs, Probe_Calibrate: DELTA_CALIBRATE "or similar"."""
    tilted = {"bed_tilt": {"x_adjust": 0.001, "y_adjust": 0.0, "z_adjust": 0.1}}
    assert "[bed_tilt] has changed" in reason(records.z_offset(), config=tilted)
    at_nozzle = {"probe": {"x_offset": 0.0, "y_offset": 0.0}}
    record = records.z_offset(context=records.context(at_nozzle))
    assert stale(record, (), now(config={**at_nozzle, **tilted})) is None


def test_clocks_that_drift_apart_are_no_restart() -> None:
    # twelve days at 100 ppm
    assert stale(records.z_offset(), (), now(eventtime=1_038_000.0, start=110.0)) is None


def test_a_levelling_that_a_later_run_saw_counts_too() -> None:
    before = records.context(z_tilt_applied=False)
    found = stale(records.z_offset(1, context=before), [records.accuracy(2)], None)
    assert "has been levelled" in (found or "")


def test_a_probe_at_the_nozzle_does_not_mind_levelling() -> None:
    at_nozzle = {"probe": {"x_offset": 0.0, "y_offset": 0.0}}
    record = records.z_offset(context=records.context(at_nozzle, z_tilt_applied=False))
    assert stale(record, (), now(config=at_nozzle)) is None


def test_levelling_does_not_touch_the_repeatability() -> None:
    record = records.accuracy(context=records.context(z_tilt_applied=False))
    assert stale(record, (), now()) is None


@pytest.mark.parametrize(
    ("record", "config", "named"),
    [
        (records.accuracy(), {"probe": {"speed": 2.0}}, "[probe] speed"),
        (records.z_offset(), {"probe": {"samples": 5}}, "[probe] samples"),
        (records.z_offset(), {"stepper_a": {"angle": 209.9}}, "[stepper_a] angle"),
        (records.z_offset(), {"printer": {"delta_radius": 140.2}}, "[printer] delta_radius"),
        (records.bias(), {"axis_twist_compensation": {"z_compensations": [0.1]}}, "axis_twist_compensation"),
        (records.temperature(), {"z_thermal_adjust": {"temp_coeff": 0.01}}, "z_thermal_adjust"),
        (records.backlash(), {"stepper_z1": {"microsteps": 32}}, "[stepper_z1] microsteps"),
        (records.auto_z(), {"z_calibration": {"switch_offset": 0.6}}, "switch_offset"),
        (records.auto_z(), {"stepper_z": {"position_endstop": 0.6}}, "position_endstop"),
        (records.first_layer(), {"probe": {"z_offset": 6.5}}, "[probe] z_offset"),
    ],
    ids=lambda value: value.check if isinstance(value, Record) else None,
)
def test_a_config_value_that_matters_is_named(record: Record, config: Any, named: str) -> None:
    assert named in reason(record, config=config)


@pytest.mark.parametrize(
    "record", [records.accuracy(), records.bias(), records.temperature()], ids=lambda r: r.check
)
def test_a_new_z_offset_leaves_differences_alone(record: Record) -> None:
    assert stale(record, (), now(config={"probe": {"z_offset": 6.5}})) is None


def test_samples_do_not_matter_to_a_series_of_single_touches() -> None:
    assert stale(records.accuracy(), (), now(config={"probe": {"samples": 5}})) is None


def test_a_value_that_was_changed_back_is_no_change() -> None:
    between = records.accuracy(3, context=records.context({"probe": {"speed": 2.0}}))
    assert stale(records.accuracy(1), [between, records.accuracy(5)], None) is None
    assert "[probe] speed" in (stale(records.accuracy(1), [between], None) or "")


def test_another_klipper_lists_other_defaults() -> None:
    new = now(config={"probe": {"drop_first_result": False}}, software_version="v0.14.0")
    assert stale(records.accuracy(), (), new) is None
    assert "drop_first_result" in reason(records.accuracy(), config={"probe": {"drop_first_result": True}})


def test_its_own_value_saved_is_no_change_and_another_one_is() -> None:
    assert stale(records.z_offset(value=6.371), (), now(config={"probe": {"z_offset": 6.371}})) is None
    assert "6.5" in reason(records.z_offset(value=6.371), config={"probe": {"z_offset": 6.5}})
    assert "y_offset" in reason(records.probe_xy(), config={"probe": {"y_offset": 25.0}})


def test_an_endstops_own_value() -> None:
    endstop = records.record(
        "z-offset", estimates=records.estimates(records.estimate("position_endstop", 0.52))
    )
    assert stale(endstop, (), now(config={"stepper_z": {"position_endstop": 0.52}})) is None
    assert "position_endstop" in reason(endstop, config={"stepper_z": {"position_endstop": 0.7}})


MODEL = "cartographer scan_model default"


def scanner(offset: float) -> dict[str, Any]:
    return {
        "probe_section": "cartographer",
        "config": {"cartographer": {"x_offset": 0.0}, MODEL: {"z_offset": offset}},
    }


def test_a_first_layer_does_not_outlive_the_offset_of_a_scanners_model() -> None:
    tested = records.record("first-layer", context=records.context(**scanner(-0.083)))
    assert stale(tested, (), now(**scanner(-0.083))) is None
    assert f"[{MODEL}] z_offset was changed" in reason(tested, **scanner(-0.010))


def test_the_offset_of_a_scanners_model_that_was_found_is_valid_and_another_one_is_not() -> None:
    change = Change(MODEL, "z_offset", "0.000", "-0.083", "saved", saves=True, effect="83 µm farther")
    found = records.record("z-offset", context=records.context(**scanner(0.0)), changes=(change,))
    assert stale(found, (), now(**scanner(-0.083))) is None
    assert stale(found, (), now(**scanner(0.0))) is None
    assert "neither the value this run found" in reason(found, **scanner(-0.2))


def test_another_tool_of_a_toolchanger_is_named() -> None:
    def tool(name: str) -> dict[str, Any]:
        probes = {"tool_probe t0": {"z_offset": 1.9}, "tool_probe t1": {"z_offset": 1.7}}
        return {"probe_section": name, "config": probes}

    found = records.record("z-offset", context=records.context(**tool("tool_probe t1")))
    assert reason(found, **tool("tool_probe t0")) == (
        "the active tool's probe is [tool_probe t0] now, not [tool_probe t1]"
    )
    assert reason(found, **scanner(0.0)) == "another probe is configured now"


def test_a_mesh_is_invalid_after_a_new_z_offset() -> None:
    ready = records.record("ready", context=records.context(bed_mesh="default"))
    found = stale(ready, (), now(config={"probe": {"z_offset": 6.5}}, bed_mesh="default"))
    assert "BED_MESH_CALIBRATE" in (found or "")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"config": {"probe": {"speed": 2.0}}}, "printer.cfg was changed"),
        ({"homed_axes": "xy"}, "no longer homed"),
        ({"bed_mesh": "hot"}, "another bed mesh"),
        ({"start": 9000.0, "eventtime": 9100.0}, "restarted"),
    ],
)
def test_ready_is_about_the_moment(more: dict[str, Any], said: str) -> None:
    assert said in reason(records.record("ready"), **more)


def test_an_offset_at_run_time_is_lost_with_a_restart() -> None:
    assert "CALIBRATE_Z" in reason(records.auto_z(), start=9000.0, eventtime=9100.0)


def test_the_first_layer_is_valid_only_under_its_offset() -> None:
    assert "now +50 µm" in reason(records.first_layer(), gcode_offset=[0, 0, 0.05])


def test_klippers_frame_matters_where_the_axis_twist_is_in_it() -> None:
    twist = records.context({"axis_twist_compensation": {"calibrate_y": 1}})
    old = records.z_offset(1, version="v0.13.0-400-gaaaaaaaaa", context=twist)
    new = records.accuracy(2, context=twist)
    assert "axis twist" in (stale(old, [new], None) or "")
    plain_old = records.z_offset(1, version="v0.13.0-400-gaaaaaaaaa")
    assert stale(plain_old, [records.accuracy(2)], None) is None


def test_age_is_said_and_makes_nothing_stale() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    assert age_note(records.accuracy(1), at) == "8 weeks old"
    assert age_note(records.accuracy(1), datetime(2026, 1, 10, tzinfo=UTC)) is None
    assert age_note(replace(records.accuracy(1), finished="whenever"), at) is None


def test_a_run_without_a_result_has_nothing_to_go_stale() -> None:
    record = records.z_offset(outcome=Outcome.CANCELLED)
    assert stale(record, (), None, [Changed("probe", LATER)]) is None


def test_a_result_of_an_unknown_check_is_stale() -> None:
    found = stale(replace(records.accuracy(), check="of-a-newer-version"), (), now())
    assert found is not None and "of-a-newer-version" in found


@pytest.mark.parametrize("check", sorted(MEASURE_NOTHING))
def test_a_run_that_measures_nothing_is_never_stale(check: str) -> None:
    assert stale(records.record(check), (), now(config={"probe": {"z_offset": 9.0}})) is None
