"""Which plugin's backlash command a printer has, and its parameters."""

import pytest

from zcal_tui.printer.backlash_commands import backlash_command
from zcal_tui.printer.state import PrinterState


def state(*sections: str, commands: set[str] | None) -> PrinterState:
    return PrinterState(
        settings={section: {} for section in sections},
        commands=None if commands is None else frozenset(commands),
    )


@pytest.mark.parametrize(
    ("section", "name", "parameters"),
    [
        ("cartographer", "CARTOGRAPHER_ESTIMATE_BACKLASH", {"ITERATIONS": 10, "DELTA": None}),
        ("beacon", "BEACON_ESTIMATE_BACKLASH", {"SAMPLES": 20, "OVERRUN": None}),
        ("scanner", "CARTOGRAPHER_ESTIMATE_BACKLASH", {"SAMPLES": 20, "OVERRUN": None}),
        ("scanner", "IDM_ESTIMATE_BACKLASH", {"SAMPLES": 20, "OVERRUN": None}),
        ("scanner", "SCANNER_ESTIMATE_BACKLASH", {"SAMPLES": 20, "OVERRUN": None}),
        ("idm", "IDM_ESTIMATE_BACKLASH", {"SAMPLES": 20, "OVERRUN": None}),
    ],
)
def test_each_has_its_own_parameters(section: str, name: str, parameters: dict[str, float | None]) -> None:
    found = backlash_command(state(section, commands={name}))
    assert found is not None
    assert (found.name, found.section) == (name, section)
    assert found.parameters(10, None) == parameters


def test_the_section_decides_where_klipper_lists_no_commands() -> None:
    found = backlash_command(state("beacon", commands=None))
    assert found is not None and found.name == "BEACON_ESTIMATE_BACKLASH"
    assert backlash_command(state("probe", commands=None)) is None


def test_a_scanner_beside_the_probe_counts() -> None:
    found = backlash_command(state("probe", "cartographer", commands={"CARTOGRAPHER_ESTIMATE_BACKLASH"}))
    assert found is not None and found.section == "cartographer"
    assert backlash_command(state("probe", "cartographer", commands={"PROBE"})) is None
