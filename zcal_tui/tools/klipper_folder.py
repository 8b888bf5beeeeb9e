"""A Klipper or Kalico folder with the modules linked into it, and a printer.cfg with what it includes."""

from collections.abc import Mapping
from importlib import util
from pathlib import Path
from typing import Literal

from zcal_tui.klipper_config.configuration import Configuration, read_configuration
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.tools.system import output_of

NAMES = ("zcal", "z_calibration")
"""The modules that are installed into Klipper."""

LinkState = Literal["none", "ours", "stale", "foreign"]
"""What is where a module would be linked; stale: a link into another installation of zcal-tui."""


class InstallError(Exception):
    """Nothing can be installed; the text says why and what to do."""


@dataclass(frozen=True)
class ConfigFile:
    """A printer.cfg, as klippy reads it and to the byte."""

    path: Path
    configuration: Configuration
    texts: Mapping[Path, str]
    """Each file with its own line ends, by path."""

    @property
    def text(self) -> str:
        """The printer.cfg itself."""
        return self.texts[self.path]

    @property
    def problem(self) -> str:
        """The first reason why klippy cannot read it, empty without one."""
        return str(self.configuration.faults[0]) if self.configuration.faults else ""

    def where(self, section: str) -> Path | None:
        """The file that a section is in."""
        found = self.configuration.sections.get(section)
        return Path(found.place.file) if found else None

    def option(self, section: str, name: str) -> str | None:
        """The value of an option that counts for klippy."""
        found = self.configuration.sections.get(section)
        return found.get(name) if found else None


@dataclass(frozen=True)
class KlipperFolder:
    """A klippy to install into."""

    root: Path
    kalico: bool
    entries: Mapping[str, LinkState]
    """For each of NAMES."""
    foreign: Mapping[str, Path]
    """What takes its place, for each that is foreign."""
    has_own: frozenset[str]
    """Those of NAMES that this klippy brings itself."""
    exclude_file: Path | None
    """Git's list of files to ignore in this checkout; None where it is no git checkout."""
    excluded: frozenset[str]
    """The lines of it."""
    ignored: frozenset[str]
    """Those of NAMES that git ignores already where they are linked."""

    @property
    def place(self) -> str:
        """The folder for links, from the root."""
        return "klippy/plugins" if self.kalico else "klippy/extras"

    def link(self, name: str) -> Path:
        """Where a module is linked to."""
        return self.root / self.place / name

    def linked(self, name: str) -> bool:
        """Whether there is a link of zcal-tui's, from this installation or another one."""
        return self.entries[name] in ("ours", "stale")

    def hidden(self, name: str) -> bool:
        """Whether git ignores the link."""
        return self.exclude_line(name) in self.excluded or name in self.ignored

    def exclude_line(self, name: str) -> str:
        """The line in git's list that hides the link."""
        return f"{self.place}/{name}"


def source() -> Path:
    """The folder that contains the modules. Raises InstallError if they were not installed with zcal-tui."""
    spec = util.find_spec("klippy_extra")
    places = list(spec.submodule_search_locations or []) if spec else []
    for place in places:
        if all((Path(place) / name).is_dir() for name in NAMES):
            return Path(place).resolve()
    raise InstallError("This installation lacks the Klipper modules. Reinstall zcal-tui.")


def find_klipper(wanted: Path | None, environment: Mapping[str, str], home: Path) -> Path:
    """The folder meant: the named one, KLIPPER_DIR, ~/klipper, ~/kalico. Raises InstallError."""
    named = environment.get("KLIPPER_DIR", "")
    if wanted is None and named and not named.startswith("pypi:"):  # those are the simulator's alone
        wanted = Path(named)
    candidates = [wanted] if wanted else [home / "klipper", home / "kalico"]
    for candidate in candidates:
        root = candidate.expanduser()
        if (root / "klippy" / "klippy.py").is_file() and (root / "klippy" / "extras").is_dir():
            return root.resolve()
    raise InstallError(
        f"No Klipper in {', '.join(map(str, candidates))}.\nName its folder with --klipper DIR."
    )


def find_config(wanted: Path | None, home: Path) -> Path | None:
    """The printer.cfg meant: the named one, or one of the usual places. InstallError if there is none."""
    if wanted is not None:
        path = wanted.expanduser()
        if not path.is_file():
            raise InstallError(f"There is no file {path}.\nName your printer.cfg with --config FILE.")
        return path
    usual = ("printer_data/config/printer.cfg", "klipper_config/printer.cfg", "printer.cfg")
    return next((home / path for path in usual if (home / path).is_file()), None)


def look(root: Path, ours: Path) -> KlipperFolder:
    """Examine a Klipper folder; `ours` is the folder that contains the modules."""
    kalico = (root / "klippy" / "extras" / "danger_options.py").exists()
    place = root / "klippy" / ("plugins" if kalico else "extras")
    entries: dict[str, LinkState] = {}
    foreign: dict[str, Path] = {}
    for name in NAMES:
        entries[name], in_the_way = _entry(place, name, ours)
        if in_the_way:
            foreign[name] = in_the_way
    exclude_file = _exclude_file(root)
    lines = _lines(exclude_file) if exclude_file else []
    folder = place.relative_to(root)
    return KlipperFolder(
        root,
        kalico,
        entries,
        foreign,
        frozenset(name for name in NAMES if kalico and (root / "klippy" / "extras" / f"{name}.py").exists()),
        exclude_file,
        frozenset(lines),
        frozenset(name for name in NAMES if exclude_file and _ignored(root, folder / name)),
    )


def read_config(path: Path, *, kalico: bool = False) -> ConfigFile:
    """A printer.cfg with what it includes. Raises InstallError where the file itself cannot be used."""
    configuration = read_configuration(str(path), recursive=kalico)
    if str(path) not in configuration.files.texts:
        raise InstallError(str(configuration.faults[0]))
    return ConfigFile(
        path, configuration, {Path(file): read_text(Path(file)) for file in configuration.files.texts}
    )


def read_text(path: Path) -> str:
    """A file's text with its own line ends. Raises InstallError."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InstallError(f"{path} cannot be read: {reason}.") from error


def _entry(place: Path, name: str, ours: Path) -> tuple[LinkState, Path | None]:
    module = place / f"{name}.py"
    if module.exists() or module.is_symlink():
        return "foreign", module
    link = place / name
    if not link.exists() and not link.is_symlink():
        return "none", None
    if link.is_symlink() and link.resolve() == (ours / name).resolve():
        return "ours", None
    if link.is_symlink() and link.readlink().parts[-2:] == ("klippy_extra", name):
        return "stale", None
    return "foreign", link


def _exclude_file(root: Path) -> Path | None:
    if not (root / ".git").exists():
        return None
    answer = output_of("git", "-C", str(root), "rev-parse", "--git-path", "info/exclude")
    return root / (answer or ".git/info/exclude")


def _ignored(root: Path, place: Path) -> bool:
    """Whether git ignores a place in its checkout."""
    return output_of("git", "-C", str(root), "check-ignore", "-q", str(place)) is not None


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="surrogateescape").splitlines() if path.is_file() else []
