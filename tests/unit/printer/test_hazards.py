"""Which hazards apply to a printer, and the values that they allow."""

from typing import Any

import pytest

from zcal_tui.printer import hazards
from zcal_tui.printer.hazards import Hazard, hazards_of, minimum, outside
from zcal_tui.printer.state import PrinterState


def state(*sections: str, **changes: Any) -> PrinterState:
    return PrinterState(settings={section: {} for section in sections}, **changes)


@pytest.mark.parametrize(
    ("app", "version", "found"),
    [
        ("Klipper", "v0.13.0-475-gabc", ()),
        ("Klipper", "v0.13.0-476-gabc", (hazards.WRONG_SIGN, hazards.NO_TWIST)),
        ("Klipper", "v0.13.0-503-gabc", (hazards.WRONG_SIGN, hazards.NO_TWIST)),
        ("Klipper", "v0.13.0-504-gabc", (hazards.NO_TWIST,)),
        ("Klipper", "v0.13.0-535-gabc", ()),
        ("Klipper", "v0.12.0-490-gabc", ()),
        ("Klipper", "?", ()),
        ("Kalico", "v2026.07-30", (hazards.ONE_SAMPLE, hazards.BED_POSITION)),
    ],
)
def test_builds_with_known_faults(app: Any, version: str, found: tuple[Hazard, ...]) -> None:
    assert hazards_of(state("probe", app=app, software_version=version)) == found


@pytest.mark.parametrize(
    ("section", "least"), [("probe", 0), ("beacon", 3), ("scanner", 3), ("idm", 3), ("cartographer", 3)]
)
def test_the_samples_of_a_scanner(section: str, least: int) -> None:
    assert minimum(state(section), "PROBE_ACCURACY", "SAMPLES") == least
    assert minimum(state(section, app="Kalico"), "PROBE_ACCURACY", "SAMPLES") == max(2, least)
    assert minimum(state(section), "PROBE", "SAMPLES") == 0


def test_parameters_below_a_minimum() -> None:
    command = "CARTOGRAPHER_ESTIMATE_BACKLASH"
    scanner = state("cartographer", "cartographer scan_model default")
    assert outside(scanner, command, {"ITERATIONS": 1}) is hazards.CARTOGRAPHER_ITERATIONS
    assert outside(scanner, command, {"ITERATIONS": 2, "DELTA": None}) is None
    assert outside(state("probe"), command, {"ITERATIONS": 1}) is None


def test_each_has_a_rule_and_a_source() -> None:
    for hazard in hazards.HAZARDS:
        assert hazard.effect.endswith(".") and hazard.rule.endswith(".") and hazard.source
        assert hazard.parameter or not hazard.minimum
