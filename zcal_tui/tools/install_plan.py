"""What installing and uninstalling the companion extra would do, as steps. Pure: nothing is touched here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zcal_tui.tools import config_text
from zcal_tui.tools.klipper_folder import NAMES, ConfigFile, Folder

SECTION = "zcal"
RESTART = "Restart the klipper service (sudo systemctl restart klipper): RESTART alone keeps old code."
KEEP_OVERRIDE = (
    "Leave allow_plugin_override on as long as this z_calibration is installed, or Kalico will not start."
)


@dataclass(frozen=True)
class Link:
    """Link an extra into klippy's folder."""

    place: Path
    target: Path

    def __str__(self) -> str:
        return f"link {self.place} -> {self.target}"


@dataclass(frozen=True)
class Unlink:
    """Remove a link of ours."""

    place: Path

    def __str__(self) -> str:
        return f"remove the link {self.place}"


@dataclass(frozen=True)
class Exclude:
    """Have git overlook the links, or no longer; so that Klipper's updates see a clean checkout."""

    file: Path
    lines: tuple[str, ...]
    remove: bool = False

    def __str__(self) -> str:
        lines = " and ".join(self.lines)
        return f"remove {lines} from {self.file}" if self.remove else f"add {lines} to {self.file}"


@dataclass(frozen=True)
class EditConfig:
    """Change a printer.cfg, with a backup beside it, if the person agrees."""

    file: Path
    text: str
    what: str

    def __str__(self) -> str:
        return f"{self.what} {self.file} (a backup is kept beside it)"


Step = Link | Unlink | Exclude | EditConfig


@dataclass(frozen=True)
class Plan:
    """Steps in their order, and what else there is to say."""

    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()
    problem: str | None = None
    """Why nothing can be done; then there are no steps."""


def plan_install(folder: Folder, ours: Path, config: ConfigFile | None) -> Plan:
    """The steps that are still missing."""
    if folder.entries["zcal"] == "foreign":
        return Plan((), problem=f"{folder.foreign['zcal']} is not ours. Move it away, then install again.")
    notes: list[str] = []
    wanted = ["zcal"]
    reason = _why_no_z_calibration(folder, config)
    steps: list[Step] = []
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
            f"No printer.cfg was found: add a line [{SECTION}] to yours, or name it with --config FILE."
        )
    elif config.where(SECTION) is None:
        text = config_text.add_section(config.text, SECTION)
        steps.append(EditConfig(config.path, text, f"add [{SECTION}] to"))
    if steps:
        notes.append(RESTART)
    return Plan(tuple(steps), tuple(notes))


def plan_uninstall(folder: Folder, config: ConfigFile | None) -> Plan:
    """The steps that take away what is ours: the section first, since klippy does not start with it alone."""
    steps: list[Step] = []
    notes: list[str] = []
    where = config.where(SECTION) if config else None
    if config is not None and where is not None:
        text = config_text.remove_section(config.texts[where], SECTION)
        steps.append(EditConfig(where, text, f"remove [{SECTION}] from"))
    elif config is None:
        notes.append(f"No printer.cfg was found: remove [{SECTION}] from yours, or klippy will not start.")
    ours = [name for name in NAMES if folder.linked(name)]
    if "z_calibration" in ours and config is not None and config.where("z_calibration"):
        notes.append(
            f"{config.where('z_calibration')} still has [z_calibration]: without a plugin of that name klippy will"
            " not start. Remove the section, or install the other plugin first."
        )
    steps += [Unlink(folder.link(name)) for name in ours]
    lines = tuple(line for line in map(folder.exclude_line, NAMES) if line in folder.excluded)
    if lines and folder.exclude_file is not None:
        steps.append(Exclude(folder.exclude_file, lines, remove=True))
    if steps:
        notes.append(RESTART)
    return Plan(tuple(steps), tuple(notes))


def update_manager(checkout: Path | None, origin: str, branch: str) -> str:
    """The section for moonraker.conf that keeps a git checkout of this program up to date; without one, what to do."""
    if checkout is None:
        return "Not installed from a git checkout: update it the way you installed it, then restart klipper."
    lines = (
        "[update_manager zcal-tui]",
        "type: git_repo",
        f"path: {checkout}",
        f"origin: {origin or 'the address you cloned it from'}",
        f"primary_branch: {branch if branch and branch != 'HEAD' else 'main'}",
        "managed_services: klipper",
    )
    return "\n".join(lines)


def _why_no_z_calibration(folder: Folder, config: ConfigFile | None) -> str:
    if folder.entries["z_calibration"] == "foreign":
        return f"{folder.foreign['z_calibration']} is another's and stays; zcal-tui works with it as it is."
    if "z_calibration" not in folder.has_own:
        return ""
    allowed = config.option("danger_options", "allow_plugin_override") if config else None
    if allowed is not None and allowed.lower() in ("true", "yes", "on", "1"):
        return ""
    return (
        "Kalico has a z_calibration of its own, which stays in use. For this one set [danger_options]"
        " allow_plugin_override: True and install again."
    )


def needs_consent(steps: Sequence[Step]) -> list[EditConfig]:
    """The steps that a person has to agree to."""
    return [step for step in steps if isinstance(step, EditConfig)]
