"""`zcal-tui install --kiosk`: what it shows, what it writes, and that all of it is gone again."""

import json
import os
from collections.abc import Sequence
from configparser import ConfigParser
from pathlib import Path

import pytest

from zcal_tui.tools import install
from zcal_tui.tools.kiosk.install import Account, Kiosk, account, detect_display, detect_width, run_kiosk
from zcal_tui.tools.kiosk.manifest import parts_of
from zcal_tui.tools.kiosk.texts import FOOT_KEYS, FOOT_MOUSE, KioskHost
from zcal_tui.tools.klipper_folder import InstallError

USER = 4711
"""A user id that is not root's."""


@pytest.fixture
def machine(tmp_path: Path) -> tuple[Path, Path]:
    """A home with printer_data, and a system's root folder."""
    home, root = tmp_path / "home", tmp_path / "root"
    (home / "printer_data" / "config").mkdir(parents=True)
    (home / "printer_data" / "config" / "printer.cfg").write_text("[printer]\n")
    (home / "printer_data" / "moonraker.asvc").write_text("klipper_mcu\nKlipperScreen")
    root.mkdir()
    return home, root


def kiosk_install(machine: tuple[Path, Path], *words: str) -> int:
    home, root = machine
    options = install.parser().parse_args(["--kiosk", "--root", str(root), *words])
    return run_kiosk(options, home, uid=USER, run=no_command, python=Path("/opt/zcal/bin/python"))


def no_command(command: Sequence[str]) -> bool:
    raise AssertionError(f"ran {command}")


def tree(*roots: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for root in roots for path in root.rglob("*") if path.is_file()}


def folders(*roots: Path) -> set[Path]:
    return {path for root in roots for path in root.rglob("*") if path.is_dir()}


def test_a_printer_cfg_outside_of_printer_data_is_refused(machine: tuple[Path, Path]) -> None:
    other = machine[0] / "klipper_config" / "printer.cfg"
    other.parent.mkdir()
    other.write_text("[printer]\n")
    with pytest.raises(InstallError, match="the folder config of Moonraker's printer_data"):
        kiosk_install(machine, "--yes", "--config", str(other))
    assert not tree(machine[1])


def test_moonrakers_list_of_services_is_not_begun(machine: tuple[Path, Path]) -> None:
    """Moonraker writes it at its first start, unless there is one already: then with what it lists itself left out."""
    services = machine[0] / "printer_data" / "moonraker.asvc"
    services.unlink()
    with pytest.raises(InstallError, match=r"no .*moonraker\.asvc"):
        kiosk_install(machine, "--yes")
    assert not services.exists() and not tree(machine[1])


@pytest.mark.parametrize("display", ["wayland", "x11"])
def test_all_of_it_is_gone_again(display: str, machine: tuple[Path, Path]) -> None:
    (machine[0] / "printer_data/config/KlipperScreen.conf").write_text(
        "[main]\ntheme: x\n\n#~# --- Do not edit\n"
    )
    before = tree(*machine)
    assert kiosk_install(machine, "--yes", "--display", display) == 0
    between = tree(*machine)
    assert len(between) == len(before) + (6 if display == "wayland" else 7)
    assert kiosk_install(machine, "--uninstall") == 0
    after = tree(*machine)
    asvc = str(machine[0] / "printer_data/moonraker.asvc")
    assert after.pop(asvc).split() == before.pop(asvc).split()
    assert after == before


def test_installing_twice_is_installing_once(machine: tuple[Path, Path]) -> None:
    kiosk_install(machine, "--yes", "--display", "x11")
    once = tree(*machine)
    kiosk_install(machine, "--yes", "--display", "x11")
    assert tree(*machine) == once
    kiosk_install(machine, "--yes", "--display", "wayland")
    assert not [path for path in tree(*machine) if path.endswith(("start-xterm", "xterm.resources"))]


def test_nothing_is_written_before_the_yes(
    machine: tuple[Path, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(*machine)
    assert kiosk_install(machine, "--dry-run") == 0
    shown = capsys.readouterr().out
    assert kiosk_install(machine) == 1, "there is no terminal to ask on"
    assert tree(*machine) == before
    kiosk_install(machine, "--yes")
    root = machine[1]
    written = {path for path in tree(*machine) if path not in before and "manifest" not in path}
    assert written
    for path in written:
        assert path in shown, f"{path} was not announced"
    assert str(root / "etc/systemd/system/zcal-tui.service") in written


def test_klipperscreen_reads_the_menu_entry(machine: tuple[Path, Path]) -> None:
    config = machine[0] / "printer_data/config"
    saved = "#~# --- Do not edit below this line. This section is auto generated --- #~#\n#~#\n#~# [main]\n"
    (config / "KlipperScreen.conf").write_text(f"[main]\nlock_password: x\n\n{saved}")
    kiosk_install(machine, "--yes")
    text = (config / "KlipperScreen.conf").read_text()
    mine, _, _ = text.partition("#~#")
    parsed = ConfigParser()
    parsed.read_string(mine)
    (include,) = [name[8:] for name in parsed.sections() if name.startswith("include ")]
    menu = ConfigParser()
    menu.read(config / include)
    entry = menu["menu __main zcal"]
    assert entry["method"] == "machine.services.start"
    service = json.loads(entry["params"])["service"]
    assert service in (machine[0] / "printer_data/moonraker.asvc").read_text().split()
    assert (machine[1] / f"etc/systemd/system/{service}.service").is_file()
    assert set(entry) <= {"name", "icon", "panel", "method", "params", "enable", "confirm", "style"}


def test_an_edited_file_is_kept_beside_the_manifest(machine: tuple[Path, Path]) -> None:
    kiosk_install(machine, "--yes")
    unit = machine[1] / "etc/systemd/system/zcal-tui-screen.service"
    unit.write_text("mine")
    kiosk_install(machine, "--uninstall")
    assert not unit.exists()
    assert [path.read_text() for path in machine[0].rglob("*.edited")] == ["mine"]


def test_root_has_to_name_a_user() -> None:
    with pytest.raises(InstallError, match="--user NAME"):
        account(None, 0, Path("/root"))
    with pytest.raises(InstallError, match="never runs as root"):
        account("root", 0, Path("/root"))
    with pytest.raises(InstallError, match="for root"):
        account("daemon", USER, Path("/"))
    assert account("daemon", 0, Path("/")).uid == 1
    assert account(None, USER, Path("/home/x")).uid == USER


def test_a_program_in_roots_home_is_refused(machine: tuple[Path, Path]) -> None:
    options = install.parser().parse_args(["--kiosk", "--yes"])
    with pytest.raises(InstallError, match="root's home"):
        run_kiosk(options, machine[0], uid=USER, run=no_command, python=Path("/root/zcal/bin/python"))


def test_roots_files_are_written_by_sudo(machine: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, ...]] = []

    def run(command: Sequence[str]) -> bool:
        ran.append(tuple(command))
        return True

    monkeypatch.setattr(os, "geteuid", lambda: USER)
    monkeypatch.setattr("zcal_tui.tools.kiosk.install._may_write", lambda _: False)
    home, root = machine
    host = KioskHost("pi", Path("/opt/zcal/bin/python"), "wayland", 800)
    kiosk = Kiosk(Account("pi", USER, USER, home), root, run)
    parts = parts_of(host, home / "printer_data", root)
    kiosk.install(parts)
    assert {words[0] for words in ran} == {"sudo"}
    assert {words[-1] for words in ran} == {str(file.path) for file in parts.files if file.system}
    assert tree(root) == {}


@pytest.mark.parametrize(
    ("backend", "display"), [("W", "wayland"), ('"w"', "wayland"), ("X", "x11"), ("", "x11"), (None, "x11")]
)
def test_the_display_is_klipperscreens(backend: str | None, display: str, tmp_path: Path) -> None:
    if backend is not None:
        unit = tmp_path / "etc/systemd/system/KlipperScreen.service"
        unit.parent.mkdir(parents=True)
        unit.write_text(f'[Service]\nEnvironment="KS_XCLIENT=x" BACKEND={backend}\n')
    assert detect_display(tmp_path) == display


def test_the_width_is_the_frame_buffers(tmp_path: Path) -> None:
    assert detect_width(tmp_path) == 800
    file = tmp_path / "sys/class/graphics/fb0/virtual_size"
    file.parent.mkdir(parents=True)
    file.write_text("1024,600\n")
    assert detect_width(tmp_path) == 1024


def test_no_key_of_foot_is_left(machine: tuple[Path, Path]) -> None:
    kiosk_install(machine, "--yes", "--display", "wayland")
    text = (machine[1] / "etc/zcal-tui/foot.ini").read_text()
    for name in (*FOOT_KEYS, *FOOT_MOUSE):
        assert f"\n{name}=none\n" in text


@pytest.mark.parametrize(
    "words",
    [
        ("--user", "x"),
        ("--screen", "800x480"),
        ("--display", "x11"),
        ("--root", "/x"),
        ("--purge",),
        ("--kiosk", "--klipper", "/x"),
        ("--kiosk", "--screen", "big", "--yes", "--root", "/x"),
    ],
)
def test_an_option_without_effect_is_refused(words: tuple[str, ...], machine: tuple[Path, Path]) -> None:
    assert install.main(words, {}, machine[0]) == install.USAGE


def test_uninstalling_keeps_records_unless_purged(
    machine: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home, root = machine
    data = home / "data"
    (data / "printers" / "x").mkdir(parents=True)
    (data / "printers" / "x" / "run.jsonl").write_text("{}")
    (data / "config-backups").mkdir()
    (data / "zcal-tui.log").write_text("log")
    (home / "config" / "zcal-tui").mkdir(parents=True)
    (home / "config" / "zcal-tui" / "config.toml").write_text("")
    environment = {"ZCAL_DATA": str(data), "XDG_CONFIG_HOME": str(home / "config")}
    monkeypatch.setattr(os, "getuid", lambda: USER)
    kiosk_install(machine, "--yes")
    words = ("--kiosk", "--root", str(root), "--uninstall")
    assert install.main(words, environment, home) == 0
    assert (data / "printers" / "x" / "run.jsonl").exists()
    assert install.main((*words, "--purge"), environment, home) == 1, "nobody agreed"
    assert (data / "printers" / "x" / "run.jsonl").exists()
    assert install.main((*words, "--purge", "--yes"), environment, home) == 0
    assert [path.name for path in data.iterdir()] == ["config-backups"]
    assert not (home / "config" / "zcal-tui" / "config.toml").exists()
    assert (home / "printer_data" / "config" / "printer.cfg").read_text() == "[printer]\n"
