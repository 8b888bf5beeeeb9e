"""The copy of printer.cfg that klippy runs, and that nothing in it leads back to this machine."""

from pathlib import Path

import pytest

from zcal_tui.klipper_config.configuration import AUTOSAVE_HEADER, Configuration, read_configuration
from zcal_tui.sim.host.config_copy import Places, copy_config
from zcal_tui.sim.host.errors import SimulatorError

PLACES = Places(
    {"mcu": Path("/run/mcu"), "mcu head": Path("/run/mcu-1")}, Path("/run/gcodes"), Path("/run/files")
)


def copied(tmp_path: Path, text: str, **left_out: object) -> str:
    """The copy of a printer.cfg of one file."""
    source = tmp_path / "from" / "printer.cfg"
    source.parent.mkdir(exist_ok=True)
    source.write_text(text, encoding="utf-8")
    copy(source, tmp_path / "to", **left_out)
    return (tmp_path / "to" / "printer.cfg").read_text(encoding="utf-8")


def copy(source: Path, target: Path, **left_out: object) -> Configuration:
    """Copy a configuration; returns what klippy would read."""
    places = Places(PLACES.ports, PLACES.gcodes, target / "files")
    copy_config(read_configuration(str(source)), target / "printer.cfg", places, **left_out)  # type: ignore[arg-type]
    return read_configuration(str(target / "printer.cfg"))


def test_the_controller_is_connected_to_the_port(tmp_path: Path) -> None:
    text = "[mcu]\nserial: /dev/ttyACM0\nbaud = 115200\nrestart_method: arduino\n[printer]\nserial: mine\n"
    assert copied(tmp_path, text) == (
        "[mcu]\nserial: /run/mcu\nrestart_method: command\n#serial: /dev/ttyACM0\n#baud = 115200\n"
        "#restart_method: arduino\n[printer]\nserial: mine\n"
    )


def test_a_controller_on_can_is_connected_too(tmp_path: Path) -> None:
    copied(tmp_path, "[mcu]\ncanbus_uuid: 11aa22bb33cc\n[fan]\npin: PA1\n[mcu]\ncanbus_interface: can1\n")
    mcu = read_configuration(str(tmp_path / "to" / "printer.cfg")).sections["mcu"]
    assert {name: option.value for name, option in mcu.options.items()} == {
        "serial": "/run/mcu",
        "restart_method": "command",
    }


def test_each_controller_has_its_own_port(tmp_path: Path) -> None:
    copied(tmp_path, "[mcu]\nserial: /dev/a\n[mcu head]\ncanbus_uuid: 11aa22bb33cc\n")
    sections = read_configuration(str(tmp_path / "to" / "printer.cfg")).sections
    assert [sections[name].get("serial") for name in ("mcu", "mcu head")] == ["/run/mcu", "/run/mcu-1"]
    assert sections["mcu head"].get("canbus_uuid") is None


def test_files_of_sections_are_in_the_run_folder(tmp_path: Path) -> None:
    mine = tmp_path / "mine.cfg"
    mine.write_text("[Variables]\nx = 1\n")
    text = (
        f"[virtual_sdcard]\npath: ~/gcodes\non_error_gcode: M117\n[save_variables]\nfilename: {mine}\n"
        "[temperature_sensor pi]\nsensor_type: temperature_host\nsensor_path: /sys/class/thermal/x\n"
    )
    copied(tmp_path, text)
    sections = read_configuration(str(tmp_path / "to" / "printer.cfg")).sections
    assert sections["virtual_sdcard"].get("path") == "/run/gcodes"
    assert sections["virtual_sdcard"].get("on_error_gcode") == "M117"
    variables = Path(sections["save_variables"].get("filename") or "")
    assert variables.is_relative_to(tmp_path / "to") and variables.read_text() == "[Variables]\nx = 1\n"
    host = Path(sections["temperature_sensor pi"].get("sensor_path") or "")
    assert host.is_relative_to(tmp_path / "to") and float(host.read_text()) == 45000


def test_a_display_has_files_to_list(tmp_path: Path) -> None:
    copied(tmp_path, "[display]\nlcd_type: st7920\n")
    sections = read_configuration(str(tmp_path / "to" / "printer.cfg")).sections
    assert sections["virtual_sdcard"].get("path") == "/run/gcodes"


def test_variables_beside_printer_cfg_come_along(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "vars.cfg").write_text("[Variables]\ny = 2\n")
    copied(tmp_path, "[save_variables]\nfilename: ~/printer_data/config/vars.cfg\n")
    assert (tmp_path / "to" / "files" / "variables.cfg").read_text() == "[Variables]\ny = 2\n"


def test_shell_commands_are_messages(tmp_path: Path) -> None:
    text = "[gcode_shell_command backup]\ncommand: rm -rf /\ntimeout: 30.\n[printer]\nx: 1\n"
    copied(tmp_path, text)
    config = read_configuration(str(tmp_path / "to" / "printer.cfg"))
    assert set(config.sections) == {"printer", "gcode_macro RUN_SHELL_COMMAND"}
    assert "was not run" in (config.sections["gcode_macro RUN_SHELL_COMMAND"].get("gcode") or "")
    assert not config.faults


def test_a_saved_block_stays_as_it_is(tmp_path: Path) -> None:
    saved = AUTOSAVE_HEADER + "#*# [probe]\n#*# z_offset = 1.2\n"
    assert copied(tmp_path, "[mcu]\nserial: x\n" + saved).endswith(saved)


def test_what_is_left_out_is_gone_from_the_saved_block_too(tmp_path: Path) -> None:
    saved = AUTOSAVE_HEADER + "#*# [led x]\n#*# a = 1\n#*#\n#*# [probe]\n#*# z_offset = 1.2\n"
    text = "[led x]\npin: A\ngcode:\n  G28\n\n  M117\n[probe]\npin: B\n[led x]\nb: 1\n" + saved
    copied(tmp_path, text, left_out=[("led x", "")])
    config = read_configuration(str(tmp_path / "to" / "printer.cfg"))
    assert set(config.sections) == {"probe"}
    assert config.sections["probe"].get("z_offset") == "1.2"
    assert not config.faults


def test_an_option_is_left_out_wherever_it_is_set(tmp_path: Path) -> None:
    saved = AUTOSAVE_HEADER + "#*# [a]\n#*# x = 1\n"
    copied(tmp_path, "[a]\nx: 1\n  2\ny: 3\n[b]\nx: 4\n[a]\nx: 5\n" + saved, left_out=[("a", "x")])
    sections = read_configuration(str(tmp_path / "to" / "printer.cfg")).sections
    assert (list(sections["a"].options), list(sections["b"].options)) == (["y"], ["x"])


def test_includes_are_copied_beside_it(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    (source / "parts").mkdir(parents=True)
    (source / "printer.cfg").write_text("[include parts/*.cfg]\n[include board.cfg]\n")
    (source / "board.cfg").write_text("[mcu]\nserial: x\n")
    (source / "parts" / "one.cfg").write_text("[include ../board.cfg]\n[fan]\npin: PA8\n")
    copy(source / "printer.cfg", target)
    assert (target / "parts" / "one.cfg").read_text().endswith("pin: PA8\n")
    assert "serial: /run/mcu" in (target / "board.cfg").read_text()
    assert (source / "board.cfg").read_text() == "[mcu]\nserial: x\n"


def test_includes_from_elsewhere_are_copied_and_found(tmp_path: Path) -> None:
    away, source = tmp_path / "away", tmp_path / "a"
    (away / "more").mkdir(parents=True)
    source.mkdir()
    (away / "other.cfg").write_text("[other]\n[include more/*.cfg]\n")
    (away / "more" / "deep.cfg").write_text("[deep]\nx: 1\n")
    (source / "same.cfg").write_text("[same]\n")
    (source / "linked.cfg").symlink_to(away / "more" / "deep.cfg")
    (source / "printer.cfg").write_text(
        f"[include ../away/other.cfg]\n[include {source}/same.cfg]\n[include l*.cfg]\n"
    )
    config = copy(source / "printer.cfg", tmp_path / "b")
    assert list(config.sections) == ["other", "deep", "same"]
    assert all(Path(file).resolve().is_relative_to(tmp_path / "b") for file in config.files.texts)
    assert not config.faults


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "printer.cfg").write_text("[mcu]\n")
    (tmp_path / "b").write_text("a file")
    with pytest.raises(SimulatorError, match="cannot be written"):
        copy(tmp_path / "printer.cfg", tmp_path / "b")
