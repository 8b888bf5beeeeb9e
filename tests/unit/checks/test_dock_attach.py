"""Which macros fetch a docked probe."""

from collections.abc import Mapping

import pytest

from zcal_tui.checks.dock.attach import dock_macros, stow_macros
from zcal_tui.checks.dock.known_macros import candidates
from zcal_tui.checks.dock.probe_switch import ProbeSwitch
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.sampler import reads_triggered
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
        (("pick_probe", "drop_probe"), ("PICK_PROBE", "DROP_PROBE")),
        (("take_klicky", "leave_klicky"), ("TAKE_KLICKY", "LEAVE_KLICKY")),
        (("_equip_probe", "_unequip_probe"), ("_EQUIP_PROBE", "_UNEQUIP_PROBE")),
        (("probe_extend", "probe_retract"), ("PROBE_EXTEND", "PROBE_RETRACT")),
        (("btt_microprobe_deploy", "btt_microprobe_stow"), ("BTT_MICROPROBE_DEPLOY", "BTT_MICROPROBE_STOW")),
        (("attachmagprobe", "removemagprobe"), ("ATTACHMAGPROBE", "REMOVEMAGPROBE")),
        (("get_zprobe", "put_zprobe"), ("GET_ZPROBE", "PUT_ZPROBE")),
        (("probe_down", "probe_up"), None),
        (("take_probe", "equip_probe", "leave_probe"), None),
        (("grab_probe", "fetch_probe", "dock_probe"), None),
        (("probe_accuracy_test", "dock_lights"), None),
        (("undock_euclid",), None),
    ],
)
def test_usual_names(names: tuple[str, ...], expected: tuple[str, str] | None) -> None:
    assert dock_macros(state(PROBE, macros(*names)), "auto", "auto") == expected


PLACEHOLDERS = [
    "",
    "; Marlin's\n# not used here",
    'RESPOND MSG="M401 is not used"\nM117 ready',
    '{action_respond_info("not used")}',
    "{% if True %}\n  _SAY\n{% endif %}",
]


@pytest.mark.parametrize("gcode", PLACEHOLDERS)
def test_macros_that_do_nothing_are_no_dock(gcode: str) -> None:
    own: Sections = {
        "gcode_macro m401": {"gcode": gcode},
        "gcode_macro m402": {"gcode": gcode},
        "gcode_macro _say": {"gcode": "RESPOND MSG=x"},
    }
    assert dock_macros(state(PROBE, own), "auto", "auto") is None
    with pytest.raises(CheckRefused, match="M401 does not attach the probe") as refused:
        dock_macros(state(PROBE, own), "m401", "m402")
    assert "placeholders" in refused.value.cause
    assert "M401" not in candidates({**own})
    other: Sections = {
        **own,
        "gcode_macro attach_klicky": {"gcode": "G1 X1"},
        "gcode_macro dock_klicky": {"gcode": ""},
    }
    assert dock_macros(state(PROBE, other), "auto", "auto") is None, "what docks does nothing either"


@pytest.mark.parametrize(
    "gcode",
    ["G1 X1", "_TO_DOCK", '{printer["gcode_macro M401"].command}', "SET_SERVO SERVO=probe ANGLE=90", "M401"],
)
def test_macros_that_may_do_something_are_a_dock(gcode: str) -> None:
    own: Sections = {"gcode_macro m401": {"gcode": gcode}, "gcode_macro m402": {"gcode": gcode}}
    assert dock_macros(state(PROBE, own), "auto", "auto") == ("M401", "M402")


@pytest.mark.parametrize(
    ("product", "names", "expected"),
    [
        (
            "Klicky",
            ("attach_probe", "dock_probe", "attach_probe_lock", "dock_probe_unlock", "_probe_variables"),
            ("ATTACH_PROBE_LOCK", "DOCK_PROBE_UNLOCK"),
        ),
        ("Klicky, older", ("attach_probe", "dock_probe"), ("ATTACH_PROBE", "DOCK_PROBE")),
        ("Euclid", ("m401", "m402", "deploy_probe", "stow_probe"), ("DEPLOY_PROBE", "STOW_PROBE")),
        ("Euclid, codes alone", ("m401", "m402"), ("M401", "M402")),
        (
            "klippain",
            ("activate_probe", "deactivate_probe", "_exit_point"),
            ("ACTIVATE_PROBE", "DEACTIVATE_PROBE"),
        ),
        ("Annex", ("attach_probe", "detach_probe"), ("ATTACH_PROBE", "DETACH_PROBE")),
        ("Quickdraw", ("quickdraw_attach", "quickdraw_dock"), ("QUICKDRAW_ATTACH", "QUICKDRAW_DOCK")),
        ("Quickdraw, by verb", ("grab_quickdraw", "park_quickdraw"), ("GRAB_QUICKDRAW", "PARK_QUICKDRAW")),
    ],
)
def test_each_products_names_are_known(
    product: str, names: tuple[str, ...], expected: tuple[str, str]
) -> None:
    assert dock_macros(state(PROBE, macros(*names)), "auto", "auto") == expected, product


@pytest.mark.parametrize("section", ["dockable_probe", "annexed_probe"])
def test_a_dock_of_klippers_own_needs_no_macro(section: str) -> None:
    own = state({section: {"z_offset": 6.0}}, macros("attach_probe", "dock_probe"))
    assert dock_macros(own, "auto", "auto") is None
    assert stow_macros(own, "auto", "auto") == ("ATTACH_PROBE", "DETACH_PROBE")


@pytest.mark.parametrize(
    ("attach", "detach"), [("DEPLOY_PROBE", "STOW_PROBE"), ("ATTACH_PROBE", "DOCK_PROBE"), ("M401", "M402")]
)
def test_a_triggered_probe_is_never_answered_with_the_pin_first(attach: str, detach: str) -> None:
    fault = ProbeSwitch(attach, detach, before=True, on=True).fault
    assert fault is not None
    assert fault.what == f"The probe reads triggered after {attach}."
    assert fault.cause.index("not picked up") < fault.cause.index("inverted")
    assert fault.remedy.startswith("Check the dock and the macro.")
    assert fault.remedy.index("Only if") < fault.remedy.index("!")
    unread = reads_triggered(ProbeConfig("probe", "probe"))
    assert "Leave the pin as it is" in unread.remedy and "!" not in unread.remedy


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
