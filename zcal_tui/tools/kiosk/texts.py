"""The text of each file that a kiosk consists of. Pure.

Sources: KlipperScreen of August 2026, its service, start script, ks_includes/config.py
and its page on configuration; Moonraker of June 2026, components/machine.py.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

DisplayKind = Literal["wayland", "x11"]

GATE = "zcal-tui"
"""The service that KlipperScreen's menu starts. Moonraker starts only services that its list names."""
SCREEN = "zcal-tui-screen"
"""The service that takes the screen."""
KLIPPERSCREEN = "KlipperScreen"

FONTS: tuple[tuple[int, int], ...] = ((1280, 24), (1024, 20), (800, 16), (0, 12))
"""Pixels of width from which on a font size in pixels is used: 80 columns or more from 800 pixels on, 68 on 480."""


@dataclass(frozen=True, slots=True)
class KioskHost:
    """What the texts depend on."""

    user: str
    python: Path
    """The interpreter of this installation."""
    display: DisplayKind
    width: int
    """The screen's, in pixels."""
    folder: Path = Path("/etc/zcal-tui")
    """The folder of the terminal's settings."""


def font_size(width: int) -> int:
    """Pixels of the font for a screen of this width."""
    return next(size for least, size in FONTS if width >= least)


def gate_unit(host: KioskHost) -> str:
    """The service of the menu: asks the printer, then starts the other one. Where the answer is no, nothing else
    happens."""
    return f"""[Unit]
Description=Start zcal-tui on the printer's screen, unless the printer is in use
After=moonraker.service
StartLimitIntervalSec=120
StartLimitBurst=10

[Service]
Type=oneshot
User={host.user}
ExecStart={host.python} -m zcal_tui.tools.kiosk.gate
ExecStart=-+/usr/bin/systemctl reset-failed {SCREEN}.service
ExecStart=+/usr/bin/systemctl start --no-block {SCREEN}.service
TimeoutStartSec=60
"""


def screen_unit(host: KioskHost) -> str:
    """The service on the screen. KlipperScreen is stopped by the conflict, and started again after every end: by
    ExecStopPost where the program had been started, by OnFailure where it never was.

    It has no limit of starts: systemd refuses such a start after the conflict has stopped KlipperScreen, and runs
    neither. The limit is the gate's, which stops nothing."""
    terminal = _cage(host) if host.display == "wayland" else f"/usr/bin/xinit {host.folder}/start-xterm"
    no_privileges = "NoNewPrivileges=yes\n" if host.display == "wayland" else ""
    return f"""[Unit]
Description=zcal-tui on the printer's screen
Conflicts={KLIPPERSCREEN}.service
After={KLIPPERSCREEN}.service systemd-user-sessions.service
Wants=dbus.socket systemd-logind.service
After=dbus.socket systemd-logind.service
OnFailure={KLIPPERSCREEN}.service
StartLimitIntervalSec=0

[Service]
Type=simple
Restart=no
User={host.user}
Environment=XDG_SESSION_TYPE={"wayland" if host.display == "wayland" else "x11"}
ExecStart={terminal}
ExecStopPost=+/usr/bin/systemctl start --no-block {KLIPPERSCREEN}.service
TimeoutStopSec=15
{no_privileges}UtmpIdentifier=tty7
UtmpMode=user
PAMName=login
TTYPath=/dev/tty7
TTYReset=yes
TTYVHangup=yes
TTYVTDisallocate=yes
"""


def _cage(host: KioskHost) -> str:
    """Without -s, cage switches to no other virtual terminal."""
    return f"/usr/bin/cage -d -- /usr/bin/foot --config={host.folder}/foot.ini -- {_program(host)}"


def _program(host: KioskHost) -> str:
    return f"{host.python} -m zcal_tui --kiosk"


def loaded_unit() -> str:
    """An addition to KlipperScreen's service that has systemd load the menu's service: Moonraker starts only services
    that are loaded when it starts."""
    return f"[Unit]\nAfter={GATE}.service\n"


def foot_settings(host: KioskHost) -> str:
    """foot without key or mouse bindings: no new window, paste, search, font size or link."""
    return f"""font=DejaVu Sans Mono:pixelsize={font_size(host.width)}
pad=0x0 center
initial-window-mode=fullscreen
[scrollback]
lines=0
[mouse]
hide-when-typing=yes
[key-bindings]
{_none(FOOT_KEYS)}[mouse-bindings]
{_none(FOOT_MOUSE)}"""


FOOT_KEYS = (
    "scrollback-up-page",
    "scrollback-down-page",
    "clipboard-copy",
    "clipboard-paste",
    "primary-paste",
    "search-start",
    "font-increase",
    "font-decrease",
    "font-reset",
    "spawn-terminal",
    "show-urls-launch",
    "prompt-prev",
    "prompt-next",
    "unicode-input",
)
"""What foot 1.13 and later bind to keys by default (foot.ini(5))."""
FOOT_MOUSE = ("select-begin", "select-begin-block", "select-extend", "primary-paste")
"""The same, to buttons of a mouse."""


def _none(names: tuple[str, ...]) -> str:
    return "".join(f"{name}=none\n" for name in names)


def xterm_settings(host: KioskHost) -> str:
    """xterm without menus, selection, paste, font keys and full-screen key; it sends the program keys and taps only."""
    return f"""XTerm*faceName: DejaVu Sans Mono:pixelsize={font_size(host.width)}
XTerm*termName: xterm-256color
XTerm*renderFont: true
XTerm*maximized: true
XTerm*internalBorder: 0
XTerm*borderWidth: 0
XTerm*scrollBar: false
XTerm*saveLines: 0
XTerm*background: black
XTerm*foreground: gray90
XTerm*pointerMode: 3
XTerm*bellIsUrgent: false
XTerm*toolBar: false
XTerm*allowFontOps: false
XTerm*allowTcapOps: false
XTerm*allowTitleOps: false
XTerm*allowWindowOps: false
XTerm*allowPasteControls: false
XTerm*VT100.translations: #replace\\n\\
 <KeyPress>: insert-seven-bit()\\n\\
 <BtnDown>: ignore()\\n\\
 <BtnUp>: ignore()\\n\\
 <BtnMotion>: ignore()
"""


def start_xterm(host: KioskHost) -> str:
    """What xinit runs: no key that switches to another virtual terminal or ends X, no blank screen, then xterm."""
    return f"""#!/bin/sh
setxkbmap -option srvrkeys:none 2>/dev/null
xset s off -dpms 2>/dev/null
XENVIRONMENT={host.folder}/xterm.resources
COLORTERM=truecolor
export XENVIRONMENT COLORTERM
exec /usr/bin/xterm -e {_program(host)}
"""


MENU = f"""[menu __main zcal]
name: Z calibration
icon: z-farther
method: machine.services.start
params: {{"service": "{GATE}"}}
"""
"""KlipperScreen's menu entry."""
