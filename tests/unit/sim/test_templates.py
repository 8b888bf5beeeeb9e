"""Templates of G-code: what klippy cannot load is refused, and nothing else."""

import pytest

from tests.unit.sim.machine_rig import CARTESIAN
from zcal_tui.klipper_config.configuration import parse_text
from zcal_tui.sim.refusals import WiringError
from zcal_tui.sim.strip import strip
from zcal_tui.sim.templates import template_fault
from zcal_tui.sim.wiring import read_wiring


@pytest.mark.parametrize(
    "text",
    [
        "",
        "G28",
        "G1 X{params.X|default(3)|float} Y{printer['gcode_macro A'].y}",
        "{% if a %}G28{% elif b == '}' %}{% else %}{ '{' }{% endif %}",
        "{% set a = {'x': 1, 'y': [2, (3)]} %}{a.x}",
        "SET VALUE=\"{{'restore': restore, 'temp': temp}}\"",
        "{ {} }",
        "{ a[1:] ~ {'x': [1, 2]}['x'][0] ~ ':' }",
        "{% do a.update({b: 1}) %}",
        "{%- for i in range(3) -%}{% if i %}{i}{% else %}x{% endif %}{% else %}none{%- endfor -%}",
        "{% set text %}G28{% endset %}{text}",
        "{% macro m(a) %}{a}{% endmacro %}{m('%}')}",
        "{% raw %}{ { {% endraw %}",
        "{# {% if %} #}",
        'M117 {"don\'t"}',
        r"M117 {'don\'t'} {x}",
    ],
)
def test_sound_templates_pass(text: str) -> None:
    assert template_fault(text) == ""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{{ printer.extruder.target }}", "braces in braces"),
        ("{% if a %}G28", "{% if %} has no {% endif %}"),
        ("G28{% endif %}", "{% endif %} ends no {% if %}"),
        ("{% for a in b %}{% endif %}", "{% endif %} ends no {% if %}"),
        ("{% else %}", "{% else %} is in no {% if %}"),
        ("{% if a }G28{% endif %}", "A {% has no %}"),
        ("G1 X{params.X", "A { has no }"),
        ("{% if a", "A {% has no %}"),
        ("{ }", "nothing between"),
        ("{action_respond_info('in ' + {countdown})}", "braces in braces"),
        ("{a: b}", "a colon"),
        ("{% for row in matrix: %}{% endfor %}", "a colon"),
        ("{% if a %}{% elseif b %}{% endif %}", "There is no {% elseif %}"),
        ("{ a) }", "too many"),
        ("{% raw %}", "has no {% endraw %}"),
    ],
)
def test_faults_are_named(text: str, fault: str) -> None:
    assert fault in template_fault(text)


def test_a_faulty_template_is_refused_and_left_out_with_strip() -> None:
    text = CARTESIAN + "[gcode_macro PROBE_ALL]\ngcode:\n  {% if a %}\n  PROBE\n"
    with pytest.raises(WiringError, match=r"\[gcode_macro PROBE_ALL\] gcode: {% if %} has no {% endif %}"):
        read_wiring(text)
    (left_out,) = strip(parse_text(text)).left_out
    assert left_out.section == "gcode_macro PROBE_ALL"
