"""The printer's state in a record, and how homings and levellings are distinguished."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from zcal_tui.printer.state import HeaterState, PrinterState, ProbeState
from zcal_tui.results.context import config_hash, context_facts
from zcal_tui.results.depends import probe_option, probe_or_rail_option, values
from zcal_tui.results.homing_state import HomingState, HomingWatch, restarted_between

SETTINGS: dict[str, dict[str, Any]] = {
    "printer": {"kinematics": "cartesian"},
    "probe": {"z_offset": 1.5, "x_offset": 10.0, "activate_gcode": "G1 " * 200},
    "stepper_z": {"rotation_distance": 8.0, "microsteps": 16, "position_endstop": 0.5},
    "stepper_z1": {"rotation_distance": 8.0, "microsteps": 16},
    "stepper_x": {"microsteps": 16},
    "gcode_macro print_start": {"gcode": "G28"},
    "z_tilt": {"z_positions": [(0.0, 1.0), (2.0, 3.0)]},
}
STATE = PrinterState(
    connected=True,
    klippy="ready",
    starts=1,
    eventtime=100.0,
    print_time=40.0,
    homed_axes="",
    probe=ProbeState("probe"),
    z_tilt_applied=False,
    settings=MappingProxyType(SETTINGS),
    heaters={"extruder": HeaterState(24.0, 0.0)},
)


def test_it_keeps_what_heights_depend_on_and_nothing_else() -> None:
    facts = context_facts(STATE, HomingState(100.0, 60.0))
    assert set(facts["config"]) == {"printer", "probe", "stepper_z", "stepper_z1", "z_tilt"}
    assert facts["probe_section"] == "probe"
    assert facts["config"]["z_tilt"]["z_positions"] == [[0.0, 1.0], [2.0, 3.0]]
    assert facts["temperatures"] == {"extruder": 24.0}
    assert facts["frame"] == {"eventtime": 100.0, "start": 60.0, "homed_at": None, "levelled_at": None}


def test_it_keeps_the_models_of_a_scanner() -> None:
    models = {"cartographer": {"x_offset": 0.0}, "cartographer scan_model default": {"z_offset": -0.083}}
    state = replace(
        STATE, probe=ProbeState("cartographer"), settings=MappingProxyType({**SETTINGS, **models})
    )
    assert context_facts(state)["config"].items() >= models.items()


def test_a_long_text_is_stored_as_a_digest_that_shows_a_change() -> None:
    kept = context_facts(STATE)["config"]["probe"]["activate_gcode"]
    assert kept.startswith("sha256:")
    other = {**SETTINGS, "probe": {**SETTINGS["probe"], "activate_gcode": "G1 " * 201}}
    assert context_facts(replace(STATE, settings=other))["config"]["probe"]["activate_gcode"] != kept


def test_the_hash_is_the_configurations() -> None:
    assert (
        context_facts(STATE)["config_hash"] == context_facts(replace(STATE, homed_axes="xyz"))["config_hash"]
    )
    assert config_hash({"a": {"b": 1}}) != config_hash({"a": {"b": 2}})


def test_options_are_found_in_it() -> None:
    facts = context_facts(STATE)
    assert probe_option(facts, "z_offset") == 1.5
    assert probe_or_rail_option(facts, "position_endstop") == 0.5
    assert probe_or_rail_option(facts, "nothing") is None
    assert values(facts, "accuracy")["[stepper_z1] microsteps"] == 16
    assert values({}, "accuracy") == {}
    assert probe_option({}, "z_offset") is None


def test_homing_and_levelling_are_noted_when_they_are_seen() -> None:
    watch = HomingWatch()
    assert watch.update(STATE) == HomingState(100.0, 60.0)
    homed = replace(STATE, eventtime=110.0, print_time=50.0, homed_axes="xyz")
    assert watch.update(homed).homed_at == 110.0
    levelled = replace(homed, eventtime=120.0, print_time=60.0, z_tilt_applied=True)
    assert watch.update(levelled) == HomingState(120.0, 60.0, 110.0, 120.0)
    again = replace(levelled, eventtime=130.0, print_time=70.0, z_tilt_applied=False)
    watch.update(again)
    assert watch.update(replace(levelled, eventtime=140.0, print_time=80.0)).levelled_at == 140.0


def test_after_a_restart_nothing_is_known_of_before() -> None:
    watch = HomingWatch()
    watch.update(STATE)
    watch.update(replace(STATE, eventtime=110.0, print_time=50.0, homed_axes="xyz"))
    fresh = replace(STATE, starts=2, eventtime=200.0, print_time=5.0, homed_axes="xyz")
    assert watch.update(fresh) == HomingState(200.0, 195.0)


def test_a_restart_shows_in_the_controllers_clock() -> None:
    then = {"eventtime": 100.0, "start": 60.0}
    assert restarted_between(then, {"eventtime": 200.0, "start": 61.0}) is False
    assert restarted_between(then, {"eventtime": 200.0, "start": 195.0}) is True
    assert restarted_between(then, {"eventtime": 1e6, "start": 160.0}) is False  # 100 ppm
    assert restarted_between(then, {"eventtime": 200.0, "start": None}) is None
    assert restarted_between({}, {}) is None
