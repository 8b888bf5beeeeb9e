"""Klippy starts on what `zcal-tui install --uninstall` leaves, wherever the sections were."""

import re
import shutil
from pathlib import Path

import pytest

from tests.e2e import klippers
from tests.e2e.configured import PROFILES
from tests.e2e.simulated import Starter, wait_for_state
from zcal_tui.tools.install import DONE, main

OURS = re.compile(r"^\[z_?cal\w*\]\n(?:(?!\[).*\n)*", re.MULTILINE)
ZCAL = "[zcal]\nswitch_hysteresis: 0.01\n"
FAN = "[gcode_macro AFTER_IT]\ngcode:\n  M400\n"


def printer_cfg(config: Path, include: str, files: dict[str, str]) -> None:
    """A printer.cfg without our sections that includes these files, which have them."""
    text = OURS.sub("", (PROFILES / "voron" / "printer.cfg").read_text())
    lines = "".join(f"[include {pattern.format(config=config)}]\n" for pattern in include.split())
    (config / "printer.cfg").write_text(lines + text)
    shutil.copy(PROFILES / "voron" / "truth.toml", config)
    for name, content in files.items():
        (config / name).parent.mkdir(exist_ok=True)
        (config / name).write_text(content)


@pytest.mark.parametrize(
    ("include", "files"),
    [
        ("conf.d/*.cfg", {"conf.d/zcal.cfg": ZCAL}),
        ("{config}/conf.d/*", {"conf.d/zcal.cfg": ZCAL + FAN, "conf.d/more.cfg": FAN.replace("IT", "MORE")}),
        ("one.cfg two.cfg", {"one.cfg": ZCAL + FAN, "two.cfg": "[zcal]\nz_backlash: 0.01\n"}),
        ("", {}),
    ],
    ids=["glob", "absolute glob", "several files", "printer.cfg itself"],
)
def test_klippy_starts_on_what_uninstalling_leaves(
    printer_sim: Starter, tmp_path: Path, include: str, files: dict[str, str]
) -> None:
    config = tmp_path / "printer_data" / "config"
    config.mkdir(parents=True)
    klipper = tmp_path / "klipper"
    shutil.copytree(
        klippers.root(), klipper, symlinks=True, ignore=shutil.ignore_patterns(".git", "__pycache__")
    )
    printer_cfg(config, include, files)

    assert main(["--yes"], environment={}, home=tmp_path) == DONE
    texts = [path.read_text() for path in config.rglob("*.cfg")]
    assert any("[zcal]" in text for text in texts), "installing adds the section where there is none"
    assert main(["--uninstall", "--yes"], environment={}, home=tmp_path) == DONE

    assert [path.name for path in klipper.rglob("z*cal*") if path.is_symlink()] == []
    printer = printer_sim(str(config))
    client = wait_for_state(printer, "ready")
    settings = client.status("configfile")["settings"]
    assert "zcal" not in settings
    assert {f"gcode_macro {name}" for name in ("after_it", "after_more")} & settings.keys() == {
        f"gcode_macro {name.lower()}"
        for name in ("AFTER_IT", "AFTER_MORE")
        if any(name in text for text in files.values())
    }
    client.close()
