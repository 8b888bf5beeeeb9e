"""Leave out of a configuration what has nothing to do with Z, so that more printers can be simulated.

What Z depends on stays: kinematics, endstops, probe, homing, levelling, mesh, the heaters of bed and extruder, and what
the macros refer to that these call. Macros that nothing left calls and that have nothing to do with Z go, and those
that rename a missing command.
What calibrating would have saved and is missing gets a usual value.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from zcal_tui.klipper_config.configuration import ConfigOption, Configuration, Section
from zcal_tui.klipper_config.files import FileLocation
from zcal_tui.sim import cartographer_options
from zcal_tui.sim.klipper_commands import is_provided
from zcal_tui.sim.klippy_facts import KlippyFacts
from zcal_tui.sim.mandatory import SECOND_MICROSTEPS, AssumedValue, assumed_values, is_second_microsteps
from zcal_tui.sim.rails import returns_to_an_end
from zcal_tui.sim.sections import (
    BELONGS_TO,
    BROUGHT_ALONG,
    KINDS,
    MACRO_NAME,
    MACROS,
    Part,
    driven,
    kind_name,
)
from zcal_tui.sim.templates import template_fault

_MACRO, _EXPANDER = "gcode_macro", "sx1509"
_ROOTS = frozenset(
    (
        *("G28", "G29", "M401", "M402", "PROBE", "PROBE_ACCURACY", "PROBE_CALIBRATE", "QUERY_PROBE"),
        *("BED_MESH_CALIBRATE", "BED_TILT_CALIBRATE", "QUAD_GANTRY_LEVEL", "Z_TILT_ADJUST"),
        *("SCREWS_TILT_CALCULATE", "DELTA_CALIBRATE", "Z_ENDSTOP_CALIBRATE", "CALIBRATE_Z"),
    )
)
"""Commands that macros may replace and that measure or home."""
_Z_WORDS = _ROOTS | {
    *(
        "SET_GCODE_OFFSET",
        "Z_OFFSET_APPLY_PROBE",
        "Z_OFFSET_APPLY_ENDSTOP",
        "MANUAL_PROBE",
        "BED_MESH_PROFILE",
    ),
    *("BED_MESH_CLEAR", "BED_MESH_OFFSET", "SET_KINEMATIC_POSITION", "FORCE_MOVE", "SAVE_CONFIG"),
}
"""Words of a macro that is kept though nothing calls it: people start it, and Z depends on it."""
_ROOT_NAME = re.compile(r"PROBE|DOCK|ATTACH|DEPLOY|STOW|HOM(E|ING)|KLICKY|EUCLID", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A section (an include line too), or one of its options, that is not simulated, and why."""

    section: str
    place: FileLocation
    reason: str
    option: str = ""
    """Empty where the whole section is left out."""


@dataclass(frozen=True)
class Stripped:
    """What is left of a configuration. A command that is gone is no error: klippy answers it with a message."""

    configuration: Configuration
    left_out: tuple[LeftOut, ...]
    assumed: tuple[AssumedValue, ...] = ()
    """What the configuration has that its files lack."""


def strip(
    configuration: Configuration,
    plugins: Collection[str] = (),
    facts: KlippyFacts | None = None,
    *,
    own_coil: bool = False,
) -> Stripped:
    """Leave out what has nothing to do with Z. `plugins` are the kinds of sections that further extras bring. With
    `own_coil`, a scanner has the simulated coil of the defaults, whose models replace the configuration's.

    What klippy would not start with goes as well: includes of files that are not there, and what the klippy that
    `facts` are about does not know.
    """
    return _Stripper(configuration, plugins, facts, own_coil).stripped()


class _Stripper:
    def __init__(
        self,
        configuration: Configuration,
        plugins: Collection[str],
        facts: KlippyFacts | None,
        own_coil: bool,
    ) -> None:
        self._facts = facts
        self._own_coil = own_coil and cartographer_options.KIND not in plugins
        self._configuration = configuration
        self._sections = configuration.sections
        self._plugins = plugins
        self._macros = {
            section.name.split(maxsplit=1)[1].upper(): section
            for section in self._sections.values()
            if section.kind == _MACRO and " " in section.name
        }
        self._left_out: dict[str, LeftOut] = {}

    @property
    def _is_kalico(self) -> bool:
        return self._facts is not None and self._facts.is_kalico

    def stripped(self) -> Stripped:
        called = self._called()
        words = {word.lower() for section in called for word in _WORD.findall(_script(section))}
        for section in self._sections.values():
            reason = self._reason(section, words)
            if reason:
                self._leave_out(section, reason)
        for section in self._sections.values():
            if section.kind.startswith("tmc") and self._is_gone(driven(section)):
                self._leave_out(section, "Its motor is left out.")
        scanned = self._own_coil and cartographer_options.KIND in self._sections
        if scanned:
            self._leave_out_models()
        self._leave_out_orphans()
        self._keep_expanders()
        self._leave_out_chips()
        self._leave_out_renames()
        self._leave_out_macros()
        kept = {name: section for name, section in self._sections.items() if name not in self._left_out}
        # an option that this klippy does not know may still tell what to assume
        assumed = tuple(
            assumed_values(Configuration(self._configuration.files, kept, ()), kalico=self._is_kalico)
        )
        unknown = [
            *self._unknown(kept),
            *self._return_after_homing(),
            *self._second_microsteps(kept, assumed),
        ]
        for one in unknown:
            section = kept[one.section]
            options = {name: option for name, option in section.options.items() if name != one.option}
            kept[one.section] = Section(section.name, section.place, options)
        for value in assumed:
            section = kept[value.section]
            options = {**section.options, value.option: ConfigOption(value.value, value.place)}
            kept[value.section] = Section(section.name, section.place, options)
        faults = self._configuration.faults
        absent = [
            LeftOut(f"include {fault.missing}", fault.place, "The file is not there.")
            for fault in faults
            if fault.missing
        ]
        for model in self._models() if scanned else ():
            kept[model.name] = model
            assumed += tuple(
                AssumedValue(model.name, name, option.value, option.place)
                for name, option in model.options.items()
            )
        left = Configuration(
            self._configuration.files,
            kept,
            self._configuration.entries,
            tuple(fault for fault in faults if not fault.missing),
        )
        return Stripped(left, (*absent, *self._left_out.values(), *unknown), assumed)

    def _unknown(self, kept: Mapping[str, Section]) -> Iterator[LeftOut]:
        """The options that klippy does not know, of sections that stay."""
        if self._facts is None:
            return
        for section in kept.values():
            kind = kind_name(section.name)
            known = kind == cartographer_options.KIND or self._facts.has_module(section.name)
            if kind in self._plugins or not known:
                continue
            for option in section.options:
                if not self._knows(section, option):
                    reason = "The Klipper that would run does not know this option."
                    yield LeftOut(section.name, section.where(option), reason, option)

    def _second_microsteps(
        self, kept: Mapping[str, Section], assumed: Collection[AssumedValue]
    ) -> Iterator[LeftOut]:
        """The microsteps of drivers whose motors have them, or get them."""
        given = {one.section for one in assumed if one.option == "microsteps"}
        for section in kept.values():
            if section.get("microsteps") is not None and (
                is_second_microsteps(self._configuration, section, "microsteps")
                or (section.kind.startswith("tmc") and driven(section) in given)
            ):
                yield LeftOut(section.name, section.where("microsteps"), SECOND_MICROSTEPS, "microsteps")

    def _knows(self, section: Section, option: str) -> bool:
        if section.kind == cartographer_options.KIND:
            return not cartographer_options.knows_section(section) or cartographer_options.knows(
                section, option
            )
        return self._facts is None or self._facts.knows(section.name, option)

    def _leave_out_models(self) -> None:
        """Leave out the models of a scanner's real coil: the simulated one has its own."""
        for section in self._sections.values():
            if cartographer_options.is_model(section):
                self._leave_out(section, "It is the model of another coil than the simulated one.")

    def _models(self) -> Iterator[Section]:
        """The simulated coil's models, by the names that the configuration has models of and the default one."""
        for model in cartographer_options.models():
            kind = model.name.rpartition(" ")[0]
            named = (name for name in self._sections if name.rpartition(" ")[0] == kind)
            place = self._sections[cartographer_options.KIND].place
            for name in dict.fromkeys((model.name, *named)):
                yield Section(
                    name,
                    place,
                    {key: ConfigOption(value.value, place) for key, value in model.options.items()},
                )

    def _return_after_homing(self) -> Iterator[LeftOut]:
        """The option with which G28 would end in a move that Klipper refuses."""
        if returns_to_an_end(self._configuration):
            section, option = self._sections["safe_z_home"], "move_to_previous"
            reason = "G28 would go back to where X or Y homed, often a step out of range, and then fail."
            yield LeftOut(section.name, section.where(option), reason, option)

    def _leave_out(self, section: Section, reason: str) -> None:
        self._left_out[section.name] = LeftOut(section.name, section.place, reason)

    def _is_gone(self, name: str) -> bool:
        return name not in self._sections or name in self._left_out

    def _reason(self, section: Section, words: Collection[str]) -> str:
        name = kind_name(section.name)
        if name in self._plugins:
            return ""
        kind = KINDS.get(name)
        if kind is None:
            return "Klipper has no module of this name."
        brought = kind.part is Part.Z or name in BROUGHT_ALONG
        if not brought and self._facts is not None and not self._facts.has_module(section.name):
            return "The Klipper that would run has no module of this name."
        if section.kind in MACROS and section.get("gcode") is None:
            return "It has no gcode, which Klipper needs."
        if section.kind == _MACRO and len(section.name.split()) != 2:
            return MACRO_NAME
        if section.kind in MACROS and (fault := template_fault(section.get("gcode") or "")):
            return fault
        if kind.part is not Part.OTHER:
            return ""
        label = section.name.split(maxsplit=1)[1].lower() if " " in section.name else name
        if not kind.refused and label in words:
            return ""
        return "Z does not depend on it."

    def _called(self) -> list[Section]:
        """The sections whose G-code may run when Z is homed, levelled or probed."""
        found: dict[str, Section] = {}
        waiting = [
            section
            for section in self._sections.values()
            if section.kind != _MACRO
            and (kind_name(section.name) in self._plugins or _part(section) is Part.Z)
            and _script(section)
        ]
        waiting += [
            macro for name, macro in self._macros.items() if name in _ROOTS or _ROOT_NAME.search(name)
        ]
        z_calibration = self._sections.get("z_calibration")
        if z_calibration is not None:
            waiting.append(z_calibration)
        delayed = {
            section.name.split(maxsplit=1)[1].upper(): section
            for section in self._sections.values()
            if section.kind == "delayed_gcode" and " " in section.name
        }
        while waiting:
            section = waiting.pop()
            if section.name in found:
                continue
            found[section.name] = section
            for word in {word.upper() for word in _WORD.findall(_script(section))}:
                waiting += [named[word] for named in (self._macros, delayed) if word in named]
        return list(found.values())

    def _leave_out_orphans(self) -> None:
        """Leave out what belongs to a display or a light that is gone, and only that: its items refer to each other."""
        left = {kind_name(name) for name in self._sections if name not in self._left_out}
        for section in self._sections.values():
            owners = BELONGS_TO.get(section.kind)
            if owners is not None and left.isdisjoint(owners):
                self._leave_out(section, "Z does not depend on it.")
            elif owners is not None:
                self._left_out.pop(section.name, None)

    def _leave_out_macros(self) -> None:
        """Leave out macros that nothing left calls and that have nothing to do with Z."""
        about_z = self._macros_about_z()
        waiting = [
            section
            for section in self._sections.values()
            if section.name not in self._left_out
            # what replaces a command may be called by anyone
            and (
                section.kind != _MACRO
                or section.name in about_z
                or section.get("rename_existing") is not None
            )
        ]
        kept: set[str] = set()
        while waiting:
            section = waiting.pop()
            if section.name not in kept:
                kept.add(section.name)
                words = {word.upper() for word in _WORD.findall(_texts(section))}
                waiting += [self._macros[word] for word in words if word in self._macros]
        for name, macro in self._macros.items():
            # a name that is not one word cannot be found in a text
            if not self._is_gone(macro.name) and macro.name not in kept and _WORD.fullmatch(name):
                self._leave_out(macro, "Nothing that is left calls it, and it has nothing to do with Z.")

    def _macros_about_z(self) -> set[str]:
        """The sections of macros that replace a command that measures or moves Z, or lead to one."""
        words = {
            name: {word.upper() for word in _WORD.findall(f"{macro.name}\n{_script(macro)}")}
            for name, macro in self._macros.items()
        }
        about = {
            name
            for name, used in words.items()
            if used & _Z_WORDS or any(_ROOT_NAME.search(word) for word in used)
        }
        while more := {name for name, used in words.items() if used & about} - about:
            about |= more
        return {self._macros[name].name for name in about}

    def _keep_expanders(self) -> None:
        """Keep a port expander that something left is connected to."""
        kept = [section for section in self._sections.values() if section.name not in self._left_out]
        for section in self._sections.values():
            chip = section.name.replace(" ", "_", 1)
            if section.kind == _EXPANDER and any(_uses(other, chip) for other in kept):
                self._left_out.pop(section.name, None)

    def _leave_out_chips(self) -> None:
        """Leave out further micro-controllers that nothing left is connected to, and the aliases of their pins."""
        kept = [section for section in self._sections.values() if section.name not in self._left_out]
        for section in kept:
            if section.kind != "mcu" or section.name == "mcu":
                continue
            chip = section.name.split(maxsplit=1)[1]
            if not any(
                _uses(other, chip) for other in kept if other.kind not in ("mcu", "board_pins", _MACRO)
            ):
                self._leave_out(section, "Nothing that is left is connected to it.")
        for section in kept:
            chips = {chip.strip() for chip in (section.get("mcu") or "mcu").split(",")}
            if section.kind == "board_pins" and all(f"mcu {chip}" in self._left_out for chip in chips):
                self._leave_out(section, "Its micro-controller is left out.")

    def _leave_out_renames(self) -> None:
        """Leave out macros that take the place of a command that nothing left provides."""
        kinds = {kind_name(name) for name in self._sections if name not in self._left_out}
        for name, macro in self._macros.items():
            # what a plugin provides is not known
            if (
                macro.get("rename_existing") is not None
                and not self._plugins
                and not is_provided(name, kinds)
            ):
                self._leave_out(macro, "It renames a command that no section provides.")


def _part(section: Section) -> Part | None:
    kind = KINDS.get(kind_name(section.name))
    return kind.part if kind else None


def _script(section: Section) -> str:
    """The G-code of a section."""
    return "\n".join(
        option.value for name, option in section.options.items() if name == "gcode" or name.endswith("_gcode")
    )


def _texts(section: Section) -> str:
    """All values of a section: a macro may be named in any of them, a template or a variable."""
    return "\n".join(option.value for option in section.options.values())


def _uses(section: Section, chip: str) -> bool:
    named = re.compile(rf"(?<![\w.]){re.escape(chip)}\s*:")
    return any(
        named.search(option.value) or (name.endswith("mcu") and option.value.strip() == chip)
        for name, option in section.options.items()
    )


def describe(left_out: Collection[LeftOut], assumed: Collection[AssumedValue] = ()) -> Iterator[str]:
    """A line for each section or option that is left out, and for each value that is assumed."""
    for one in left_out:
        option = f" {one.option}" if one.option else ""
        yield f"{one.place}: [{one.section}]{option}: left out. {one.reason}"
    for value in assumed:
        yield f"{value.place}: [{value.section}] {value.option}: not set. {value.value} is assumed."
