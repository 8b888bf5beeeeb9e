"""Reading printer.cfg the way Klipper does: comments, `:` or `=`, [include], the SAVE_CONFIG block.

Source: Klipper docs, Config_Reference, "Format of the micro-controller pin names" and "Common MCU settings".
"""

import configparser
import re
from collections.abc import Iterator, Mapping
from itertools import dropwhile
from pathlib import Path

_AUTOSAVE = re.compile(r"^#\*# <-+ SAVE_CONFIG -+>\s*$", re.MULTILINE)

Sections = Mapping[str, Mapping[str, str]]
"""Options by section, both in the order of the file; option names are lower case."""


class WiringError(Exception):
    """This printer.cfg cannot be simulated. The message says what, why and what to do."""


class Options:
    """The options of one section, read with the section's name in every complaint."""

    def __init__(self, section: str, values: Mapping[str, str]) -> None:
        self.section = section
        self._values = values

    def text(self, option: str) -> str:
        """A mandatory option."""
        try:
            return self._values[option]
        except KeyError:
            raise WiringError(
                f"printer.cfg: section [{self.section}] has no option {option}. Klipper needs it: add it."
            ) from None

    def optional(self, option: str) -> str | None:
        """An option that may be missing."""
        return self._values.get(option)

    def number(self, option: str, default: float | None = None) -> float:
        """A number; mandatory where no default is given."""
        if default is not None and option not in self._values:
            return default
        value = self.text(option)
        try:
            return float(value)
        except ValueError:
            raise WiringError(
                f"printer.cfg: {option} in section [{self.section}] is {value!r}, but it must be a number."
            ) from None

    def items(self) -> Iterator[tuple[str, str]]:
        """All options with their values."""
        return iter(self._values.items())


def parse_sections(text: str, folder: Path | None = None) -> Sections:
    """Every section of a configuration, included files merged in place and saved values applied last.

    `folder` is where [include] paths start; without it an include is an error. Raises WiringError.
    """
    saved = _AUTOSAVE.search(text)
    body = text[: saved.start()] if saved else text
    parser = configparser.RawConfigParser(strict=False, inline_comment_prefixes=(";", "#"))
    _read_into(parser, body, folder, ())
    if saved:
        lines = (line[3:].removeprefix(" ") for line in text[saved.end() :].splitlines() if line[:3] == "#*#")
        # The block begins with a sentence that is no configuration.
        _parse(parser, "\n".join(dropwhile(lambda line: not line.startswith("["), lines)))
    return {section: dict(parser.items(section)) for section in parser.sections()}


def _read_into(
    parser: configparser.RawConfigParser, text: str, folder: Path | None, seen: tuple[Path, ...]
) -> None:
    pending: list[str] = []
    for line in text.splitlines():
        code = line.split("#", 1)[0].rstrip()
        header = configparser.RawConfigParser.SECTCRE.match(code)
        name = header.group("header").strip() if header else ""
        if not name.startswith("include "):
            pending.append(code)
            continue
        _parse(parser, "\n".join(pending))
        pending = []
        for path in _included(name.removeprefix("include ").strip(), folder):
            if path in seen:
                raise WiringError(
                    f"printer.cfg: {path.name} includes itself. Remove one of the [include] lines."
                )
            _read_into(parser, _read_text(path), path.parent, (*seen, path))
    _parse(parser, "\n".join(pending))


def _included(pattern: str, folder: Path | None) -> list[Path]:
    if folder is None:
        raise WiringError(
            f"printer.cfg: [include {pattern}] cannot be followed: the file's folder is not known."
        )
    paths = sorted(folder.glob(pattern))
    if not paths and not any(sign in pattern for sign in "*?["):
        raise WiringError(
            f"printer.cfg: [include {pattern}] names a file that is not in {folder}. Correct the path."
        )
    return paths


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise WiringError(f"{path}: cannot be read: {error.strerror}. Check the [include] line.") from error
    except UnicodeDecodeError as error:
        raise WiringError(f"{path}: is not UTF-8 text. Save it as UTF-8.") from error


def _parse(parser: configparser.RawConfigParser, text: str) -> None:
    try:
        parser.read_string(text)
    except configparser.Error as error:
        reason = str(error).replace("\n", " ")
        raise WiringError(f"printer.cfg: not a Klipper configuration: {reason}") from error
