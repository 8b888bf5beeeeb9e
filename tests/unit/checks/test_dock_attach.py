"""Which macros fetch a docked probe."""

from collections.abc import Mapping

import pytest

from zcal_tui.checks.dock.attach import dock_macros
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.printer.state import PrinterState

Sections = Mapping[str, Mapping[str, object]]
PROBE: Sections = {"probe": {"z_offset": 1.0}}
KLICKY: Sections = {"gcode_macro attach_probe": {}, "gcode_macro detach_probe": {}}
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
