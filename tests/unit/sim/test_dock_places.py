"""The dock of a probe that macros fetch and leave: found where a person would find it."""

import pytest

from zcal_tui.klipper_config.configuration import parse_text, read_configuration
from zcal_tui.profile_names import PROFILE_FOLDER
from zcal_tui.sim.dock_places import dock_of
from zcal_tui.sim.profile import load_profile

VARIABLES = """
[gcode_macro Euclid]
variable_dock: [220.0, 117.5, 46]
variable_off: [185, 117.5]
variable_speed: 6000
gcode:
  M117 x
"""
MACROS = """
[gcode_macro DEPLOY_PROBE]
gcode:
  {% set e = printer["gcode_macro Euclid"] %}
  {% if not e.speed %}
  G28
  {% endif %}
  G0 X{e.dock[0] - 20} F{e.speed}
  G0 Y{e.dock[1]}
  G0 X{e.dock[0]}
  G0 X{ e.dock[0] - 20 }
[gcode_macro STOW_PROBE]
gcode:
  _STOW
[gcode_macro _STOW]
gcode:
  {% set x = printer['gcode_macro Euclid'].dock[0]|float %}
  G1 X200 Y117.5 Z{params.Z|default(5)}
  G1 X{x}
  G1 Z3
  G1 X{printer["gcode_macro Euclid"].off[0]}
"""


def test_the_dock_is_found_through_variables_and_called_macros() -> None:
    assert dock_of(parse_text(VARIABLES + MACROS)) == ((220.0, 117.5), (185.0, 117.5))


def test_a_probe_may_be_left_on_the_way_it_was_fetched() -> None:
    fetch = "[gcode_macro M401]\ngcode:\n  G0 X30 Y355\n  G0 X0\n  G0 Y325\n"
    leave = "[gcode_macro M402]\ngcode:\n  G0 X0 Y325\n  G0 Y355\n  G0 X30\n"
    assert dock_of(parse_text(fetch + leave)) == ((0.0, 355.0), (30.0, 355.0))


STARTED = """
[gcode_macro _USER]
variable_probe: {}
gcode:
  {% set dock_at = [0, 355] %}
  {% set away = 30 %}
  {% set places = {'dock'  : {'x': dock_at[0],
                              'y': dock_at[1] - away},
                   'store' : {'x': dock_at[0] + away, 'y': dock_at[1]}} %}
  SET_GCODE_VARIABLE MACRO=_USER VARIABLE=probe VALUE="{places}"
[delayed_gcode _START]
initial_duration: 1
gcode:
  _USER
[gcode_macro ATTACH_PROBE]
gcode:
  _PROBE ACTION=ATTACH
  _PROBE ACTION=CHECK
[gcode_macro DETACH_PROBE]
gcode:
  _PROBE ACTION=DOCK
[gcode_macro _PROBE]
variable_state: 'unknown'
gcode:
  _ACT ACTION={params.ACTION} ID={7}
[gcode_macro _ACT]
gcode:
  {% set action = params.ACTION|default('none')|lower %}
  {% set state = printer['gcode_macro _PROBE'].state %}
  {% if action == 'attach' and state == 'docked' %} _ATTACH {% endif %}
  {% if action == 'dock' and state == 'attached' %} _DOCK {% endif %}
[gcode_macro _ATTACH]
gcode:
  {% set user = printer['gcode_macro _USER'] %}
  G0 X{user.probe.store.x} Y{user.probe.store.y}
  G0 X{user.probe.dock.x}
  G0 Y{user.probe.dock.y}
[gcode_macro _DOCK]
gcode:
  {% set user = printer['gcode_macro _USER'] %}
  G0 X{user.probe.dock.x} Y{user.probe.dock.y}
  G0 Y{user.probe.store.y}
  G0 X{user.probe.store.x}
"""


def test_values_that_klippys_start_sets_and_calls_with_parameters_are_followed() -> None:
    assert dock_of(parse_text(STARTED)) == ((0.0, 355.0), (30.0, 355.0))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("initial_duration: 1", "initial_duration: 0.0"),  # it never runs by itself
        ("[delayed_gcode _START]", "[gcode_macro _START]"),
        ("action == 'dock' and", "action == 'leave' and"),  # no call gives that
    ],
)
def test_what_does_not_run_is_not_followed(old: str, new: str) -> None:
    assert dock_of(parse_text(STARTED.replace(old, new))) is None


@pytest.mark.parametrize("name", ["voron", "euclid"])
def test_it_is_the_dock_of_the_profiles_that_have_one(name: str) -> None:
    configuration = read_configuration(str(PROFILE_FOLDER / name / "printer.cfg"))
    truth = load_profile(name).truth.dock
    assert dock_of(configuration) == ((truth.x, truth.y), (truth.detach_x, truth.detach_y))


@pytest.mark.parametrize(
    "text",
    [
        "",
        MACROS,  # without the values
        VARIABLES,
        VARIABLES + MACROS.replace("G1 X{printer", "M117 X{printer"),  # it never leaves the dock
        VARIABLES + MACROS.replace("STOW_PROBE", "STOW"),
        "[gcode_macro M401]\ngcode:\n  M401\n[gcode_macro M402]\ngcode:\n  M401\n",  # calls itself
        "[gcode_macro M401]\ngcode:\n  G1 X{1/0} Y{(}\n[gcode_macro M402]\ngcode:\n  G1 X{().__class__} Y{[][1]}\n",
    ],
)
def test_no_dock_is_guessed(text: str) -> None:
    assert dock_of(parse_text(text)) is None
