"""The probing methods of scanners: which a printer has, and that another one is refused by its name."""

import pytest

from zcal_tui.printer.probe_methods import METHODS, NoSuchMethod, method_of, methods_of
from zcal_tui.printer.state import PrinterState


def printer(section: str, **options: object) -> PrinterState:
    return PrinterState(settings={section: {"x_offset": 0.0, "y_offset": 20.0, **options}})


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("cartographer", {"scan", "touch"}),
        ("beacon", {"proximity", "contact"}),
        ("probe_eddy_current btt", {"scan", "tap"}),
        ("bltouch", set()),
    ],
)
def test_each_probe_has_its_methods_and_refuses_the_others_by_name(section: str, names: set[str]) -> None:
    state = printer(section, tap_threshold=10.0)
    assert {method.name for method in methods_of(state)} == names
    for name in METHODS:
        if name in names:
            assert method_of(state, name).name == name
        else:
            with pytest.raises(NoSuchMethod, match=name) as raised:
                method_of(state, name)
            assert f"[{section}]" in raised.value.what
            assert all(known in raised.value.cause for known in names)


def test_tap_needs_its_threshold() -> None:
    with pytest.raises(NoSuchMethod) as raised:
        method_of(printer("probe_eddy_current btt"), "tap")
    assert "tap_threshold" in raised.value.cause


def test_a_method_needs_its_command() -> None:
    state = PrinterState(settings={"cartographer": {}}, commands=frozenset({"PROBE_ACCURACY"}))
    assert method_of(state, "scan").series
    with pytest.raises(NoSuchMethod) as raised:
        method_of(state, "touch")
    assert "CARTOGRAPHER_TOUCH_PROBE" in raised.value.cause
