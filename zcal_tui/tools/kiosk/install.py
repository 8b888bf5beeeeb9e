"""Installs and removes the kiosk. Root's files are written by `sudo` unless this program runs as root."""

import argparse
import hashlib
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from zcal_tui.tools.kiosk.manifest import (
    SERVICE_LIST,
    InstalledFile,
    KioskParts,
    from_json,
    parts_of,
    to_json,
    with_line,
    without_line,
)
from zcal_tui.tools.kiosk.texts import GATE, KLIPPERSCREEN, SCREEN, DisplayKind, KioskHost, font_size
from zcal_tui.tools.klipper_folder import InstallError
from zcal_tui.tools.system import attempt

MANIFEST = Path(".local/share/zcal-tui-kiosk/manifest.json")
"""Below the Klipper user's home."""
PROGRAMS: Mapping[DisplayKind, tuple[str, ...]] = {"wayland": ("cage", "foot"), "x11": ("xinit", "xterm")}
PACKAGES: Mapping[DisplayKind, str] = {
    "wayland": "cage foot fonts-dejavu-core",
    "x11": "xinit xterm x11-xkb-utils x11-xserver-utils fonts-dejavu-core",
}
SIZE = re.compile(r"(\d{3,4})x(\d{3,4})")
USUAL_WIDTH = 800

Run = Callable[[Sequence[str]], bool]
"""Runs a command; whether it succeeded."""


def run_command(command: Sequence[str]) -> bool:
    """Run a command on this terminal, where sudo may ask for the password."""
    return attempt(lambda: subprocess.run(command, check=False).returncode) == 0


@dataclass(frozen=True, slots=True)
class Account:
    """The Klipper user."""

    name: str
    uid: int
    gid: int
    home: Path


def account(named: str | None, uid: int, home: Path) -> Account:
    """The user that the kiosk runs as; never root. Raises InstallError."""
    if named is None and uid == 0:
        raise InstallError(
            "The kiosk never runs as root. Run this as the user that runs Klipper, or name that user: --user NAME."
        )
    if named is None:
        own = attempt(lambda: pwd.getpwuid(uid), KeyError)
        return Account(own.pw_name if own is not None else str(uid), uid, os.getgid(), home)
    if uid != 0:
        raise InstallError("--user is for root. Run this as that user instead.")
    found = attempt(lambda: pwd.getpwnam(named), KeyError)
    if found is None:
        raise InstallError(f"There is no user {named}.")
    if found.pw_uid == 0:
        raise InstallError("The kiosk never runs as root. Name the user that runs Klipper.")
    return Account(found.pw_name, found.pw_uid, found.pw_gid, Path(found.pw_dir))


def detect_display(root: Path) -> DisplayKind:
    """What KlipperScreen's service uses (its BACKEND); X11 where it does not say."""
    unit = attempt((root / f"etc/systemd/system/{KLIPPERSCREEN}.service").read_text) or ""
    return "wayland" if re.search(r"\bBACKEND=\"?[wW]", unit) else "x11"


def detect_width(root: Path) -> int:
    """The screen's width in pixels, as the kernel's first frame buffer has it; else 800."""
    text = attempt((root / "sys/class/graphics/fb0/virtual_size").read_text) or ""
    found = re.match(r"(\d+),(\d+)", text)
    return int(found[1]) if found else USUAL_WIDTH


class Kiosk:
    """One installation, present or planned."""

    def __init__(self, owner: Account, root: Path = Path("/"), run: Run = run_command) -> None:
        self._owner = owner
        self._root = root
        self._run = run
        self._manifest = owner.home / MANIFEST

    @property
    def installed(self) -> bool:
        """Whether there is a manifest."""
        return self._manifest.is_file()

    def install(self, parts: KioskParts) -> list[str]:
        """Write everything; returns a sentence a step. The manifest comes first: what breaks off can be removed.

        Raises InstallError.
        """
        done = []
        if self.installed:
            done += self.uninstall(reload=False)
        created = tuple(part.path for part in parts.lines if not part.path.exists())
        self._write_own(self._manifest, to_json(replace(parts, created=created)), 0o644)
        for file in parts.files:
            if file.system:
                self._write_system(file)
            else:
                self._write_own(file.path, file.text, file.mode)
            done.append(f"Written: {file.path}")
        for part in parts.lines:
            before = _read(part.path)
            if (after := with_line(before, part)) != before:
                self._write_own(part.path, after, None)
                done.append(f"Added to {part.path}: {part.line}")
        return done + self._reload()

    def uninstall(self, *, reload: bool = True) -> list[str]:
        """Remove everything that the manifest names; returns a sentence a step. Raises InstallError."""
        try:
            manifest = from_json(self._manifest.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InstallError(f"{self._manifest} cannot be used: {error}.") from error
        done = []
        for part in manifest.lines:
            before = _read(part.path)
            after = without_line(before, part)
            if part.path in manifest.created and not after.strip():
                self._remove(part.path, system=False)
                done.append(f"Removed: {part.path}")
            elif after != before:
                self._write_own(part.path, after, None)
                done.append(f"Removed from {part.path}: {part.line}")
        for path, digest, system in manifest.files:
            content = attempt(path.read_bytes)
            if content is None and not path.exists():
                continue
            if content is not None and hashlib.sha256(content).hexdigest() != digest:
                self._write_own(
                    path_kept := self._manifest.parent / f"{path.name}.edited", content.decode(), 0o644
                )
                done.append(f"Kept your edited {path.name}: {path_kept}")
            self._remove(path, system=system)
            done.append(f"Removed: {path}")
        self._manifest.unlink()
        with suppress(OSError):  # an edited file may be kept there
            self._manifest.parent.rmdir()
        return done + (self._reload() if reload else [])

    def _reload(self) -> list[str]:
        if self._root != Path("/") or not Path("/run/systemd/system").is_dir():
            return []
        self._as_root("systemctl", "daemon-reload")
        return ["Done: systemctl daemon-reload"]

    def _write_system(self, file: InstalledFile) -> None:
        if _may_write(file.path):
            file.path.parent.mkdir(parents=True, exist_ok=True)
            _replace(file.path, file.text, file.mode)
            return
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as staged:
            staged.write(file.text)
            staged.flush()
            self._as_root("install", "-D", "-m", f"{file.mode:o}", staged.name, str(file.path))

    def _write_own(self, path: Path, text: str, mode: int | None) -> None:
        """Write a file of the Klipper user; without a `mode` it keeps its own."""
        try:
            missing = [one for one in path.parents if not one.exists()]
            path.parent.mkdir(parents=True, exist_ok=True)
            kept = attempt(lambda: path.stat().st_mode & 0o777)
            _replace(path, text, mode if mode is not None else kept if kept is not None else 0o644)
            if os.geteuid() == 0:
                for one in (path, *missing):
                    os.chown(one, self._owner.uid, self._owner.gid)
        except OSError as error:
            raise InstallError(f"{path} cannot be written: {error.strerror or error}.") from error

    def _remove(self, path: Path, *, system: bool) -> None:
        """Remove a file, and the folder that was made for it once it is empty."""
        if not system or os.access(path.parent, os.W_OK):
            try:
                path.unlink(missing_ok=True)
                if path.parent.name in ("zcal-tui", f"{KLIPPERSCREEN}.service.d"):
                    with suppress(OSError):
                        path.parent.rmdir()
            except OSError as error:
                raise InstallError(f"{path} cannot be removed: {error.strerror or error}.") from error
            return
        self._as_root("rm", "-f", str(path))
        if path.parent.name in ("zcal-tui", f"{KLIPPERSCREEN}.service.d"):
            self._as_root("rmdir", "--ignore-fail-on-non-empty", str(path.parent))

    def _as_root(self, *command: str) -> None:
        words = command if os.geteuid() == 0 else ("sudo", *command)
        if not self._run(words):
            raise InstallError(f"This failed: {' '.join(words)}")


def plan_lines(host: KioskHost, parts: KioskParts, root: Path = Path("/")) -> list[str]:
    """What would be done, and why."""
    missing = [name for name in PROGRAMS[host.display] if shutil.which(name, path=_path(root)) is None]
    size = font_size(host.width)
    lines = [
        f"On the printer's screen ({host.display}, {host.width} pixels wide, font {size} pixels), as {host.user}:",
        *(f"Write {file.path}" for file in parts.files),
        *(f"Add to {part.path}: {part.line}" for part in parts.lines),
        f"{SCREEN}.service is not enabled: after a boot, {KLIPPERSCREEN} has the screen.",
    ]
    if missing:
        lines.append(
            f"Not found: {', '.join(missing)}. Install first: sudo apt-get install {PACKAGES[host.display]}"
        )
    return lines


def after_lines() -> list[str]:
    """What remains to be done by a person."""
    return [
        f"Restart, so that the menu appears: sudo systemctl restart {KLIPPERSCREEN} moonraker",
        f"Then tap Z calibration in {KLIPPERSCREEN}'s menu. Why it did not start: journalctl -u {GATE} -u {SCREEN}",
    ]


def host_of(options: argparse.Namespace, owner: Account, root: Path, python: Path) -> KioskHost:
    """What the options and this machine say. Raises InstallError."""
    width = detect_width(root)
    if options.screen is not None:
        if (found := SIZE.fullmatch(options.screen)) is None:
            raise InstallError(f"--screen {options.screen}: give the size in pixels, like 800x480.")
        width = int(found[1])
    if python.is_relative_to("/root") and root == Path("/"):
        raise InstallError(
            f"{python} is in root's home, where {owner.name} cannot run it. Install zcal-tui as that user."
        )
    return KioskHost(owner.name, python, options.display or detect_display(root), width)


def run_kiosk(
    options: argparse.Namespace,
    home: Path,
    *,
    uid: int | None = None,
    run: Run = run_command,
    python: Path | None = None,
) -> int:
    """`zcal-tui install --kiosk`, with --uninstall or not; returns 0 done, 1 not done. Raises InstallError."""
    root: Path = options.root or Path("/")
    owner = account(options.user, os.getuid() if uid is None else uid, home)
    kiosk = Kiosk(owner, root, run)
    if options.uninstall:
        return remove(kiosk, dry_run=options.dry_run)
    data = _printer_data(options, owner)
    host = host_of(options, owner, root, python or Path(sys.executable))
    parts = parts_of(host, data, root)
    print(*plan_lines(host, parts, root), sep="\n")
    if options.dry_run:
        return 0
    if not options.yes and not _agreed():
        print("Nothing was changed. To do this: run it again with --yes.", file=sys.stderr)
        return 1
    print(*kiosk.install(parts), *after_lines(), sep="\n")
    return 0


def remove(kiosk: Kiosk, *, dry_run: bool) -> int:
    """Remove the kiosk, if there is one."""
    if not kiosk.installed:
        print("The kiosk is not installed.")
    elif dry_run:
        print("Planned: remove the kiosk's files and lines.")
    else:
        print(*kiosk.uninstall(), sep="\n")
        print(f"Restart, so that the menu entry disappears: sudo systemctl restart {KLIPPERSCREEN} moonraker")
    return 0


def _printer_data(options: argparse.Namespace, owner: Account) -> Path:
    """The printer_data folder: the one above the named printer.cfg's folder, or the user's. Raises InstallError."""
    data = (
        options.config.expanduser().resolve().parent.parent if options.config else owner.home / "printer_data"
    )
    if not (data / "config").is_dir():
        raise InstallError(
            f"There is no folder {data / 'config'}. With --config FILE, name the printer.cfg in the folder config of "
            "Moonraker's printer_data."
        )
    if not (
        data / SERVICE_LIST
    ).is_file():  # a new one with our line alone would keep out what Moonraker lists itself
        raise InstallError(
            f"There is no {data / SERVICE_LIST}, in which Moonraker lists the services that it may start. Start "
            "Moonraker once, then run this again."
        )
    return Path(data)


def _agreed() -> bool:
    if not sys.stdin.isatty():
        return False
    try:
        return input("Do this now? [y/N] ").strip().lower() in ("y", "yes")
    except (EOFError, KeyboardInterrupt):
        print()
        return False


def _path(root: Path) -> str:
    return os.pathsep.join(str(root / folder) for folder in ("usr/local/bin", "usr/bin", "bin"))


def _may_write(path: Path) -> bool:
    """Whether this user may write a file there, or make the folder for it."""
    place = next(one for one in path.parents if one.exists())
    return os.access(place, os.W_OK)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape") if path.exists() else ""
    except OSError as error:
        raise InstallError(f"{path} cannot be read: {error.strerror or error}.") from error


def _replace(path: Path, text: str, mode: int) -> None:
    """Write beside the file, then put it in its place. Raises OSError."""
    beside = path.with_name(f".{path.name}.zcal-new")
    beside.write_bytes(text.encode("utf-8", "surrogateescape"))
    beside.chmod(mode)
    beside.replace(path.resolve() if path.is_symlink() else path)
