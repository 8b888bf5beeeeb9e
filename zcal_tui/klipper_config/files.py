"""The files of a configuration: printer.cfg and everything it includes, found as klippy finds them.

`collect` decides which files are wanted and in which order; whoever drives it fetches them, from the disk
(`read_files`) or from a server. Source: Klipper, klippy/configfile.py; docs, Config_Reference, "[include]".
"""

import glob
import os
import posixpath
import stat
from collections.abc import Generator, Mapping
from configparser import RawConfigParser
from dataclasses import dataclass, replace

LARGEST_FILE = 16 * 1024 * 1024
"""Bytes. A file beyond this is no configuration."""
MOST_INCLUDES = 2000
"""Files read in all, repetitions included: a file that is included twice includes its own twice."""
DEEPEST_INCLUDE = 50
"""Files between printer.cfg and the deepest one; a loop of symbolic links has no end of its own."""


@dataclass(frozen=True, slots=True)
class FileLocation:
    """A line of a file; line 0 is the file as a whole."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Fault:
    """A reason why klippy cannot read the configuration."""

    place: FileLocation
    text: str
    """One sentence, with a full stop."""
    broken: bool = True
    """Whether klippy could not read it either; False where only this program may be kept from the file."""
    missing: str = ""
    """The include line's pattern, or the file, where the fault is that an included file is not there."""

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(frozen=True, slots=True)
class Load:
    """A request for a file's bytes."""

    path: str


@dataclass(frozen=True, slots=True)
class Find:
    """A request for the sorted paths that an include's pattern stands for, relative to the file it is in."""

    source: str
    pattern: str


class LoadError(Exception):
    """A file cannot be read, at least not by this program. `str()` says why, as a sentence."""

    missing = False
    """Whether it is not there at all."""


class NotTextError(LoadError):
    """A file was read, and klippy could not use it."""


@dataclass(frozen=True)
class ConfigText:
    """The files as klippy reads them: line ends are single newlines, whatever is on disk."""

    main: str
    texts: Mapping[str, str]
    """Each readable file's text by its path."""
    included: Mapping[tuple[str, str], tuple[str, ...]]
    """The readable files that an include line stands for, by the file it is in and its pattern."""
    faults: tuple[Fault, ...] = ()
    foreign_ends: bool = False
    """Whether the main file has Windows line ends."""
    link_to: str = ""
    """The file that the main file is a symbolic link to; empty where it is none, or where that is not known."""


def include_pattern(line: str) -> str | None:
    """The pattern of an include line; None for any other line. A comment begins at a #."""
    found = RawConfigParser.SECTCRE.match(line.partition("#")[0])
    header = found["header"] if found else ""
    return header.removeprefix("include ").strip() if header.startswith("include ") else None


def decode(data: bytes) -> str:
    """A configuration file's text. Raises NotTextError for what is not UTF-8 text."""
    if b"\0" in data:
        raise NotTextError("This is not a text file.")
    if data.startswith(b"\xef\xbb\xbf"):
        raise NotTextError("The file begins with a byte order mark. Save it as UTF-8 without one.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise NotTextError(f"Line {line} is not UTF-8. Save the file as UTF-8.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


Answer = bytes | list[str] | LoadError | None
"""What a request is answered with: a Load with bytes or a LoadError, a Find with paths. The first one is None."""


def collect(main: str) -> Generator[Load | Find, Answer, ConfigText]:
    """Ask for files until all are there; returns them."""
    texts: dict[str, str] = {}
    unreadable: set[str] = set()
    included: dict[tuple[str, str], tuple[str, ...]] = {}
    faults: list[Fault] = []
    foreign = False
    count = 0

    def fetch(path: str) -> Generator[Load | Find, Answer, None]:
        """Get a file's text, once."""
        nonlocal foreign
        if path in texts or path in unreadable:
            return
        data = yield Load(path)
        try:
            if isinstance(data, LoadError):
                raise data
            assert isinstance(data, bytes)
            foreign = foreign or (path == main and b"\r" in data)
            texts[path] = decode(data)
        except LoadError as error:
            unreadable.add(path)
            missing = path if error.missing and path != main else ""
            faults.append(Fault(FileLocation(path), str(error), isinstance(error, NotTextError), missing))

    def follow(
        path: str, asked: FileLocation, above: tuple[str, ...]
    ) -> Generator[Load | Find, Answer, bool]:
        """Read one file and what it includes; whether it can be read."""
        nonlocal count
        count += 1
        here = posixpath.abspath(path)
        problem = _endless(here, above, count)
        if problem:
            if count <= MOST_INCLUDES + 1:
                faults.append(Fault(asked, problem))
            return False
        yield from fetch(path)
        if path in unreadable:
            return False
        for number, line in enumerate(texts[path].split("\n"), start=1):
            pattern = include_pattern(line)
            if pattern is None:
                continue
            place = FileLocation(path, number)
            found = yield Find(path, pattern)
            assert isinstance(found, list)
            if not found and not glob.has_magic(pattern):
                text = f"[include {pattern}] names a file that does not exist."
                faults.append(Fault(place, text, missing=pattern))
            readable = []
            for file in found:
                if (yield from follow(file, place, (*above, here))):
                    readable.append(file)
            included[path, pattern] = tuple(readable)
        return True

    yield from follow(main, FileLocation(main), ())
    return ConfigText(main, texts, included, tuple(faults), foreign)


def _endless(path: str, above: tuple[str, ...], count: int) -> str:
    """Why a file must not be read again; empty where it may."""
    if path in above:
        return f"{path} includes itself. Remove one of the include lines."
    if len(above) >= DEEPEST_INCLUDE:
        return f"Includes are nested more than {DEEPEST_INCLUDE} deep."
    if count > MOST_INCLUDES:
        return f"More than {MOST_INCLUDES} files are included."
    return ""


def read_files(main: str, *, recursive: bool = False) -> ConfigText:
    """Read a configuration from the disk. With `recursive`, ** in a pattern crosses folders, as for Kalico."""
    asking = collect(main)
    answer: Answer = None
    while True:
        try:
            request = asking.send(answer)
        except StopIteration as end:
            files = end.value
            assert isinstance(files, ConfigText)
            return replace(files, link_to=_link_to(main))
        if isinstance(request, Find):
            answer = find_included(request, recursive=recursive)
        else:
            try:
                answer = load(request.path)
            except LoadError as error:
                answer = error


def _link_to(path: str) -> str:
    return os.path.realpath(path) if os.path.islink(path) else ""  # noqa: PTH114  paths are klippy's own text


def find_included(request: Find, *, recursive: bool = False) -> list[str]:
    """The paths on disk that an include line stands for. A * finds no hidden files."""
    place = os.path.join(os.path.dirname(request.source), request.pattern)  # noqa: PTH118, PTH120  as klippy
    try:
        return sorted(glob.glob(place, recursive=recursive))  # noqa: PTH207  Path.glob finds hidden files
    except OSError:
        return []


def load(path: str) -> bytes:
    """A regular file's bytes. Raises LoadError, also for a device or a fifo, since opening one has effects."""
    try:
        status = os.stat(path)  # noqa: PTH116  paths are klippy's own text
        if stat.S_ISDIR(status.st_mode):
            raise LoadError("This is a folder, not a file.")
        if not stat.S_ISREG(status.st_mode):
            raise LoadError("This is not a regular file.")
        if status.st_size > LARGEST_FILE:
            raise LoadError(f"The file is larger than {LARGEST_FILE // 1024 // 1024} MiB.")
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read(LARGEST_FILE)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else None
        failure = LoadError(f"The file cannot be read: {reason or error}.")
        failure.missing = isinstance(error, FileNotFoundError)
        raise failure from error
