"""What a klippy knows, read from its source text without running any of it: modules, and the names of options.

An option's name is in the source as a string, whole ("rotation_distance") or as the part that a name is made of
("temperature%d", "driver_", "_pin"). A name that no module has is unknown to that klippy: it would not start with it.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from zcal_tui.sim.option_values import ValueRule, refused_value, value_rules
from zcal_tui.sim.sections import kind_name

_STRING = re.compile(r"""["']([A-Za-z0-9_%.]+)["']""")
_SHORTEST_PART = 3
"""Letters. A shorter text with a hole in it stands for too many names."""
_HOLE = re.compile(r"%\.?\d*[a-z]")
_WITHOUT_MODULE = ("stepper", "printer", "extruder", "mcu", "carriage", "extra_carriage", "dual_carriage")
"""Kinds of sections that klippy itself reads."""
_OF_THE_DISPLAY = ("menu", "display_template", "display_data", "display_glyph")
_OF_THE_CORE = ("printer", "stepper")
"""Kinds of sections that klippy and its kinematics alone read, so that an option of an extra's does not count there."""
_REMOVED = ("step_distance",)
"""Options of motors that only klippy itself has ever read; what extras call so is something else."""
_OF_ONE_MODULE = ("delayed_gcode",)
"""Kinds of sections of which only their module reads options."""
_CONSTANTS, _KALICO = "constants", "danger_options"
"""A section without a module that Kalico reads itself, and a module that only Kalico has."""
_HEATER, _POINTS = ("extras/heaters.py",), ("extras/probe.py",)
_READERS: Mapping[str, tuple[str, ...]] = {
    "stepper": ("stepper.py", "kinematics/*.py"),
    "printer": ("toolhead.py", "kinematics/*.py"),
    "extruder": ("stepper.py", "kinematics/extruder.py", *_HEATER),
    **dict.fromkeys(("heater_bed", "heater_generic"), _HEATER),
    **dict.fromkeys(
        ("fan", "fan_generic", "heater_fan", "controller_fan", "temperature_fan"), ("extras/fan.py", *_HEATER)
    ),
    **dict.fromkeys(
        ("probe", "bltouch", "smart_effector", "probe_eddy_current", "load_cell_probe", "dockable_probe"),
        _POINTS,
    ),
    **dict.fromkeys(("bed_mesh", "screws_tilt_adjust", "delta_calibrate"), _POINTS),
    **dict.fromkeys(("z_tilt", "z_tilt_ng", "quad_gantry_level"), ("extras/z_tilt.py", *_POINTS)),
}
"""Besides its own module, the files of klippy that read a kind of section."""
_OLDER_NAMES: Mapping[tuple[str, str], str] = {
    ("mcp4018", "i2c_software_scl_pin"): "scl_pin",
    ("mcp4018", "i2c_software_sda_pin"): "sda_pin",
}


class KlippyFacts:
    """One klippy, by the folder that holds `klippy/`."""

    def __init__(self, root: Path, companions: Sequence[Path] = ()) -> None:
        """`companions` are the folders of modules that the simulator brings along."""
        self._klippy = root / "klippy"
        self._companions = {path.name: path for path in companions}
        self._rules: dict[str, Mapping[str, tuple[ValueRule, ...]]] = {}

    def has_module(self, section: str) -> bool:
        """Whether there is a module for a section, by its name."""
        kind = kind_name(section)
        if kind == _CONSTANTS:
            return self.is_kalico
        if kind in _OF_THE_DISPLAY:
            return self._module("display") is not None
        if kind in _WITHOUT_MODULE or kind in self._companions:
            return True
        return self._module(section.split()[0]) is not None

    def knows(self, section: str, option: str) -> bool:
        """Whether any module has an option's name; those that are brought along count for their own sections."""
        kind = kind_name(section)
        if kind == _CONSTANTS or option in self._companion_words.get(kind, ()):
            return True
        module = self._module(kind) if kind in _OF_ONE_MODULE else None
        if module is not None:
            return option in {text.lower() for text in _strings(module)}
        words = self._core_words if kind in _OF_THE_CORE or option in _REMOVED else self._words
        return option in words or any(_fits(texts, option) for texts in self._patterns)

    def refused_value(self, section: str, option: str, value: str) -> str:
        """Why this klippy does not start with a value, as the end of a sentence; empty where it does, or where its
        source does not show it."""
        return refused_value(self._rules_of(kind_name(section)).get(option, ()), value)

    def _rules_of(self, kind: str) -> Mapping[str, tuple[ValueRule, ...]]:
        if kind not in self._rules:
            own = self._module(kind)
            paths = [own] if own is not None else []
            for pattern in _READERS.get(kind, ()):
                paths += sorted(self._klippy.glob(pattern))
            if kind in self._companions:
                paths = sorted(self._companions[kind].rglob("*.py"))
            self._rules[kind] = value_rules(paths)
        return self._rules[kind]

    @property
    def is_kalico(self) -> bool:
        """Whether it is Kalico."""
        return self._module(_KALICO) is not None

    @property
    def runs_cartographer(self) -> bool:
        """Whether the Cartographer plugin can home with it: it starts triggers as klippy does since 2024."""
        return "report_offset" in (self._klippy / "mcu.py").read_text(encoding="utf-8", errors="replace")

    def mentions(self, word: str) -> bool:
        """Whether any module has a word as a whole string, such as a value that it offers. The case counts."""
        return word in self._texts

    def needs_older_name(self, section: str, option: str) -> str:
        """The name that the section's module has for an option which was renamed later; empty if it was not."""
        older = _OLDER_NAMES.get((kind_name(section), option), "")
        module = self._module(section.split()[0])
        return older if older and module is not None and older in _strings(module) else ""

    @cached_property
    def _texts(self) -> frozenset[str]:
        return frozenset(text for path in sorted(self._klippy.rglob("*.py")) for text in _strings(path))

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(text.lower() for text in self._texts)

    @cached_property
    def _core_words(self) -> frozenset[str]:
        return frozenset(
            text.lower()
            for path in sorted(self._klippy.rglob("*.py"))
            if not {"extras", "plugins"}.intersection(path.relative_to(self._klippy).parts)
            for text in _strings(path)
        )

    @cached_property
    def _companion_words(self) -> Mapping[str, frozenset[str]]:
        return {name: _words_below(folder) for name, folder in self._companions.items()}

    @cached_property
    def _patterns(self) -> tuple[list[str], ...]:
        """Names that are made of a text and a number or another name: the texts around these."""
        parts = [word for word in self._words if len(_HOLE.sub("", word).strip("_.")) >= _SHORTEST_PART]
        return tuple(_HOLE.split(part) for part in map(_with_holes, parts) if _HOLE.search(part))

    def _module(self, name: str) -> Path | None:
        for folder in (self._klippy / "extras", self._klippy / "plugins"):
            for path in (folder / name / "__init__.py", folder / f"{name}.py"):
                if path.is_file():
                    return path
        return None


def _with_holes(word: str) -> str:
    """A word that begins or ends with an underscore is a part of a longer one."""
    return ("%s" if word.startswith("_") else "") + word + ("%s" if word.endswith("_") else "")


def _fits(texts: Sequence[str], name: str) -> bool:
    """Whether a name consists of these texts with letters, digits or underscores between each two of them."""
    if not (name.startswith(texts[0]) and name.endswith(texts[-1])):  # nearly all are out by this
        return False
    return re.fullmatch(r"\w+".join(map(re.escape, texts)), name) is not None


def _words_below(folder: Path) -> frozenset[str]:
    return frozenset(text.lower() for path in sorted(folder.rglob("*.py")) for text in _strings(path))


def _strings(path: Path) -> set[str]:
    """The strings in a module that could be names."""
    return set(_STRING.findall(path.read_text(encoding="utf-8", errors="replace")))
