"""Printers whose configuration a test changes, and what became of it."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.e2e.finding import Saved
from tests.e2e.simulated import PrinterSim, wait_for_state

PROFILES = Path(__file__).parents[2] / "zcal_tui" / "sim" / "profiles"
BACKUP = re.compile(r"printer-\d{8}_\d{6}\.cfg")


def profile_without(tmp_path: Path, profile: str, *sections: str) -> Path:
    """A copy of a profile whose printer.cfg lacks these sections."""
    folder = tmp_path / profile
    shutil.copytree(PROFILES / profile, folder)
    text = (folder / "printer.cfg").read_text()
    for section in sections:
        text = re.sub(rf"^\[{section}\]\n(?:(?!\[).*\n)*", "", text, flags=re.MULTILINE)
    (folder / "printer.cfg").write_text(text)
    return folder


def pending(printer: PrinterSim) -> dict[str, dict[str, str]]:
    """What is pending for SAVE_CONFIG."""
    client = wait_for_state(printer, "ready")
    status = client.status("configfile")
    client.close()
    items: dict[str, dict[str, str]] = status["save_config_pending_items"]
    assert bool(items) == status["save_config_pending"]
    return items


def setting(printer: PrinterSim, section: str, option: str) -> float:
    """A value that klippy runs with."""
    client = wait_for_state(printer, "ready")
    value = client.status("configfile")["settings"][section][option]
    client.close()
    return float(value)


def shown_after(saved: Saved, before: bytes) -> bytes:
    """The file as it must be after what the person was shown: the diff of the question, applied."""
    diff = saved.questions[0].detail.split("\n--- printer.cfg")[1].split("\n")
    lines = before.decode("utf-8").replace("\r\n", "\n").split("\n")
    out: list[str] = []
    at = 0
    for line in diff[2:]:
        if hunk := re.match(r"@@ -(\d+)(?:,(\d+))? \+", line):
            start = int(hunk[1]) - (0 if hunk[2] == "0" else 1)
            out += lines[at:start]
            at = start
        elif line.startswith("+"):
            out.append(line[1:])
        elif line[:1] in ("-", " "):
            assert lines[at] == line[1:]
            out += [line[1:]] if line.startswith(" ") else []
            at += 1
        else:
            break
    return "\n".join(out + lines[at:]).encode()


def touch_up(printer: PrinterSim, edit: Callable[[bytes], bytes]) -> None:
    """Edit printer.cfg, and have klippy read it."""
    printer.config.write_bytes(edit(printer.config.read_bytes()))
    client = printer.connect()
    client.send("RESTART")
    client.drain()
    client.close()
    wait_for_state(printer, "ready").close()


def with_include(tmp_path: Path) -> Path:
    """A corexy whose probe's z_offset is in an included file."""
    folder = profile_without(tmp_path, "corexy")
    main = folder / "printer.cfg"
    text = main.read_text().replace("z_offset: 1.500\n", "")
    main.write_text("[include more/*.cfg]\n" + text)
    (folder / "more").mkdir()
    (folder / "more" / "z.cfg").write_text("# the height\n[probe]\nz_offset: 1.500  # measured\n")
    return folder


def stock_cartesian(tmp_path: Path, *more: str) -> Path:
    """A bedslinger as it is sold: its own Z endstop at 0, no position_min, no probe."""
    folder = tmp_path / "stock"
    shutil.copytree(PROFILES / "bedslinger", folder)
    config = folder / "printer.cfg"
    text = config.read_text().replace("position_min: -3\n", "", 1)
    text = text.replace("endstop_pin: probe:z_virtual_endstop\n", "endstop_pin: ^PA7\nposition_endstop: 0\n")
    for section in ("bltouch", "safe_z_home", "bed_mesh", "screws_tilt_adjust"):
        text = re.sub(rf"^\[{section}\]\n(?:(?!\[).*\n)*", "", text, flags=re.MULTILINE)
    config.write_text(text + "".join(f"\n{section}\n" for section in more))
    truth = folder / "truth.toml"
    truth.write_text(re.sub(r"^\[probe\]\n(?:(?!\[).*\n)*", "", truth.read_text(), flags=re.MULTILINE))
    return folder
