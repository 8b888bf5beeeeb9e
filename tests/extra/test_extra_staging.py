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
