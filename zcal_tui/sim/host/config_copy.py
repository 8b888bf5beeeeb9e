"""The printer.cfg that klippy runs: a copy of the profile's with its includes, cut off from this machine.

Klippy gets a copy because SAVE_CONFIG writes into it. In the copy nothing leads back: micro-controllers are the
simulated ones, files are in the run folder, shell commands are messages, included files are beside it.
"""

import glob
import os
import posixpath
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from zcal_tui.klipper_config.configuration import Configuration, split_saved
from zcal_tui.klipper_config.files import LoadError, include_pattern, load
from zcal_tui.sim.host.errors import SimulatorError
from zcal_tui.sim.sections import WITH_A_PORT
from zcal_tui.sim.temperature_bounds import HOST_TEMPERATURE

SHELL = "gcode_shell_command"
_OUTSIDE = ".outside"
"""The folder of files from outside the profile's: hidden, so that no pattern of the profile's finds them there."""
_MCU_OPTIONS = ("serial", "baud", "canbus_uuid", "canbus_interface", "restart_method")
_HOST_TEMPERATURE = f"{1000 * HOST_TEMPERATURE:.0f}\n"
"""As Linux reports it, in thousandths of a degree."""
_SHELL_STUB = (
    "[gcode_macro RUN_SHELL_COMMAND]",
    "description: Shell commands do not run on a simulated printer",
    "gcode:",
    '    {action_respond_info("The shell command %s was not run." % params.CMD|default("", true))}',
    "",
)


@dataclass(frozen=True)
class Places:
    """What a configuration is connected to."""

    ports: Mapping[str, Path]
    """The ports of micro-controllers, by section."""
    gcodes: Path
    files: Path
    """The folder for files that sections name."""


def copy_config(
    configuration: Configuration,
    target: Path,
    places: Places,
    *,
    left_out: Collection[tuple[str, str]] = (),
    renamed: Collection[tuple[str, str, str]] = (),
    added: Collection[tuple[str, str, str]] = (),
) -> None:
    """Write the copy of a sound configuration. Raises SimulatorError.

    `left_out` are sections, or options of sections; the option is empty for a whole section. `renamed` are options that
    get another name: section, name, new name. `added` are options that the files lack: section, name, value.
    """
    try:
        for path, text in _Copy(configuration, target, places, left_out, renamed, added).files():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SimulatorError(
            f"{error.filename} cannot be written.", f"{error.strerror}.", "Name another place with --run-dir."
        ) from error


class _Copy:
    def __init__(
        self,
        configuration: Configuration,
        target: Path,
        places: Places,
        left_out: Collection[tuple[str, str]],
        renamed: Collection[tuple[str, str, str]],
        added: Collection[tuple[str, str, str]],
    ) -> None:
        self._configuration = configuration
        self._places = places
        self._targets = _layout(configuration, target)
        self._commented: dict[Path, set[int]] = {file: set() for file in self._targets.values()}
        self._deleted: set[int] = set()
        self._below: dict[tuple[Path, int], list[str]] = {}
        self._added: list[str] = []
        shell = [section for section in configuration.sections.values() if section.kind == SHELL]
        if shell and "gcode_macro RUN_SHELL_COMMAND" not in configuration.sections:
            self._added += _SHELL_STUB
        kinds = {section.kind for section in configuration.sections.values()}
        if "display" in kinds and "virtual_sdcard" not in kinds:
            # Kalico's display menu lists its files and does not start without it
            self._added += ("[virtual_sdcard]", f"path: {places.gcodes}", "")
        self._leave_out({*left_out, *((section.name, "") for section in shell)})
        self._connect()
        self._rename(renamed)
        self._add(added, left_out)

    def files(self) -> Iterator[tuple[Path, str]]:
        """Each file of the copy with its text."""
        written: set[Path] = set()
        for source, target in self._targets.items():
            # A file that is included under two names is one file.
            if target not in written:
                written.add(target)
                lines = self._configuration.files.texts[source].split("\n")
                yield target, "\n".join(self._edited(source, lines))
        yield from self._extra_files()

    def _leave_out(self, left_out: Collection[tuple[str, str]]) -> None:
        for entry in self._configuration.entries:
            if (entry.section, "") in left_out or (entry.section, entry.option) in left_out:
                lines = range(entry.first, entry.last + 1)
                if entry.saved:
                    # SAVE_CONFIG's block takes no comments, and klippy wants a module for each section in it.
                    self._deleted.update(lines)
                else:
                    self._commented[self._targets[entry.file]].update(lines)

    def _connect(self) -> None:
        for name, section in self._configuration.sections.items():
            replaced: dict[str, str] = {}
            if name in self._places.ports:
                replaced = dict.fromkeys(_MCU_OPTIONS, "")
                replaced |= {"serial": str(self._places.ports[name]), "restart_method": "command"}
                if name in WITH_A_PORT:  # else it runs a program that looks at the port
                    replaced |= {"skip_firmware_version_check": "True"}
            elif name == "virtual_sdcard":
                replaced = {"path": str(self._places.gcodes)}
            elif name == "save_variables":
                replaced = {"filename": str(self._variables)}
            elif section.get("sensor_type") == "temperature_host":
                replaced = {"sensor_path": str(self._host_temperature)}
            if replaced:
                self._replace(name, replaced)

    def _rename(self, renamed: Collection[tuple[str, str, str]]) -> None:
        for name in dict.fromkeys(section for section, _, _ in renamed):
            options = self._configuration.sections[name].options
            names = {old: new for section, old, new in renamed if section == name}
            self._replace(
                name, dict.fromkeys(names, "") | {new: options[old].value for old, new in names.items()}
            )

    def _replace(self, section: str, values: Mapping[str, str]) -> None:
        """Set options below the section's first header, and nowhere else; empty ones are dropped."""
        place = self._configuration.sections[section].place
        self._below.setdefault((self._targets[place.file], place.line), []).extend(
            f"{name}: {value}" for name, value in values.items() if value
        )
        for entry in self._configuration.entries:
            if entry.section == section and entry.option in values and not entry.saved:
                self._commented[self._targets[entry.file]].update(range(entry.first, entry.last + 1))

    def _add(self, added: Collection[tuple[str, str, str]], left_out: Collection[tuple[str, str]]) -> None:
        """Set options that the files lack: below their section's header, or in a section of their own."""
        headers = {
            entry.section
            for entry in self._configuration.entries
            if entry.option is None and not entry.saved and (entry.section, "") not in left_out
        }
        sections: dict[str, dict[str, str]] = {}
        for section, option, value in added:
            sections.setdefault(section, {})[option] = value
        for section, values in sections.items():
            if section in headers:
                self._replace(section, values)
            else:
                self._added += (f"[{section}]", *(f"{name}: {value}" for name, value in values.items()), "")

    def _edited(self, source: str, lines: list[str]) -> Iterator[str]:
        end, target = len(lines), self._targets[source]
        if source == self._configuration.files.main:
            end = split_saved(self._configuration.files.texts[source])[0].count("\n") + 1
        for number, line in enumerate(lines[:end], start=1):
            if number in self._commented[target]:
                yield "#" + line
            else:
                yield from self._include(source, line)
            yield from self._below.get((target, number), ())
        if source == self._configuration.files.main:
            yield from self._added
        for number, line in enumerate(lines[end:], start=end + 1):
            if number not in self._deleted:
                yield line

    def _include(self, source: str, line: str) -> Iterator[str]:
        """An include line: as it is where it finds the same files in the copy, else one for each file."""
        pattern = include_pattern(line)
        if pattern is None:
            yield line
            return
        found = self._configuration.files.included.get((source, pattern), ())
        targets = [self._targets[file] for file in found]
        here = self._targets[source].parent
        moved = any(_OUTSIDE in target.parts for target in (*targets, self._targets[source]))
        absent = not found and not glob.has_magic(pattern)
        if not moved and not absent and not posixpath.isabs(pattern):
            yield line
            return
        yield "#" + line
        for target in targets:
            yield f"[include {os.path.relpath(target, here)}]"

    @property
    def _variables(self) -> Path:
        return self._places.files / "variables.cfg"

    @property
    def _host_temperature(self) -> Path:
        return self._places.files / "host_temperature"

    def _extra_files(self) -> Iterator[tuple[Path, str]]:
        variables = self._configuration.sections.get("save_variables")
        if variables is not None:
            yield self._variables, self._saved_variables(variables.get("filename") or "")
        yield self._host_temperature, _HOST_TEMPERATURE

    def _saved_variables(self, name: str) -> str:
        """What the variables file holds: the one beside printer.cfg, which a tree brings along, else the one named."""
        beside = posixpath.join(posixpath.dirname(self._configuration.files.main), posixpath.basename(name))
        for path in (beside, os.path.expanduser(name)):  # noqa: PTH111  a name as klippy takes it
            with suppress(LoadError, UnicodeDecodeError):
                return load(path).decode()
        return "[Variables]\n"


def _layout(configuration: Configuration, target: Path) -> dict[str, Path]:
    """Where each file goes: those below printer.cfg's folder at the same place, others into a folder of their own."""
    main = configuration.files.main
    root = posixpath.dirname(posixpath.abspath(main))
    layout: dict[str, Path] = {}
    taken: dict[str, Path] = {}
    for file in configuration.files.texts:
        path = posixpath.abspath(file)
        if path not in taken:
            inside = posixpath.relpath(path, root)
            outside = inside == ".." or inside.startswith("../")
            place = f"{_OUTSIDE}/{len(taken)}/{posixpath.basename(path)}" if outside else inside
            taken[path] = target if file == main else target.parent / place
        layout[file] = taken[path]
    return layout
