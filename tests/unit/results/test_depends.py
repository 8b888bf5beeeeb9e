"""Which checks need a value in effect, so that a full calibration saves it before them."""

import re
from pathlib import Path

import pytest

from zcal_tui.model.check_info import CHECK_INFO
from zcal_tui.results.depends import needs_in_effect

SECTIONS = {
    "x_offset": "bltouch",
    "y_offset": "bltouch",
    "z_offset": "bltouch",
    "position_endstop": "stepper_z",
    "switch_offset": "z_calibration",
    "z_backlash": "zcal",
}
ROW = re.compile(r"^\| (`[^|]*`) \| ([^|]*) \| [^|]* \|$", re.MULTILINE)


def documented() -> dict[str, set[str]]:
    """The table in docs/saving.md: by option, the checks that it is saved before."""
    text = (Path(__file__).parents[3] / "docs" / "saving.md").read_text(encoding="utf-8")
    found = {}
    for options, checks in ROW.findall(text.partition("is saved before")[2]):
        for option in re.findall(r"`(\w+)`", options):
            found[option] = set(re.findall(r"`([\w-]+)`", checks))
    return found


@pytest.mark.parametrize("option", SECTIONS)
def test_the_documented_checks_are_those_that_need_it(option: str) -> None:
    needing = {
        name
        for name, info in CHECK_INFO.items()
        if needs_in_effect(info, SECTIONS[option], option, "bltouch")
    }
    assert documented()[option] == needing


def test_only_the_probes_own_section_is_the_probes() -> None:
    bias = CHECK_INFO["bias"]
    assert needs_in_effect(bias, "probe", "z_offset", "probe")
    assert not needs_in_effect(bias, "smart_effector", "z_offset", "probe")
    assert not needs_in_effect(bias, "probe", "z_offset", None)


@pytest.mark.parametrize(
    ("probe", "section", "option"),
    [
        ("cartographer", "cartographer scan_model default", "z_offset"),
        ("cartographer", "cartographer touch_model warm", "z_offset"),
        ("beacon", "beacon model default", "model_offset"),
    ],
)
def test_the_offset_of_a_scanners_model_is_saved_before_the_first_layer(
    probe: str, section: str, option: str
) -> None:
    needing = {name for name, info in CHECK_INFO.items() if needs_in_effect(info, section, option, probe)}
    assert needing == {"bias", "first-layer"}
    assert not needs_in_effect(CHECK_INFO["first-layer"], section, option, "probe")
    assert not needs_in_effect(CHECK_INFO["first-layer"], section, "coefficients", probe)


def test_every_stepper_and_carriage_is_a_rail() -> None:
    first_layer = CHECK_INFO["first-layer"]
    for section in ("stepper_z", "stepper_a", "carriage z"):
        assert needs_in_effect(first_layer, section, "position_endstop", None)
    assert not needs_in_effect(first_layer, "extruder", "position_endstop", None)
