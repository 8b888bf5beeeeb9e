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
