"""Which macros fetch a docked probe."""

from collections.abc import Mapping

import pytest

from zcal_tui.checks.dock.attach import dock_macros
from zcal_tui.checks.dock.known_macros import candidates
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.printer.state import PrinterState

Sections = Mapping[str, Mapping[str, object]]
PROBE: Sections = {"probe": {"z_offset": 1.0}}
KLICKY: Sections = {"gcode_macro attach_probe": {}, "gcode_macro detach_probe": {}}
HINTED = ("GO_AND_TAKE", "BRING_IT_HOME")
WRAPPED: Sections = {"gcode_macro probe_accuracy": {"rename_existing": "_PROBE_ACCURACY"}}


def state(*parts: Sections) -> PrinterState:
    return PrinterState(settings={name: value for part in parts for name, value in part.items()})


@pytest.mark.parametrize(
    ("settings", "attach", "detach", "expected"),
    [
        ((PROBE, KLICKY), "auto", "auto", ("ATTACH_PROBE", "DETACH_PROBE")),
        ((PROBE,), "auto", "auto", None),
        ((PROBE, KLICKY, WRAPPED), "auto", "auto", None),
        ((PROBE, KLICKY), "none", "auto", None),
        ((PROBE,), "get_it", "put_it", ("GET_IT", "PUT_IT")),
        ((PROBE,), "get_it", "none", ("GET_IT", "")),
        (({"bltouch": {}}, KLICKY), "auto", "auto", None),
        ((KLICKY,), "auto", "auto", None),
    ],
)
def test_the_macros_that_are_used(
    settings: tuple[Sections, ...],
    attach: str,
    detach: str,
    expected: tuple[str, str] | None,
) -> None:
    assert dock_macros(state(*settings), attach, detach) == expected


@pytest.mark.parametrize("name", ["G1 X1", "M112;", "a\nb", "1x", "é"])
def test_what_is_no_macro_name_never_reaches_the_printer(name: str) -> None:
    with pytest.raises(CheckRefused, match="G-code command"):
        dock_macros(state(PROBE), name, "auto")


def macros(*names: str) -> Sections:
    return {f"gcode_macro {name}": {} for name in names}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("attach_probe", "dock_probe"), ("ATTACH_PROBE", "DOCK_PROBE")),
        (
            ("attach_probe_lock", "dock_probe_unlock", "attach_probe"),
            ("ATTACH_PROBE_LOCK", "DOCK_PROBE_UNLOCK"),
        ),
        (("deploy_probe", "stow_probe", "_probe_deploy"), ("DEPLOY_PROBE", "STOW_PROBE")),
        (("activate_probe", "deactivate_probe"), ("ACTIVATE_PROBE", "DEACTIVATE_PROBE")),
        (("probe_deploy", "probe_stow"), ("PROBE_DEPLOY", "PROBE_STOW")),
        (("undock_euclid", "dock_euclid"), ("UNDOCK_EUCLID", "DOCK_EUCLID")),
        (("_pickup_quickdraw", "_return_quickdraw"), ("_PICKUP_QUICKDRAW", "_RETURN_QUICKDRAW")),
        (("attachklicky", "dockklicky"), ("ATTACHKLICKY", "DOCKKLICKY")),
        (("m401", "m402"), ("M401", "M402")),
        (("grab_probe", "fetch_probe", "dock_probe"), None),
        (("probe_accuracy_test", "dock_lights"), None),
        (("undock_euclid",), None),
    ],
)
def test_usual_names(names: tuple[str, ...], expected: tuple[str, str] | None) -> None:
    assert dock_macros(state(PROBE, macros(*names)), "auto", "auto") == expected


@pytest.mark.parametrize(
    ("scripts", "expected"),
    [
        (
            {"before_switch_gcode": "\nGO_AND_TAKE ACTION=take", "end_gcode": "BRING_IT_HOME\nM400"},
            None,
        ),
        (
            {"before_switch_gcode": "\nGO_AND_TAKE", "end_gcode": "BRING_IT_HOME\nM400"},
            ("GO_AND_TAKE", "BRING_IT_HOME"),
        ),
        ({"start_gcode": "GO_AND_TAKE", "end_gcode": "BRING_IT_HOME"}, ("GO_AND_TAKE", "BRING_IT_HOME")),
        ({"start_gcode": "WIPE", "end_gcode": "BRING_IT_HOME"}, None),
        ({"start_gcode": "GO_AND_TAKE"}, None),
    ],
)
def test_what_z_calibration_runs_is_a_hint(scripts: dict[str, str], expected: tuple[str, str] | None) -> None:
    own: Sections = {
        "gcode_macro go_and_take": {"gcode": "G1 X10\nQUERY_PROBE"},
        "gcode_macro bring_it_home": {"gcode": "G1 X10 ; the dock\n_TO_DOCK"},
        "gcode_macro wipe": {"gcode": "G1 Y300"},
        "z_calibration": scripts,
    }
    assert dock_macros(state(PROBE, own), "auto", "auto") == expected


def test_macros_that_can_be_chosen_are_about_a_probe_first() -> None:
    own: Sections = {
        "gcode_macro abc": {"gcode": "G1"},
        "gcode_macro zz_out": {"gcode": "QUERY_PROBE"},
        "gcode_macro g28": {"rename_existing": "G28.1", "gcode": "PROBE"},
    }
    assert candidates({**PROBE, **own}) == ("ZZ_OUT", "ABC")
