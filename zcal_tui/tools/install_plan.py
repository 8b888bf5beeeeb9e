"""What installing and uninstalling the [zcal] and [z_calibration] modules would do, as steps. Pure."""

from pathlib import Path

from zcal_tui.klipper_config.configuration import Entry
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.tools import config_text
from zcal_tui.tools.klipper_folder import NAMES, ConfigFile, KlipperFolder

SECTION = "zcal"
RESTART = (
    "Restart the Klipper service: sudo systemctl restart klipper. The command RESTART keeps the old code."
)
KEEP_OVERRIDE = (
    "Keep allow_plugin_override on while this z_calibration is installed, or Kalico will not start."
)


@dataclass(frozen=True)
class Link:
    """Link a module into klippy's folder."""

    place: Path
    target: Path

    def __str__(self) -> str:
        return f"Link {self.place} to {self.target}."


@dataclass(frozen=True)
class Unlink:
    """Remove a link of ours."""

    place: Path

    def __str__(self) -> str:
        return f"Remove the link {self.place}."


@dataclass(frozen=True)
class Exclude:
    """Have git ignore the links, or no longer, so that Klipper's updates see a clean checkout."""

    file: Path
    lines: tuple[str, ...]
    remove: bool = False

    def __str__(self) -> str:
        lines = " and ".join(self.lines)
        return f"Remove {lines} from {self.file}." if self.remove else f"Add {lines} to {self.file}."


@dataclass(frozen=True)
class EditConfig:
    """Change a file of the configuration, with a backup, if the person agrees."""

    file: Path
    text: str
    does: str
    """What it does, as the beginning of a sentence that the file's path ends."""

    def __str__(self) -> str:
        return f"{self.does} {self.file}, keeping a backup."


InstallStep = Link | Unlink | Exclude | EditConfig


@dataclass(frozen=True)
class InstallPlan:
    """Steps in their order, and what else there is to say."""

    steps: tuple[InstallStep, ...]
    notes: tuple[str, ...] = ()
    problem: str | None = None
    """Why nothing can be done; then there are no steps."""


def plan_install(folder: KlipperFolder, ours: Path, config: ConfigFile | None) -> InstallPlan:
    """The steps that are still missing."""
    if folder.entries["zcal"] == "foreign":
        return InstallPlan(
            (), problem=f"{folder.foreign['zcal']} is not part of zcal-tui. Move it away, then install again."
        )
    notes: list[str] = []
    wanted = ["zcal"]
    reason = _why_no_z_calibration(folder, config)
    steps: list[InstallStep] = []
    if not reason:
        wanted.append("z_calibration")
        if "z_calibration" in folder.has_own:
            notes.append(KEEP_OVERRIDE)
    else:
        notes.append(reason)
        if folder.linked("z_calibration"):  # the override is off again: Kalico would not start
            steps.append(Unlink(folder.link("z_calibration")))
    for name in wanted:
        if folder.entries[name] == "stale":
            steps.append(Unlink(folder.link(name)))
        if folder.entries[name] != "ours":
            steps.append(Link(folder.link(name), ours / name))
    lines = tuple(folder.exclude_line(name) for name in wanted if not folder.hidden(name))
    if lines and folder.exclude_file is not None:
        steps.append(Exclude(folder.exclude_file, lines))
    if config is None:
        notes.append(
            f"No printer.cfg was found. Add a line [{SECTION}] to yours, or name the file with --config FILE."
        )
    elif config.where(SECTION) is None:
        text = config_text.add_section(config.text, SECTION)
        steps.append(EditConfig(config.path, text, f"Add [{SECTION}] to"))
    if steps:
        notes.append(RESTART)
    return InstallPlan(tuple(steps), tuple(notes))


def plan_uninstall(folder: KlipperFolder, config: ConfigFile | None) -> InstallPlan:
    """The steps that remove what is ours: the section first, since Klipper does not start with it alone."""
    steps: list[InstallStep] = []
    notes: list[str] = []
    ours = [name for name in NAMES if folder.linked(name)]
    orphan = "z_calibration" if "z_calibration" in ours and "z_calibration" not in folder.has_own else ""
    if config is None:
        notes.append(f"No printer.cfg was found. Remove [{SECTION}] from yours, or Klipper will not start.")
    else:
        steps += _without_sections(config, orphan)
    if orphan and config is not None and config.where(orphan):
        notes.append(
            f"[{orphan}] is commented out, because Klipper does not start without its module. To use another plugin of "
            "that name, install it and remove the # signs."
        )
    steps += [Unlink(folder.link(name)) for name in ours]
    lines = tuple(line for line in map(folder.exclude_line, NAMES) if line in folder.excluded)
    if lines and folder.exclude_file is not None:
        steps.append(Exclude(folder.exclude_file, lines, remove=True))
    if steps:
        notes.append(RESTART)
    return InstallPlan(tuple(steps), tuple(notes))


def _without_sections(config: ConfigFile, orphan: str) -> list[EditConfig]:
    """The edits that take [zcal] out of every file, and comment out a section whose module goes too."""
    found: dict[Path, list[Entry]] = {}
    for entry in config.configuration.entries:
        if entry.option is None and entry.section in (SECTION, orphan):
            found.setdefault(Path(entry.file), []).append(entry)
    edits = []
    for file, entries in found.items():
        text = config.texts[file]
        for entry in entries:
            if entry.saved:
                text = config_text.remove_saved(text, entry.section)
            elif entry.section == SECTION:
                text = config_text.remove_section(text, entry.section)
            else:
                text = config_text.comment_out(text, entry.section)
        names = [entry.section for entry in entries]
        does = [f"Remove [{SECTION}]"] if SECTION in names else []
        does += [f"{'comment' if does else 'Comment'} out [{orphan}]"] if orphan in names else []
        edits.append(EditConfig(file, text, f"{' and '.join(does)} in"))
    return edits


def update_advice(
    checkout: Path | None, origin: str = "", branch: str = "", virtualenv: Path | None = None
) -> str:
    """How to update this program: for a git checkout, and for an environment of its own that was filled from a package
    index, the section for moonraker.conf."""
    if checkout is None and virtualenv is not None:
        return "\n".join(
            (
                "To let Moonraker update zcal-tui from its package index, add this to moonraker.conf:",
                "[update_manager zcal-tui]",
                "type: python",
                "channel: stable",
                f"virtualenv: {virtualenv}",
                "managed_services: klipper",
            )
        )
    if checkout is None:
        return "To update, reinstall zcal-tui as before (it is no git checkout). Then restart the Klipper service."
    lines = (
        "To let Moonraker update zcal-tui, add this to moonraker.conf:",
        "[update_manager zcal-tui]",
        "type: git_repo",
        f"path: {checkout}",
        f"origin: {origin or 'REPOSITORY_URL'}",
        f"primary_branch: {branch if branch and branch != 'HEAD' else 'main'}",
        "managed_services: klipper",
    )
    return "\n".join(lines)


def _why_no_z_calibration(folder: KlipperFolder, config: ConfigFile | None) -> str:
    if folder.entries["z_calibration"] == "foreign":
        return f"{folder.foreign['z_calibration']} belongs to another plugin and is kept. zcal-tui works with it."
    if "z_calibration" not in folder.has_own:
        return ""
    allowed = config.option("danger_options", "allow_plugin_override") if config else None
    if allowed is not None and allowed.lower() in ("true", "yes", "on", "1"):
        return ""
    return (
        "Kalico's own z_calibration stays in use. To use this one, set allow_plugin_override: True in"
        " [danger_options] and install again."
    )
