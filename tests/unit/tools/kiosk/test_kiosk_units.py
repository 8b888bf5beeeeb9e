"""The services as systemd reads them."""

import subprocess
from pathlib import Path

import pytest

from tests.programs import needs
from zcal_tui.tools.kiosk.manifest import parts_of
from zcal_tui.tools.kiosk.texts import DisplayKind, KioskHost, font_size, gate_unit

KLIPPERSCREEN = """[Unit]
Description=KlipperScreen
[Service]
Restart=always
ExecStart=/bin/true
[Install]
WantedBy=multi-user.target
"""

FORGET_FAILURE = "ExecStart=-+/usr/bin/systemctl reset-failed zcal-tui-screen.service"
START = "ExecStart=+/usr/bin/systemctl start --no-block zcal-tui-screen.service"


@needs("systemd-analyze")
@pytest.mark.parametrize("display", ["wayland", "x11"])
def test_systemd_accepts_the_units(display: DisplayKind, tmp_path: Path) -> None:
    host = KioskHost("daemon", Path("/bin/true"), display, 800)
    parts = parts_of(host, tmp_path / "printer_data", tmp_path)
    units = tmp_path / "etc/systemd/system"
    for file in parts.files:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        # the terminal need not be installed where this is tested
        text = file.text.replace("/usr/bin/xinit", "/bin/true").replace("/usr/bin/cage", "/bin/true")
        file.path.write_text(text.replace("/usr/bin/systemctl", "/bin/true"))
    (units / "KlipperScreen.service").write_text(KLIPPERSCREEN)
    (units / "moonraker.service").write_text(KLIPPERSCREEN)
    names = ("zcal-tui.service", "zcal-tui-screen.service", "KlipperScreen.service")
    done = subprocess.run(
        ["systemd-analyze", "verify", *(f"./{name}" for name in names)],
        cwd=units,
        env={"PATH": "/usr/bin:/bin", "SYSTEMD_UNIT_PATH": f"{units}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "zcal" in line or "KlipperScreen" in line]
    assert done.returncode == 0, done.stderr
    assert ours == []


@pytest.mark.parametrize("display", ["wayland", "x11"])
def test_klipperscreen_comes_back_after_every_end(display: DisplayKind) -> None:
    host = KioskHost("pi", Path("/opt/zcal/bin/python"), display, 800)
    (unit,) = [
        file.text for file in parts_of(host, Path("/d")).files if file.path.name == "zcal-tui-screen.service"
    ]
    lines = unit.splitlines()
    for line in (
        "ExecStopPost=+/usr/bin/systemctl start --no-block KlipperScreen.service",
        "OnFailure=KlipperScreen.service",
        "Conflicts=KlipperScreen.service",
        "Restart=no",
        "StartLimitIntervalSec=0",
        "User=pi",
    ):
        assert line in lines
    assert not [
        line for line in lines if line.startswith(("Condition", "Assert", "[Install]", "WantedBy"))
    ], "a condition that is not met would stop KlipperScreen without an end that starts it again"


def test_systemd_refuses_starts_before_anything_is_stopped() -> None:
    """A service whose starts are refused has stopped KlipperScreen by then; the one of the menu stops nothing."""
    unit = gate_unit(KioskHost("pi", Path("/opt/zcal/bin/python"), "x11", 800))
    lines = unit.splitlines()
    assert {"StartLimitIntervalSec=120", "StartLimitBurst=10"} <= set(lines)
    assert "Conflicts" not in unit
    forget, start = lines.index(FORGET_FAILURE), lines.index(START)
    assert forget < start  # a service that is failed already does not fail again, and runs no OnFailure


@pytest.mark.parametrize(("width", "size"), [(480, 12), (800, 16), (1024, 20), (1920, 24)])
def test_the_font_fits_the_screen(width: int, size: int) -> None:
    assert font_size(width) == size
    assert width // (size * 0.61) >= 60
