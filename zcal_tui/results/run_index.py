"""An index of a printer's ended runs: what a list shows of them, without reading each file.

One file in the printer's folder, which can always be made again from the runs. A run is taken from it only while its
file is the one that was read: same name, size, inode, and times of modification and change. What is damaged, or was
written by another version of this program, is ignored. A run that has not ended is never in it.

The file has the runs as JSON, one a line; a table with a line for each; and a last line of fixed length that says where
the table begins. The table and each text have a checksum. Many runs have the same configuration, so it is stored once.
"""

import contextlib
import fcntl
import json
import os
import re
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from zcal_tui import __version__
from zcal_tui.model.codec import SchemaError, record_from_json
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.outside_json import read_json
from zcal_tui.model.record import Record
from zcal_tui.results.private_files import private

FILE = "runs.index"
"""The file's name in a printer's folder."""
SETTLED = 3 * 10**9
"""Nanoseconds for which a file must be unchanged before it is indexed: file systems' times have steps of up to 2 s, and
a change within one would not show."""
FEWEST = 50
"""Runs that must be missing before the index is written again; fewer are read faster than it is written."""
SHARE = 0.02
"""The share of a printer's runs of which the same is true."""
BUFFER = 1 << 20
"""Bytes that are written at once."""
_VERSION = re.sub(r"[^\x21-\x7e]", "", __version__)[:24]
_LAST = "zcal-tui runs 1 {version:<24} {start:016d} {checksum:08x}\n"
_LAST_LENGTH = len(_LAST.format(version="", start=0, checksum=0))
_NAME = re.compile(r"[\x21-\x7e]+")
"""Names that a line of the table can hold; `store.new_run_id` makes no others."""
_NONE = -1
"""In place of a configuration's number: the run has none of its own."""


def stamps(folder: Path) -> dict[str, str]:
    """What identifies each file of a folder in its present state, by name; empty where it is unknown."""
    found: dict[str, str] = {}
    with contextlib.suppress(OSError), os.scandir(folder) as files:
        for file in files:
            found[file.name] = ""
            with contextlib.suppress(OSError):
                is_now = file.stat()
                found[file.name] = (
                    f"{is_now.st_size}.{is_now.st_ino}.{is_now.st_mtime_ns}.{is_now.st_ctime_ns}"
                )
    return found


@dataclass(frozen=True, slots=True)
class _Text:
    """Where a text is in the index."""

    start: int
    length: int
    checksum: int


@dataclass(frozen=True, slots=True)
class _Run:
    """A run's line in the table."""

    stamp: str
    text: _Text
    count: int
    """How many samples the run has."""
    config: int
    """The number of its configuration."""


class RunIndex:
    """The index of a printer's folder as it is; an empty one where there is none that can be used."""

    def __init__(self, folder: Path) -> None:
        self._runs: dict[str, tuple[str, ...]] = {}
        self._configs: list[_Text] = []
        self._read_configs: dict[int, Any] = {}
        self._file: int | None = None
        with contextlib.suppress(OSError, ValueError):
            self._file = os.open(folder / FILE, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            self._read_table(self._file)

    def _read_table(self, file: int) -> None:
        """Raises OSError, ValueError."""
        end = os.fstat(file).st_size - _LAST_LENGTH
        if end < 0:
            return
        last = os.pread(file, _LAST_LENGTH, end).decode("ascii")
        start, checksum = int(last[-26:-10]), int(last[-9:], 16)
        if last != _LAST.format(version=_VERSION, start=start, checksum=checksum) or start > end:
            return
        table = os.pread(file, end - start, start)
        if zlib.crc32(table) != checksum:
            return
        configs: list[_Text] = []
        runs: dict[str, tuple[str, ...]] = {}
        for line in table.decode("ascii").splitlines():
            name, *fields = line.split(" ")
            if name:
                runs[name] = tuple(fields)
            else:
                configs.append(_text(*fields))
        self._configs, self._runs = configs, runs

    def holds(self, name: str, stamp: str) -> bool:
        """Whether the run in the file of that name, in the state of that stamp, is in the index. It has then ended."""
        fields = self._runs.get(name)
        return fields is not None and stamp != "" and fields[0] == stamp

    def find(self, name: str, stamp: str) -> tuple[Record, int] | None:
        """The record of that run without its samples, and how many there are; None if it is not in the index."""
        if not self.holds(name, stamp):
            return None
        try:
            run = _run(self._runs[name])
            data = read_json(self._text(run.text).decode("ascii"))
            if run.config != _NONE:
                data["context"]["config"] = self._config(run.config)
            return record_from_json(data), run.count
        except (OSError, ValueError, TypeError, KeyError, IndexError, SchemaError):
            return None

    def copy(self, name: str, stamp: str) -> tuple[bytes, int, bytes | None] | None:
        """The text of that run, its number of samples and the text of its configuration, for another index."""
        if not self.holds(name, stamp):
            return None
        try:
            run = _run(self._runs[name])
            config = None if run.config == _NONE else self._text(self._configs[run.config])
            return self._text(run.text), run.count, config
        except (OSError, ValueError, TypeError, IndexError):
            return None

    def _config(self, number: int) -> Any:
        """A configuration; one object for all runs that have it."""
        if number not in self._read_configs:
            self._read_configs[number] = read_json(self._text(self._configs[number]))
        return self._read_configs[number]

    def _text(self, place: _Text) -> bytes:
        """Raises OSError, ValueError."""
        if self._file is None:
            raise ValueError("there is no index")
        text = os.pread(self._file, place.length, place.start)
        if zlib.crc32(text) != place.checksum:
            raise ValueError("the index is damaged")
        return text

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class NewIndex:
    """An index that is being written: beside the one in use, which it replaces only when it is complete.

    Never raises: where it cannot be written, as on a full or read-only disk, or where another program is writing one,
    nothing is stored.
    """

    def __init__(self, folder: Path, old: RunIndex) -> None:
        self._folder = folder
        self._old = old
        self._settled = time.time_ns() - SETTLED
        self._new = folder / f"{FILE}.new"
        self._runs: list[str] = []
        self._configs: dict[bytes, int] = {}
        self._config_lines: list[str] = []
        self._start = 0
        self._waiting = bytearray()
        self._added = 0
        self._file: int | None = None
        try:
            self._file = private(str(self._new), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Who held the lock until now may have put the file in its place
            if os.fstat(self._file).st_ino != self._new.stat().st_ino:
                raise FileNotFoundError(self._new)
            os.ftruncate(self._file, 0)
        except OSError:
            self._abandon()

    @property
    def writing(self) -> bool:
        """Whether an index is being written."""
        return self._file is not None

    def keep(self, name: str, stamp: str) -> None:
        """Take a run over from the index in use."""
        if self._file is not None and (found := self._old.copy(name, stamp)) is not None:
            text, count, config = found
            self._write(name, stamp, text, count, config)

    def add(self, name: str, stamp: str, data: Mapping[str, Any], count: int) -> None:
        """Add a run that was read after its file had that stamp. `data` is its record as JSON, without samples."""
        if self._file is None or not _NAME.fullmatch(name) or not self._is_settled(stamp):
            return
        context, config = data.get("context"), None
        try:
            if isinstance(context, dict) and isinstance(context.get("config"), dict):
                config = _json(context["config"])
                data = {**data, "context": {**context, "config": None}}
            text = _json(data)
        except (ValueError, RecursionError):
            return
        self._write(name, stamp, text, count, config)
        self._added += 1

    def finish(self, among: int) -> None:
        """Put the index in its place, if it has enough new runs, of `among` runs in all."""
        if self._file is None or not worth_writing(self._added, among):
            return self._abandon()
        table = "".join([*self._config_lines, *self._runs]).encode("ascii")
        start = self._start
        last = _LAST.format(version=_VERSION, start=start, checksum=zlib.crc32(table))
        self._append(table + last.encode("ascii"))
        self._flush()
        if self._file is not None:
            try:
                # Not synced: if the power fails now, the checksums show it
                self._new.replace(self._folder / FILE)
            except OSError:
                return self._abandon()
            self._close()
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._abandon()

    def _is_settled(self, stamp: str) -> bool:
        times = [int(part) for part in stamp.split(".")[2:]]
        return bool(times) and max(times) < self._settled

    def _write(self, name: str, stamp: str, text: bytes, count: int, config: bytes | None) -> None:
        number = _NONE
        if config is not None:
            known = self._configs.get(config)
            if known is None:
                known = self._configs[config] = len(self._configs)
                self._config_lines.append(f" {self._append(config)}\n")
            number = known
        self._runs.append(f"{name} {stamp} {self._append(text)} {count} {number}\n")
        if len(self._waiting) > BUFFER:
            self._flush()

    def _append(self, text: bytes) -> str:
        place = f"{self._start} {len(text)} {zlib.crc32(text)}"
        self._waiting += text
        self._start += len(text)
        return place

    def _flush(self) -> None:
        if self._file is None:
            return
        try:
            rest = memoryview(bytes(self._waiting))
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError:
            self._abandon()
        self._waiting.clear()

    def _abandon(self) -> None:
        """Remove what was written; a file that another program is writing stays."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(self._file).st_ino == self._new.stat().st_ino:
                self._new.unlink()
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            with contextlib.suppress(OSError):
                os.close(file)


def worth_writing(new: int, among: int) -> bool:
    """Whether so many new runs are worth writing the index of so many again."""
    return new >= max(FEWEST, SHARE * among)


def _json(data: Any) -> bytes:
    return (json.dumps(data, separators=(",", ":")) + "\n").encode("ascii")


def _text(start: str, length: str, checksum: str) -> _Text:
    return _Text(int(start), int(length), int(checksum))


def _run(fields: tuple[str, ...]) -> _Run:
    """Raises ValueError, TypeError."""
    stamp, start, length, checksum, count, config = fields
    return _Run(stamp, _text(start, length, checksum), int(count), int(config))
