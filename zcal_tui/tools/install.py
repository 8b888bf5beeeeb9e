"""`zcal-tui install`: link the modules [zcal] and [z_calibration] into Klipper, or remove them; with --kiosk put the
program on the printer's screen.

The plan is made first (`install_plan`), then carried out step by step.
"""

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from zcal_tui.klipper_config.include_patterns import absolute
from zcal_tui.klipper_config.replace import replace_file
from zcal_tui.tools import klipper_folder
from zcal_tui.tools.config_backup import backup_folder, backup_place
from zcal_tui.tools.install_plan import (
    EditConfig,
    Exclude,
    InstallPlan,
    InstallStep,
    Link,
    Unlink,
    plan_install,
    plan_uninstall,
    update_advice,
)
from zcal_tui.tools.kiosk.install import Account, Kiosk, remove, run_kiosk
from zcal_tui.tools.klipper_folder import InstallError
from zcal_tui.tools.purge import purge
from zcal_tui.tools.system import output_of

DONE, FAILED, USAGE = 0, 1, 2


def parser() -> argparse.ArgumentParser:
    """The command line of `zcal-tui install`."""
    made = argparse.ArgumentParser(
        prog="zcal-tui install",
        description="Install the modules [zcal] and [z_calibration]: link them into Klipper, or into Kalico's plugins.",
        allow_abbrev=False,
    )
    made.add_argument(
        "--klipper",
        metavar="DIR",
        type=Path,
        help="Klipper's or Kalico's folder (default: KLIPPER_DIR, ~/klipper or ~/kalico)",
    )
    made.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        help="printer.cfg (default: ~/printer_data/config/printer.cfg, if it exists)",
    )
    made.add_argument(
        "--uninstall",
        action="store_true",
        help="remove the modules and the kiosk; with --kiosk, the kiosk only. Records and saved values stay",
    )
    made.add_argument(
        "--purge",
        action="store_true",
        help="with --uninstall: remove records, log and settings too, after asking",
    )
    made.add_argument("--dry-run", action="store_true", help="show what would be done, change nothing")
    made.add_argument("--yes", action="store_true", help="do it without asking")
    screen = made.add_argument_group("the printer's screen (docs/kiosk.md)")
    screen.add_argument(
        "--kiosk",
        action="store_true",
        help="add zcal-tui to KlipperScreen's menu; shows first what it will do",
    )
    screen.add_argument("--user", metavar="NAME", help="with --kiosk as root: the user that runs Klipper")
    screen.add_argument(
        "--display", choices=("wayland", "x11"), help="with --kiosk: default what KlipperScreen uses"
    )
    screen.add_argument(
        "--screen",
        metavar="WxH",
        help="with --kiosk: the screen's size in pixels, like 800x480; default as detected",
    )
    screen.add_argument(
        "--root",
        metavar="DIR",
        type=Path,
        help="with --kiosk: write the system's files below this folder, for an image",
    )
    return made


def main(argv: Sequence[str], environment: Mapping[str, str] = os.environ, home: Path | None = None) -> int:
    """Run the command; returns 0 done, 1 failed, 2 wrong usage. `home` contains the default folders."""
    try:
        options = parser().parse_args(argv)
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else USAGE
    home = home or Path.home()
    if problem := _misused(options):
        print(f"zcal-tui install: {problem}", file=sys.stderr)
        return USAGE
    try:
        if options.kiosk:
            code = run_kiosk(options, home)
        else:
            if options.uninstall:
                _remove_kiosk(options, home)
            code = _run(options, environment, home)
        if code == DONE and options.purge:
            code = purge(options, environment, home)
        return code
    except InstallError as error:
        print(error, file=sys.stderr)
        return USAGE


def _misused(options: argparse.Namespace) -> str | None:
    """The option that is without effect here, as a sentence."""
    for name in ("user", "display", "screen", "root"):
        if getattr(options, name) is not None and not options.kiosk:
            return f"--{name} requires --kiosk"
    if options.purge and not options.uninstall:
        return "--purge requires --uninstall"
    if options.kiosk and options.klipper is not None:
        return "--klipper is for the modules; omit it with --kiosk"
    return None


def _remove_kiosk(options: argparse.Namespace, home: Path) -> None:
    """Remove the kiosk with the modules, where this user has one. Raises InstallError."""
    kiosk = Kiosk(Account("", os.getuid(), os.getgid(), home))
    if kiosk.installed:
        remove(kiosk, dry_run=options.dry_run)


def apply(step: InstallStep, backups: Path, patterns: Sequence[str] = ()) -> str:
    """Carry out one step, and say so. A backup goes to the folder `backups`, where none of the include patterns finds
    it. Raises InstallError."""
    try:
        if isinstance(step, Link):
            step.place.symlink_to(step.target, target_is_directory=True)
        elif isinstance(step, Unlink):
            step.place.unlink()
        elif isinstance(step, Exclude):
            _exclude(step)
        else:
            return f"Done: {step} Backup: {_edit(step, backups, patterns)}"
    except OSError as error:
        raise InstallError(f"Failed: {step} {error.strerror}.") from error
    return f"Done: {step}"


def _run(options: argparse.Namespace, environment: Mapping[str, str], home: Path) -> int:
    ours = klipper_folder.source()
    folder = klipper_folder.look(klipper_folder.find_klipper(options.klipper, environment, home), ours)
    path = klipper_folder.find_config(options.config, home)
    config = klipper_folder.read_config(path, kalico=folder.kalico) if path else None
    plan = plan_uninstall(folder, config) if options.uninstall else plan_install(folder, ours, config)
    if plan.problem:
        print(plan.problem, file=sys.stderr)
        return FAILED
    print(f"Kalico: {folder.root}" if folder.kalico else f"Klipper: {folder.root}")
    if not plan.steps and options.uninstall:
        print("Nothing to do. The modules are not installed.")
    elif not plan.steps:
        print("Nothing to do. The modules are already installed.")
    if options.dry_run:
        for step in plan.steps:
            print(f"Planned: {step}")
        code = DONE
    else:
        included = config.configuration.files.included if config else {}
        patterns = [absolute(source, pattern) for source, pattern in included]
        code = _carry_out(plan, options, backup_folder(environment, home), patterns)
    if code != DONE:
        return code
    for note in plan.notes:
        print(note)
    if not options.uninstall:
        print(f"\n{_updates(ours.parent)}")
    return DONE


def _carry_out(plan: InstallPlan, options: argparse.Namespace, backups: Path, patterns: Sequence[str]) -> int:
    edits = [step for step in plan.steps if isinstance(step, EditConfig)]
    if edits and not options.yes and sys.stdin.isatty():  # the question about one step follows all of them
        for step in plan.steps:
            print(f"Planned: {step}")
    refused = [step for step in edits if not options.yes and not _agreed(step)]
    if refused and options.uninstall:
        print(
            "Nothing was changed. [zcal] has to be removed first: Klipper does not start without its module.",
            file=sys.stderr,
        )
        return FAILED
    try:
        for step in plan.steps:
            if step in refused:
                print(f"Skipped: {step} Edit the file yourself, or run this again with --yes.")
            else:
                print(apply(step, backups, patterns))
    except InstallError as error:
        print(error, file=sys.stderr)
        return FAILED
    return DONE


def _agreed(step: EditConfig) -> bool:
    if not sys.stdin.isatty():
        return False
    try:
        answer = input(f"Edit {step.file} now? [y/N] ")
    except (EOFError, KeyboardInterrupt):
        print()
        return False
    return answer.strip().lower() in ("y", "yes")


def _exclude(step: Exclude) -> None:
    text = step.file.read_bytes().decode("utf-8", "surrogateescape") if step.file.is_file() else ""
    ended = not text or text.endswith("\n")
    for line in step.lines:
        if step.remove:
            text = re.sub(rf"^{re.escape(line)}\n|\n{re.escape(line)}\Z", "", text, flags=re.MULTILINE)
        elif line not in text.splitlines():
            text += f"{line}\n" if ended else f"\n{line}"
    step.file.parent.mkdir(parents=True, exist_ok=True)
    step.file.write_bytes(text.encode("utf-8", "surrogateescape"))


def _edit(step: EditConfig, folder: Path, patterns: Sequence[str]) -> Path:
    """Write the new text beside the file and put it in its place; returns the backup's path."""
    file = step.file.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    backup = backup_place(file, folder, patterns)
    replace_file(file, step.text.encode("utf-8"), backup)
    return backup


def _virtualenv() -> Path | None:
    """This program's own environment, if it was filled from a package index: Moonraker updates no other."""
    if sys.prefix == sys.base_prefix:
        return None
    try:
        from_file = metadata.distribution("zcal-tui").read_text("direct_url.json") is not None
    except metadata.PackageNotFoundError:
        return None
    return None if from_file else Path(sys.prefix)


def _updates(checkout: Path) -> str:
    """How this installation is kept up to date."""
    if not (checkout / ".git").exists():
        return update_advice(None, virtualenv=_virtualenv())
    origin = output_of("git", "-C", str(checkout), "config", "--get", "remote.origin.url")
    branch = output_of("git", "-C", str(checkout), "rev-parse", "--abbrev-ref", "HEAD")
    return update_advice(checkout, origin or "", branch or "")
