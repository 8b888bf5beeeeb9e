"""The profiles: each is a printer that holds together."""

from pathlib import Path

import pytest

from tests.unit.sim.machine_rig import CARTESIAN, PROBE
from zcal_tui.klipper_config.configuration import parse_text
from zcal_tui.profile_names import PROFILES, profile_names
from zcal_tui.sim.machine import SimulatedMachine
from zcal_tui.sim.preparation import prepare
from zcal_tui.sim.profile import load_profile
from zcal_tui.sim.truth import Truth, TruthError
from zcal_tui.sim.wiring import load_wiring, midpoint


@pytest.mark.parametrize("name", PROFILES)
class TestEveryProfile:
    def test_it_stands_clear_of_the_bed_with_nothing_wrong(self, name: str) -> None:
        profile = load_profile(name)
        machine = SimulatedMachine(load_wiring(profile.printer_cfg), profile.truth)
        machine.advance(0.1, {})
        report = machine.truth_report(0.1)
        assert profile.name == name
        assert report["gap"] > 5.0
        assert report["events"] == []
        if "probe" in report:
            wanted = profile.truth.probe.z_offset
            assert report["probe"]["effective_z_offset"] == pytest.approx(wanted, abs=0.03)

    def test_its_probe_is_nearly_but_not_quite_as_configured(self, name: str) -> None:
        profile = load_profile(name)
        wiring = load_wiring(profile.printer_cfg)
        if wiring.scanners:
            options = parse_text(profile.printer_cfg.read_text()).sections["cartographer"]
            assert 0.1 < abs(profile.truth.eddy.x_offset - float(options.get("x_offset") or 0)) < 1.0
            assert 0.1 < abs(profile.truth.eddy.y_offset - float(options.get("y_offset") or 0)) < 1.0
            return
        if wiring.load_cells:
            options = parse_text(profile.printer_cfg.read_text()).sections["load_cell_probe"]
            counts = float(options.get("counts_per_gram") or 0)
            assert 0.005 < abs(profile.truth.load_cell.counts_per_gram / counts - 1.0) < 0.1
            return
        wire, probe = wiring.probe, profile.truth.probe
        assert wire is not None
        assert probe.z_offset is not None and probe.x_offset is not None and probe.y_offset is not None
        assert 0.02 < abs(probe.z_offset - wire.z_offset) < 0.3
        assert abs(probe.x_offset - wire.x_offset) < 1.0
        assert abs(probe.y_offset - wire.y_offset) < 1.0

    def test_there_is_room_for_a_paper_test(self, name: str) -> None:
        sections = parse_text(load_profile(name).printer_cfg.read_text()).sections
        where, option = (
            ("printer", "minimum_z_position") if name == "delta" else ("stepper_z", "position_min")
        )
        assert float(sections[where].get(option) or 0.0) <= -2.0

    def test_its_serial_port_is_one_line_that_can_be_replaced(self, name: str) -> None:
        text = load_profile(name).printer_cfg.read_text()
        assert [line for line in text.splitlines() if line.startswith("serial")] == ["serial: /tmp/zcal-sim"]


def test_the_configured_places_of_the_drives_are_the_true_ones() -> None:
    for name in ("voron", "euclid", "corexy", "toolboard", "cartographer"):
        profile = load_profile(name)
        wiring = load_wiring(profile.printer_cfg)
        assert len(wiring.drive_places) == len(wiring.drives)
        for stepper, (x, y) in zip(wiring.drives, wiring.drive_places, strict=True):
            drive = profile.truth.drive[stepper.section]
            assert (drive.x, drive.y) == (x, y)


@pytest.mark.parametrize("name", ["voron", "euclid"])
def test_the_homing_place_is_over_the_z_pin(name: str) -> None:
    profile = load_profile(name)
    home = parse_text(profile.printer_cfg.read_text()).sections["safe_z_home"].get("home_xy_position")
    pin = profile.truth.z_endstop
    assert home is not None
    assert [float(part) for part in home.split(",")] == [pin.x, pin.y]


def test_a_profile_is_its_folder(tmp_path: Path) -> None:
    for name in ("zebra", "voron", "ant"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "printer.cfg").touch()
    (tmp_path / "notes").mkdir()
    assert profile_names(tmp_path) == ("voron", "ant", "zebra")


@pytest.mark.parametrize("page", ["docs/simulator.md", "README.md"])
def test_each_profile_is_documented(page: str) -> None:
    text = (Path(__file__).parents[3] / page).read_text()
    assert [name for name in PROFILES if f"`{name}`" not in text] == []


def test_a_profile_by_path(tmp_path: Path) -> None:
    original = load_profile("bedslinger")
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "printer.cfg").write_text(original.printer_cfg.read_text())
    bare = load_profile(folder)
    assert (bare.name, bare.truth) == ("mine", Truth())
    SimulatedMachine(load_wiring(bare.printer_cfg), bare.truth)
    (folder / "truth.toml").write_text("[probe]\nnoise = 0.5\n")
    assert load_profile(str(folder)).truth.probe.noise == 0.5
    assert load_profile(folder / "printer.cfg").truth.probe.noise == 0.5


def test_an_unknown_profile_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(TruthError, match="Did you mean voron"):
        load_profile("vorom")
    with pytest.raises(TruthError, match=r"no such profile or printer\.cfg"):
        load_profile(tmp_path)


def test_the_middle_of_an_axis() -> None:
    wiring = load_wiring(load_profile("voron").printer_cfg)
    assert midpoint(wiring.axis("x")[0]) == 125.0


@pytest.mark.parametrize(("endstop", "height"), [("0.5", 0.0), ("-0.6", -0.7), ("190", 0.0)])
def test_the_bed_of_a_printer_without_a_truth_is_below_the_homed_nozzle(
    endstop: str, height: float, tmp_path: Path
) -> None:
    text = CARTESIAN.replace("position_endstop: 0.5", f"position_endstop: {endstop}\nposition_min: -2")
    (tmp_path / "printer.cfg").write_text("[mcu]\nserial: x\n" + text)
    assert prepare(load_profile(tmp_path)).truth.bed.height == pytest.approx(height)
    (tmp_path / "truth.toml").write_text("[bed]\nheight = 1.5\n")
    assert prepare(load_profile(tmp_path)).truth.bed.height == 1.5


@pytest.mark.parametrize(("dock_y", "kind"), [("290", "dockable"), ("-128", "auto")])
def test_the_probe_is_in_the_dock_that_klicky_describes(dock_y: str, kind: str, tmp_path: Path) -> None:
    variables = f"variable_docklocation_x: 30\nvariable_docklocation_y: {dock_y} # Y\n"
    variables += "variable_dockmove_x: 40\nvariable_dockmove_y: 0\n"
    text = f"[mcu]\nserial: x\n{CARTESIAN}{PROBE}[gcode_macro _User_Variables]\n{variables}gcode:\n"
    (tmp_path / "printer.cfg").write_text(text)
    truth = prepare(load_profile(tmp_path)).truth
    assert truth.probe.kind == kind
    if kind == "dockable":
        assert (truth.dock.x, truth.dock.y, truth.dock.detach_x, truth.dock.detach_y) == (30, 290, 70, 290)


@pytest.mark.parametrize(
    ("z_offset", "position_min", "assumed"),
    [
        (2.0, 0.0, None),
        (-15.0, -1.0, 0.0),
        (0.0, 0.0, 0.5),
        (-0.2, -2.0, None),
    ],
)
def test_an_assumed_probe_triggers_above_the_lowest_z(
    z_offset: float, position_min: float, assumed: float | None, tmp_path: Path
) -> None:
    (tmp_path / "printer.cfg").write_text(
        CARTESIAN.replace("position_endstop: 0.5", f"position_endstop: 0.5\nposition_min: {position_min}")
        + PROBE.replace("z_offset: 2.0", f"z_offset: {z_offset}")
    )
    assert prepare(load_profile(str(tmp_path))).truth.probe.z_offset == assumed


@pytest.mark.parametrize(("z_offset", "bowl"), [(0.0, -0.1), (2.0, 0.0)])
def test_a_probe_that_homes_z_at_its_lowest_has_a_bed_that_is_higher_in_the_middle(
    z_offset: float, bowl: float, tmp_path: Path
) -> None:
    (tmp_path / "printer.cfg").write_text(
        CARTESIAN.replace("endstop_pin: ^Z_STOP", "endstop_pin: probe:z_virtual_endstop")
        + PROBE.replace("z_offset: 2.0", f"z_offset: {z_offset}")
    )
    assert prepare(load_profile(str(tmp_path))).truth.bed.bowl == bowl
