"""The model that a scanner's plugin measures with: which one is in use, and what its offset counts from."""

from typing import Any

import pytest

from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.scan_model import ScanModel, counts_from_contact, scan_model
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.status_reader import digest, subscription

Settings = dict[str, dict[str, Any]]

HOMES_BY_PROBE: Settings = {
    "printer": {"kinematics": "corexy"},
    "stepper_z": {"endstop_pin": "probe:z_virtual_endstop"},
}
MODELS: Settings = {
    "cartographer": {"x_offset": 0.0},
    "cartographer scan_model default": {"z_offset": 0.0},
    "cartographer scan_model textured": {"z_offset": -0.03},
}


def model_of(state: PrinterState) -> ScanModel | None:
    probe = probe_config(state)
    assert probe is not None
    return scan_model(state, probe)


@pytest.mark.parametrize(("name", "offset"), [("textured", -0.03), ("default", 0.0), ("", 0.0)])
def test_it_is_the_one_that_the_plugin_has_loaded(name: str, offset: float) -> None:
    model = model_of(PrinterState(settings=HOMES_BY_PROBE | MODELS, scan_model=name))
    assert model is not None
    assert model.section == f"cartographer scan_model {name or 'default'}"
    assert model.offset == offset


def test_a_scanner_without_a_model_has_none() -> None:
    assert model_of(PrinterState(settings={"cartographer": {}})) is None
    assert model_of(PrinterState(settings={"probe_eddy_ng hotend": {}})) is None


def test_its_name_is_read_from_the_plugins_status() -> None:
    assert subscription(frozenset({"cartographer"})) == {"cartographer": ["scan"]}
    for name, read in (("textured", "textured"), ("none", ""), (None, "")):
        raw = {"cartographer": {"scan": {"current_model": name}}}
        assert digest(PrinterState(), raw, raw, 1.0).scan_model == read


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (HOMES_BY_PROBE | MODELS, True),
        (HOMES_BY_PROBE | {"beacon": {}}, True),
        (HOMES_BY_PROBE | {"probe_eddy_current coil": {}}, False),
        (HOMES_BY_PROBE | {"probe": {"z_offset": 1.0}}, False),
        ({"stepper_z": {"endstop_pin": "PC1", "position_endstop": 0.0}} | MODELS, False),
    ],
)
def test_whose_zero_is_the_contact_of_the_nozzle(settings: Settings, expected: bool) -> None:
    assert counts_from_contact(PrinterState(settings=settings)) is expected


@pytest.mark.parametrize(("options", "distance"), [({}, 2.0), ({"trigger_distance": 2.5}, 2.5)])
def test_a_beacons_offset_is_subtracted_from_distances(options: dict[str, float], distance: float) -> None:
    settings: Settings = {"beacon": options, "beacon model hot": {"model_offset": 0.02}}
    model = model_of(PrinterState(settings=settings, scan_model="hot"))
    assert model is not None
    assert (model.section, model.option, model.distance) == ("beacon model hot", "model_offset", distance)
    assert model.corrected(-0.08) == pytest.approx(0.1)
    raw: Settings = {"beacon": {"model": "hot"}}
    assert digest(PrinterState(), raw, raw, 1.0).scan_model == "hot"
