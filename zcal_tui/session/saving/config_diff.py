"""Prediction of what SAVE_CONFIG does to printer.cfg: the new text, and what it would refuse.

Klipper's rules (klippy/configfile.py): saved values are in a block of comments at the end of the main file. A saved
value is commented out elsewhere in the main file. If an included file has it as well, SAVE_CONFIG refuses. Kalico
refuses only if the included value differs, and with `autosave_includes` comments it out there too.
"""

import difflib
import io
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from configparser import Error as ParserError
from configparser import RawConfigParser

from zcal_tui.klipper_config.files import ConfigText, include_pattern
from zcal_tui.model.lazy_dataclass import dataclass

CONTEXT = 2
"""Lines shown around each change."""

_HEADER = (
    "\n#*# <---------------------- SAVE_CONFIG ---------------------->\n"
    "#*# DO NOT EDIT THIS BLOCK OR BELOW. The contents are auto-generated.\n"
    "#*#\n"
)
_COMMENT = re.compile(r"[#;].*$")
_AFTER_NAME = re.compile(r"[^A-Za-z0-9_].*$")

Pending = Mapping[str, Mapping[str, str]]
"""What is staged, {section: {option: text}}; an empty section is one that will be removed."""
HasOption = Callable[[str, str], bool]


class Unsavable(Exception):
    """SAVE_CONFIG would fail, or leave a file that klippy cannot read. `args` are what, cause and remedy."""

    def __init__(self, what: str, cause: str = "", remedy: str = "") -> None:
        super().__init__(what, cause, remedy)
        self.what, self.cause, self.remedy = what, cause, remedy


@dataclass(frozen=True)
class Fork:
    """How this klippy differs from Klipper's own SAVE_CONFIG."""

    equal_may_stay: bool = False
    """An included value equal to the saved one is no conflict."""
    edits_includes: bool = False
    """Included values are commented out like those of the main file."""


@dataclass(frozen=True)
class Conflict:
    """A value that SAVE_CONFIG cannot write, because a file that it does not edit sets it."""

    section: str
    option: str
    file: str
    line: int
    value: str


@dataclass(frozen=True)
class FileChange:
    """A file's text before and after."""

    path: str
    before: str
    after: str


@dataclass(frozen=True)
class Prediction:
    """What SAVE_CONFIG will do."""

    changes: tuple[FileChange, ...]
    """The main file first."""
    conflicts: tuple[Conflict, ...] = ()
    """Why it would refuse instead."""
    edited: tuple[str, ...] = ()
    """What else the restart applies: edits of the files since klippy started."""

    def diff(self) -> str:
        """The changes as a unified diff."""
        lines: list[str] = []
        for change in self.changes:
            name = posixpath.basename(change.path)
            lines += difflib.unified_diff(
                _shown(change.before), _shown(change.after), name, f"{name} (after)", "", "", CONTEXT, ""
            )
        return "\n".join(lines)


def predict(config: ConfigText, pending: Pending, running: Pending, fork: Fork) -> Prediction:
    """What SAVE_CONFIG will do with these files when all of `pending` is staged.

    `running` is the configuration that klippy runs with; it shows what was edited since. Raises Unsavable.
    """
    before = config.texts[config.main]
    regular, block = _split(before)
    without = _parse(config, regular)
    active = _comment_out(block, without.has_option)
    saved = _parse_block(active)
    on_disk = _parse(config, regular, active)
    edited = _edited(on_disk, running)
    for section, options in pending.items():
        if not options:
            saved.remove_section(section)
            continue
        if not saved.has_section(section):
            saved.add_section(section)
        for option, value in options.items():
            saved.set(section, option, value)
    regular = _comment_out(regular, saved.has_option)
    changes = [FileChange(config.main, before, regular.rstrip() + _block(saved))]
    texts = dict(config.texts)
    if fork.edits_includes:
        for path in config.texts:
            if path != config.main:
                texts[path] = _comment_out(texts[path], saved.has_option)
    changes += [
        FileChange(path, config.texts[path], after)
        for path, after in texts.items()
        if after != config.texts[path]
    ]
    reader = ConfigText(config.main, texts, config.included)
    conflicts = tuple(_conflicts(reader, regular, saved, fork))
    if not conflicts:
        _require_others_kept(on_disk, _parse(reader, regular, _text(saved)), pending)
    return Prediction(tuple(changes), conflicts, edited)


def _split(text: str) -> tuple[str, str]:
    """The part of the main file that people write, and the saved block without its comment marks."""
    regular, header, block = text.partition(_HEADER)
    lines = block.strip().split("\n") if block.strip() else []
    whole = all(line == "#*#" or line.startswith("#*# ") for line in lines)
    if "\n#*# " in regular or _HEADER in block or not whole:
        raise Unsavable(
            "The SAVE_CONFIG block of printer.cfg was edited by hand.",
            "Klipper cannot read it: every line of the block must begin with #*#, and its header must occur once.",
            "Move the values into their sections above and delete the block, then RESTART.",
        )
    return regular, "\n" + "\n".join(line[4:] for line in lines) + "\n" if header else ""


def _comment_out(text: str, has: HasOption) -> str:
    """The text with all lines of the options that `has` knows commented out."""
    lines = text.split("\n")
    section = ""
    matches = False
    for number, line in enumerate(lines):
        bare = _COMMENT.sub("", line).rstrip()
        if not bare:
            continue
        if not bare[0].isspace():
            matches = False
            if bare[0] == "[":
                section = bare[1:-1].strip()
                continue
            matches = has(section, _AFTER_NAME.sub("", bare))
        if matches:
            lines[number] = "#" + line
    return "\n".join(lines)


def _require_others_kept(before: RawConfigParser, after: RawConfigParser, pending: Pending) -> None:
    """Refuse where SAVE_CONFIG would change more than what is pending, as with an indented section header: klippy reads
    it as one, but does not see it when it comments lines out. Raises Unsavable."""
    for section in dict.fromkeys((*before.sections(), *after.sections())):
        if section in pending and not pending[section]:
            continue
        saved = {option.lower() for option in pending.get(section, {})}
        was, becomes = _values(before, section), _values(after, section)
        for option in dict.fromkeys((*was, *becomes)):
            if option not in saved and was.get(option) != becomes.get(option):
                raise Unsavable(
                    f"SAVE_CONFIG would also change {option} of [{section}].",
                    "It mistakes that line for one of another section, probably because a section header is indented.",
                    "Begin every section header and option at the start of its line, then RESTART.",
                )


def _values(parser: RawConfigParser, section: str) -> dict[str, list[str]]:
    """A section's values as words: SAVE_CONFIG indents lines in its own way."""
    if not parser.has_section(section):
        return {}
    return {option: value.split() for option, value in parser.items(section)}


def _text(saved: RawConfigParser) -> str:
    written = io.StringIO()
    saved.write(written)
    return written.getvalue()


def _block(saved: RawConfigParser) -> str:
    """The saved values as the block at the end of the file."""
    lines = [f"#*# {line}".strip() for line in _text(saved).strip().split("\n")]
    return "\n" + _HEADER.rstrip() + "\n" + "\n".join(lines) + "\n"


def _parts(config: ConfigText, path: str, text: str) -> Iterator[tuple[str, int, list[str]]]:
    """The text in the order klippy reads it, cut at each include: file, number of the first line, lines."""
    lines: list[str] = []
    first = 1
    for number, line in enumerate(text.split("\n"), 1):
        pattern = include_pattern(line)
        if pattern is None:
            lines.append(line.partition("#")[0])
            continue
        yield path, first, lines
        lines, first = [], number + 1
        for file in config.included.get((path, pattern), ()):
            yield from _parts(config, file, config.texts[file])
    yield path, first, lines


def _parser() -> RawConfigParser:
    return RawConfigParser(strict=False, inline_comment_prefixes=(";", "#"))


def _parse(config: ConfigText, main: str, block: str = "") -> RawConfigParser:
    """The whole configuration with `main` as the text of the main file. Raises Unsavable."""
    parser = _parser()
    parts = [*_parts(config, config.main, main), (config.main, 1, _bare(block))]
    try:
        for path, _, lines in parts:
            parser.read_file(io.StringIO("\n".join(lines)), path)
    except ParserError as error:
        raise Unsavable(
            "Klipper cannot read its configuration files as they are now.",
            str(error).replace("\n", " "),
            "Fix the file first. Until then, any restart ends in a Klipper error.",
        ) from error
    return parser


def _parse_block(block: str) -> RawConfigParser:
    parser = _parser()
    try:
        parser.read_file(io.StringIO("\n".join(_bare(block))), "SAVE_CONFIG")
    except ParserError as error:
        raise Unsavable(
            "The SAVE_CONFIG block of printer.cfg cannot be read.",
            str(error).replace("\n", " "),
            "Fix the block at the end of the file, then RESTART.",
        ) from error
    return parser


def _bare(text: str) -> list[str]:
    return [line.partition("#")[0] for line in text.split("\n")]


def _edited(on_disk: RawConfigParser, running: Pending) -> tuple[str, ...]:
    """Where the files differ from what klippy runs with. Kalico itself replaces ${…} and !!include."""
    if not running:
        return ()
    found = []
    for section in on_disk.sections():
        known = running.get(section)
        if known is None:
            found.append(f"[{section}] was added")
            continue
        for option, value in on_disk.items(section):
            if "${" in value or "!!include" in value or known.get(option) == value:
                continue
            was = known.get(option)
            found.append(
                f"[{section}] {option}: {_brief(value)} (was {'unset' if was is None else _brief(was)})"
            )
        found += [
            f"[{section}] {option} was removed" for option in known if not on_disk.has_option(section, option)
        ]
    found += [f"[{section}] was removed" for section in running if not on_disk.has_section(section)]
    return tuple(found)


def _conflicts(config: ConfigText, regular: str, saved: RawConfigParser, fork: Fork) -> Iterator[Conflict]:
    """Saved values that the files still set after the main file was edited."""
    rest = _parse(config, regular)
    for section in saved.sections():
        for option in saved.options(section):
            if not rest.has_option(section, option):
                continue
            value = rest.get(section, option)
            if fork.equal_may_stay and value == saved.get(section, option):
                continue
            file, line = _locate(config, regular, section, option)
            yield Conflict(section, option, file, line, value)


def _locate(config: ConfigText, main: str, section: str, option: str) -> tuple[str, int]:
    """The file and the line where an option's value comes from: the last one counts."""
    found = (config.main, 0)
    for path, first, lines in _parts(config, config.main, main):
        inside = False
        for number, line in enumerate(lines, first):
            if header := RawConfigParser.SECTCRE.match(line):
                inside = header["header"] == section
            elif inside and re.split(r"[:=]", line, maxsplit=1)[0].strip().lower() == option:
                found = (path, number)
    return found


def _brief(value: str) -> str:
    lines = value.strip().split("\n")
    return lines[0] if len(lines) == 1 else f"{len(lines)} lines"


def _shown(text: str) -> list[str]:
    """Lines to show: what is not UTF-8 becomes a question mark."""
    return text.removesuffix("\n").encode("utf-8", "replace").decode("utf-8").split("\n")
