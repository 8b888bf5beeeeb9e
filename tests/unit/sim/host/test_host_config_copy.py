"""The copy of printer.cfg that klippy runs."""

from pathlib import Path

import pytest

from zcal_tui.sim.host.config_copy import Places, connect, copy_config
from zcal_tui.sim.host.errors import SimulatorError

PLACES = Places(Path("/run/mcu"), Path("/run/gcodes"))


def test_the_controller_is_connected_to_the_port() -> None:
    text = "[mcu]\nserial: /dev/ttyACM0\nbaud = 115200\nrestart_method: arduino\n[printer]\nserial: mine\n"
    assert connect(text, PLACES) == (
        "[mcu]\nserial: /run/mcu\nrestart_method: command\n[printer]\nserial: mine\n"
    )


def test_a_controller_on_can_is_connected_too() -> None:
    assert "canbus" not in connect("[mcu]\ncanbus_uuid: 11aa22bb33cc\n", PLACES)


def test_the_user_s_gcode_files_are_left_alone() -> None:
    assert connect("[virtual_sdcard]\npath: ~/gcodes\non_error_gcode: M117\n", PLACES) == (
        "[virtual_sdcard]\npath: /run/gcodes\non_error_gcode: M117\n"
    )


def test_a_saved_block_stays_as_it_is() -> None:
    saved = "[mcu]\nserial: x\n\n#*# <------ SAVE_CONFIG ------>\n#*# [probe]\n#*# z_offset = 1.2\n"
    assert "#*# z_offset = 1.2\n" in connect(saved, PLACES)


def test_includes_are_copied_beside_it(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    (source / "parts").mkdir(parents=True)
    (source / "printer.cfg").write_text("[include parts/*.cfg]\n[include board.cfg]\n")
    (source / "board.cfg").write_text("[mcu]\nserial: x\n")
    (source / "parts" / "one.cfg").write_text("[include ../board.cfg]\n[fan]\npin: PA8\n")
    copy_config(source / "printer.cfg", target / "printer.cfg", PLACES)
    assert (target / "parts" / "one.cfg").read_text().endswith("pin: PA8\n")
    assert "serial: /run/mcu" in (target / "board.cfg").read_text()
    assert (source / "board.cfg").read_text() == "[mcu]\nserial: x\n"


def test_an_include_from_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "other.cfg").write_text("")
    (tmp_path / "a" / "printer.cfg").write_text("[include ../other.cfg]\n")
    with pytest.raises(SimulatorError, match="lies outside"):
        copy_config(tmp_path / "a" / "printer.cfg", tmp_path / "b" / "printer.cfg", PLACES)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SimulatorError, match=r"printer\.cfg cannot be copied"):
        copy_config(tmp_path / "printer.cfg", tmp_path / "b.cfg", PLACES)
