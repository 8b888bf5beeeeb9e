"""Sections and options of a configuration, each with the file and line it comes from.

The rules are those of klippy: Python's RawConfigParser, fed with the lines between two includes at a time, comments cut
at any # and at a ; that begins a word; then the values of the SAVE_CONFIG block that nothing above it sets.
Source: Klipper, klippy/configfile.py; Python, library reference, configparser.
"""

import re
from collections.abc import Iterator, Mapping
from configparser import RawConfigParser
from dataclasses import dataclass, field

from zcal_tui.klipper_config.files import ConfigText, Fault, FileLocation, include_pattern, read_files

AUTOSAVE_HEADER = (
    "\n#*# <---------------------- SAVE_CONFIG ---------------------->\n"
    "#*# DO NOT EDIT THIS BLOCK OR BELOW. The contents are auto-generated.\n"
    "#*#\n"
)
"""What begins the block that SAVE_CONFIG writes. Source: Klipper, klippy/configfile.py."""

_INLINE_COMMENT = re.compile(r"(?:^|(?<=\s));")
_OPTION = re.compile(r"(?P<option>.*?)\s*[=:]\s*(?P<value>.*)$")


@dataclass(frozen=True, slots=True)
class Entry:
    """A section's header (`option` is None) or an option, wherever the files have one: lines `first` to `last`."""

    section: str
    option: str | None
    file: str
    first: int
    last: int
    saved: bool = False
    """Whether it is in the SAVE_CONFIG block."""


@dataclass(frozen=True, slots=True)
class ConfigOption:
    """A value that counts, and where it is set."""

    value: str
    place: FileLocation


@dataclass(frozen=True)
class Section:
    """A section, merged from everywhere it is."""

    name: str
    place: FileLocation
    """Its first header."""
    options: Mapping[str, ConfigOption] = field(default_factory=dict)
    """By name in lower case, in the order in which they were first set."""

    @property
    def kind(self) -> str:
        """The first word of the name: what module of klippy it is for."""
        return self.name.split()[0] if self.name.split() else ""

    def get(self, option: str) -> str | None:
        """An option's value, None without one."""
        found = self.options.get(option)
        return None if found is None else found.value

    def where(self, option: str) -> FileLocation:
        """The place of an option, or of the section where it has none of that name."""
        found = self.options.get(option)
        return self.place if found is None else found.place


@dataclass(frozen=True)
class Configuration:
    """A configuration as klippy sees it. With faults klippy would not start; the rest is what could be read."""

    files: ConfigText
    sections: Mapping[str, Section]
    """In the order of their first headers."""
    entries: tuple[Entry, ...]
    faults: tuple[Fault, ...] = ()


def read_configuration(main: str, *, recursive: bool = False) -> Configuration:
    """Read a printer.cfg from the disk; see `read_files`."""
    return parse(read_files(main, recursive=recursive))


def parse_text(text: str, name: str = "printer.cfg") -> Configuration:
    """The configuration that a text without includes is."""
    return parse(ConfigText(name, {name: text.replace("\r\n", "\n")}, {}))


def parse(files: ConfigText) -> Configuration:
    """The sections and options of files."""
    parser = _Parser(files)
    if files.main in files.texts:
        regular, saved = split_saved(files.texts[files.main])
        parser.file(files.main, regular)
        parser.saved(files.main, saved, regular.count("\n") + AUTOSAVE_HEADER.count("\n"))
    return parser.done()


def split_saved(text: str) -> tuple[str, list[str]]:
    """A main file's text before the SAVE_CONFIG block, and the block's lines without their prefix.

    A block that somebody edited does not count: klippy ignores it.
    """
    start = text.find(AUTOSAVE_HEADER)
    if start < 0:
        return text, []
    before, block = text[:start], text[start + len(AUTOSAVE_HEADER) :].strip()
    if "\n#*# " in before or AUTOSAVE_HEADER in block:
        return text, []
    lines = block.split("\n") if block else []
    if any(not line.startswith("#*#") or (len(line) > 3 and line[3] != " ") for line in lines):
        return text, []
    return before, [line[4:] for line in lines]


class _Parser:
    """Collects sections; one run of lines without an include at a time."""

    def __init__(self, files: ConfigText) -> None:
        self._files = files
        self._places: dict[str, FileLocation] = {}
        self._values: dict[str, dict[str, tuple[list[str], FileLocation]]] = {}
        self._entries: list[Entry] = []
        self._faults = list(files.faults)
        self._open: list[str] = []

    def done(self) -> Configuration:
        defaults = self._values.pop(RawConfigParser().default_section, {})
        sections = {
            name: Section(
                name,
                self._places[name],
                {
                    option: ConfigOption("\n".join(lines).rstrip(), place)
                    for option, (lines, place) in {**defaults, **values}.items()
                },
            )
            for name, values in self._values.items()
        }
        return Configuration(self._files, sections, tuple(self._entries), tuple(self._faults))

    def file(self, path: str, text: str) -> None:
        """Parse a file with what it includes."""
        if path in self._open:  # its recursion is among the faults
            return
        self._open.append(path)
        run: list[tuple[int, str]] = []
        for number, line in enumerate(text.split("\n"), start=1):
            pattern = include_pattern(line)
            if pattern is None:
                run.append((number, line))
                continue
            self._run(path, run)
            run = []
            for included in self._files.included.get((path, pattern), ()):
                self.file(included, self._files.texts[included])
        self._run(path, run)
        self._open.pop()

    def saved(self, path: str, lines: list[str], offset: int) -> None:
        """Parse the SAVE_CONFIG block; what is set elsewhere stays."""
        regular = {(section, option) for section, values in self._values.items() for option in values}
        self._run(path, [(offset + n, line) for n, line in enumerate(lines, start=1)], keep=regular)

    def _run(self, path: str, lines: list[tuple[int, str]], keep: set[tuple[str, str]] | None = None) -> None:
        section: str | None = None
        value: list[str] | None = None
        opened: int | None = None
        indent = 0
        for number, line in lines:
            code, commented = _without_comment(line)
            if not code:
                # An empty line belongs to the value above it, a commented one does not.
                if value is not None and not commented:
                    value.append("")
                continue
            depth = len(line) - len(line.lstrip())
            if value is not None and depth > indent:
                value.append(code)
                if opened is not None:
                    self._entries[opened] = _longer(self._entries[opened], number)
                continue
            indent = depth
            header = RawConfigParser.SECTCRE.match(code)
            if header:
                section, value, opened = header["header"], None, None
                self._places.setdefault(section, FileLocation(path, number))
                self._values.setdefault(section, {})
                self._entries.append(Entry(section, None, path, number, number, keep is not None))
                continue
            found = _OPTION.match(code)
            if section is None:
                self._fault(path, number, "This line is in no section. Put a [section] above it.")
            elif found is None or not found["option"]:
                self._fault(path, number, f"In [{section}]: this line is not an option. Write name: value.")
            else:
                name, place = found["option"].rstrip().lower(), FileLocation(path, number)
                value = [found["value"].strip()]
                self._entries.append(Entry(section, name, path, number, number, keep is not None))
                opened = len(self._entries) - 1
                if keep is None or (section, name) not in keep:
                    self._values[section][name] = (value, place)

    def _fault(self, path: str, number: int, text: str) -> None:
        self._faults.append(Fault(FileLocation(path, number), text))


def _without_comment(line: str) -> tuple[str, bool]:
    """A line's content, and whether the parser sees a comment: klippy has cut at any # before."""
    code = line.partition("#")[0]
    semicolon = _INLINE_COMMENT.search(code)
    return (code[: semicolon.start()] if semicolon else code).strip(), bool(semicolon)


def _longer(entry: Entry, last: int) -> Entry:
    return Entry(entry.section, entry.option, entry.file, entry.first, last, entry.saved)


def boolean(value: str) -> bool | None:
    """A value as klippy reads a boolean; None where it is none."""
    return RawConfigParser.BOOLEAN_STATES.get(value.strip().lower())


def sections_named(configuration: Configuration, *kinds: str) -> Iterator[Section]:
    """The sections of these kinds, in the configuration's order."""
    return (section for section in configuration.sections.values() if section.kind in kinds)
