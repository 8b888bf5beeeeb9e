"""ZCAL_STAGE and the case of section names: SAVE_CONFIG would add a second section."""

from pathlib import Path

from campaigns import eddy
from tests.e2e import klippers
from tests.e2e.simulated import Starter
from tests.extra.rig import PROFILES, start_machine, write_config


def test_a_section_keeps_its_capitals(start: Starter, tmp_path: Path) -> None:
    klippers.skip_without_eddy_probe()
    folder = tmp_path / "eddy"
    folder.mkdir()
    eddy.write_profile(folder, klippers.root(), truth="", more="[zcal]")
    config = folder / "printer.cfg"
    config.write_text(config.read_text().replace("_current coil]", "_current MyCoil]"))
    machine = start_machine(start, folder)
    for section, value in (("probe_eddy_current mycoil", 1.5), ("PROBE_EDDY_CURRENT MYCOIL", 2.5)):
        said = machine.gcode(f'ZCAL_STAGE SECTION="{section}" OPTION=x_offset VALUE={value}')
        assert f"[probe_eddy_current MyCoil] x_offset: {value:.3f}" in said
        pending = machine.status("configfile")["save_config_pending_items"]
        assert pending == {"probe_eddy_current MyCoil": {"x_offset": f"{value:.3f}"}}


def test_a_section_may_be_written_in_any_case(start: Starter, tmp_path: Path) -> None:

    folder = tmp_path / "voron"
    machine = start_machine(start, write_config(folder, PROFILES / "voron"))
    machine.gcode("ZCAL_STAGE SECTION=Probe OPTION=z_offset VALUE=6.1")
    assert machine.status("configfile")["save_config_pending_items"] == {"probe": {"z_offset": "6.100"}}


def test_the_lower_end_of_z_can_be_staged(start: Starter, tmp_path: Path) -> None:
    machine = start_machine(start, write_config(tmp_path / "voron", PROFILES / "voron"))
    machine.gcode("ZCAL_STAGE SECTION=stepper_z OPTION=position_min VALUE=-3.4")
    assert machine.status("configfile")["save_config_pending_items"] == {
        "stepper_z": {"position_min": "-3.400"}
    }
    for section, value in (("stepper_x", -1), ("stepper_z", -6)):
        assert machine.refused(f"ZCAL_STAGE SECTION={section} OPTION=position_min VALUE={value}")
