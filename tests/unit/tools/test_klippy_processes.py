"""How the doctor finds the klippys of this machine."""

import os
from pathlib import Path

import pytest

from zcal_tui.tools.klippy_processes import klippy_processes, parse_options


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["/p.cfg", "-a", "/s", "-l", "/l"], {"config": "/p.cfg", "api_server": "/s", "logfile": "/l"}),
        (["-I", "/tty", "-a/s", "/p.cfg"], {"config": "/p.cfg", "api_server": "/s", "input_tty": "/tty"}),
        (["-a"], {}),
        (
            ["--api-server=/s", "--logfile", "/l", "-v", "/p.cfg"],
            {"config": "/p.cfg", "api_server": "/s", "logfile": "/l"},
        ),
        (["/p.cfg"], {"config": "/p.cfg"}),
    ],
)
def test_klippys_command_line(words: list[str], found: dict[str, str]) -> None:
    assert {name: value for name, value in vars(parse_options(words)).items() if value} == found


def process_in(proc: Path, pid: int, *words: str) -> None:
    """A process as Linux shows it."""
    place = proc / str(pid)
    place.mkdir()
    (place / "cmdline").write_bytes(b"\0".join(word.encode() for word in words) + b"\0")
    (place / "cwd").symlink_to("/home/pi")
    ticks = os.sysconf("SC_CLK_TCK") * 50
    (place / "stat").write_text(f"{pid} (python (x)) S " + "0 " * 18 + f"{ticks} 0 0")


def test_processes_are_known_by_their_command_lines(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text("cpu 1 2 3\nbtime 1000\n")
    process_in(
        tmp_path,
        7,
        "python3",
        "/home/pi/klipper/klippy/klippy.py",
        "printer.cfg",
        "-a",
        str(tmp_path / "none"),
    )
    process_in(
        tmp_path, 8, "python3", "/home/pi/moonraker/moonraker/moonraker.py", "-d", "/home/pi/printer_data"
    )
    process_in(tmp_path, 9, "nano", "klippy.log")
    process_in(tmp_path, 10, "grep", "-r", "x")
    klippys, moonrakers = klippy_processes(tmp_path)
    assert moonrakers == 1
    [klippy] = klippys
    assert (klippy.pid, klippy.root, klippy.started) == (7, Path("/home/pi/klipper"), 1050.0)
    assert (klippy.socket, klippy.socket_seen) == (tmp_path / "none", False)
    assert klippy.config == Path("/home/pi/printer.cfg")
