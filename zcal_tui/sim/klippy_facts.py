"""What a klippy knows, read from its source text without running any of it: modules, and the names of their options.

An option's name stands in the module as a string, whole ("rotation_distance") or as the part that a name is made of
("temperature%d", "driver_"). A name that is in no module that a section's module refers to is unknown to that klippy.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from zcal_tui.sim.sections import kind_name

_STRING = re.compile(r"""["']([A-Za-z0-9_%.]+)["']""")
_IMPORT = re.compile(r"^\s*(?:from\s+[\w.]*\s+)?import\s+(.+)$|^\s*from\s+\.*(\w+)\s+import", re.MULTILINE)
_LOAD = re.compile(r"""load_object\(\s*\w+\s*,\s*["'](\w+)""")
_WORD = re.compile(r"\w+")
_OLDER_NAMES: Mapping[tuple[str, str], str] = {
    ("mcp4018", "i2c_software_scl_pin"): "scl_pin",
    ("mcp4018", "i2c_software_sda_pin"): "sda_pin",
}
_HOLE = re.compile(r"%\.?\d*[a-z]")
_CORE = ("configfile", "mcu", "stepper", "pins")
"""Modules that read options of sections of others."""
_MOTION = ("stepper", "printer", "extruder", "mcu", "carriage", "extra_carriage", "dual_carriage")
"""Kinds of sections that no extra is for."""


_CONSTANTS, _KALICO = "constants", "danger_options"
"""A section without a module that Kalico reads itself, and a module that only Kalico has."""


class KlippyFacts:
    """One klippy, by the folder that holds `klippy/`."""

    def __init__(self, root: Path) -> None:
        self._klippy = root / "klippy"

    def has_module(self, section: str) -> bool:
        """Whether there is a module for a section, by its name."""
        kind = kind_name(section)
        if kind == _CONSTANTS:
            return self._module(_KALICO) is not None
        return kind in _MOTION or self._module(section.split()[0]) is not None

    def knows(self, section: str, option: str) -> bool:
        """Whether the module of a section, or one that it refers to, has an option's name."""
        kind = kind_name(section)
        if kind == _CONSTANTS:
            return True
        kind = kind if kind in _MOTION else section.split()[0]
        names = self._motion if kind in _MOTION else self._names(kind)
        return option in names or any(pattern.fullmatch(option) for pattern in self._patterns(kind))

    def needs_older_name(self, section: str, option: str) -> str:
        """The name that the section's module has for an option which was renamed later; empty if it was not."""
        older = _OLDER_NAMES.get((kind_name(section), option), "")
        module = self._module(section.split()[0])
        return older if older and module is not None and older in _strings(_text(module)) else ""

    def _patterns(self, kind: str) -> tuple["re.Pattern[str]", ...]:
        """Names that are made of a text and a number or another name."""
        if kind not in self._made:
            names = self._motion if kind in _MOTION else self._names(kind)
            self._made[kind] = tuple(
                re.compile(
                    _HOLE.sub(".+", re.escape(name).replace(r"\%", "%"))
                    + (".+" if name.endswith("_") else "")
                )
                for name in names
                if "%" in name or name.endswith("_")
            )
        return self._made[kind]

    @cached_property
    def _made(self) -> dict[str, tuple["re.Pattern[str]", ...]]:
        return {}

    @cached_property
    def _motion(self) -> frozenset[str]:
        """The names in what klippy itself is made of: kinematics, toolhead, steppers."""
        files = [*self._klippy.glob("*.py"), *(self._klippy / "kinematics").glob("*.py")]
        files += [path for name in ("homing", "heaters") for path in self._files(name)]
        return frozenset(name for path in files for name in _strings(_text(path)))

    def _names(self, kind: str) -> frozenset[str]:
        """The strings in a kind's module and in all that it refers to."""
        if kind not in self._known:
            seen: set[Path] = set()
            waiting = [*self._files(kind), *(path for name in _CORE for path in self._files(name))]
            names: set[str] = set()
            while waiting:
                path = waiting.pop()
                if path in seen:
                    continue
                seen.add(path)
                text = _text(path)
                names.update(_strings(text))
                if path.stem in _CORE:
                    continue
                for name in _referred(text):
                    waiting += self._files(name)
            self._known[kind] = frozenset(names)
        return self._known[kind]

    @cached_property
    def _known(self) -> dict[str, frozenset[str]]:
        return {}

    def _files(self, name: str) -> list[Path]:
        """The files of a module by its name, in the extras or in klippy itself."""
        module = self._module(name)
        if module is not None and module.is_dir():
            return list(module.glob("*.py"))
        found = [module] if module is not None else []
        for folder in (self._klippy, self._klippy / "kinematics", *self._packages):
            path = folder / f"{name}.py"
            if path.is_file():
                found.append(path)
        return found

    @cached_property
    def _packages(self) -> list[Path]:
        """Folders of modules among the extras, such as the one for displays."""
        return [path for path in (self._klippy / "extras").iterdir() if (path / "__init__.py").is_file()]

    def _module(self, name: str) -> Path | None:
        for folder in (self._klippy / "extras", self._klippy / "plugins"):
            if (folder / name / "__init__.py").is_file():
                return folder / name
            if (folder / f"{name}.py").is_file():
                return folder / f"{name}.py"
        return None


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _strings(text: str) -> Iterator[str]:
    return (found.lower() for found in _STRING.findall(text))


def _referred(text: str) -> set[str]:
    """The names of modules that a module imports or loads."""
    names = set(_LOAD.findall(text))
    for imported, source in _IMPORT.findall(text):
        names.update(_WORD.findall(imported))
        names.add(source)
    return names - {""}
