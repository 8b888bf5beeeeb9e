"""Find a run by its id, the beginning of its id, or as `last accuracy` or `previous accuracy`."""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

from zcal_tui.model.codec import SchemaError
from zcal_tui.model.record import Outcome, Record
from zcal_tui.results.store import Store, StoredRun, glance, named_check, read_whole
from zcal_tui.results.variant import grouped, key

MAX_LISTED = 6


class NotFound(Exception):
    """There is no such run, or several; the text lists the runs there are."""


def by_id(store: Store, word: str, printer: str | None = None) -> Record:
    """The run with that id, or the only one whose id begins with it. Raises NotFound."""
    paths = _paths(store, printer)
    matching = [path for path in paths if path.stem == word] or [
        path for path in paths if word and path.stem.startswith(word)
    ]
    if len(matching) == 1:
        return _whole(matching[0])
    if matching:
        raise NotFound(f"{word!r} is the beginning of {len(matching)} runs: {_named(matching)}")
    checks = dict.fromkeys(key(record) for record in _records(paths, ""))
    near = difflib.get_close_matches(word, [*checks, *(path.stem for path in paths)], n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; there are {_named(paths)}" if paths else ""
    raise NotFound(f"there is no run {word!r}{hint}" if paths else "no runs are stored yet")


def recent(store: Store, which: str, check: str, printer: str | None = None) -> Record:
    """The `last` or `previous` finished run of a check or, by its key (results/variant.py), of one of its variants.

    A check's name means its usual variant if there is a run of it, else the one run last. Raises NotFound.
    """
    runs = list(_glances(_paths(store, printer), check.partition("/")[0]))
    groups = grouped(run.record for run in runs if run.record is not None)
    named = [check] if check in groups else [name for name in groups if groups[name][0].check == check]
    records = groups[named[0]] if named else []
    finished = [record for record in records if record.outcome is Outcome.FINISHED]
    back = 0 if which == "last" else 1
    if len(finished) <= back:
        there = "one finished run" if finished else "no finished run"
        raise NotFound(f"there is {there} of {check}" + (", so no previous one" if back and finished else ""))
    return _whole(next(run.path for run in runs if run.record is finished[back]))


def two(
    store: Store, words: Sequence[str], printer: str | None = None, recent_on: str | None = None
) -> tuple[Record, Record]:
    """Two runs to compare, each an id, the beginning of one, `last CHECK` or `previous CHECK`.

    A check alone means its previous and its last run. Without a `printer`, ids are searched on all printers, and recent
    runs on `recent_on`. Raises NotFound.
    """
    recent_on = printer if printer is not None else recent_on
    found: list[Record] = []
    rest = list(words)
    if len(rest) == 1 and _is_check(store, rest[0], recent_on):
        rest = ["previous", rest[0], "last", rest[0]]
    while rest:
        word = rest.pop(0)
        if word in ("last", "previous"):
            if not rest:
                raise NotFound(f"{word} of which check? For example: `{word} accuracy`")
            found.append(recent(store, word, rest.pop(0), recent_on))
        else:
            found.append(by_id(store, word, printer))
    if len(found) != 2:
        raise NotFound(f"exactly two runs are compared, not {len(found)}")
    return found[0], found[1]


def _is_check(store: Store, word: str, printer: str | None) -> bool:
    """Whether a word is the name of a check, or of a variant, that has runs."""
    records = _records(_paths(store, printer), word.partition("/")[0])
    return any(word in (record.check, key(record)) for record in records)


def _paths(store: Store, printer: str | None) -> list[Path]:
    """The files of the runs of one printer or of all, newest first."""
    names = [printer] if printer is not None else list(store.printers())
    return sorted(
        (path for name in names for path in store.files(name)), key=lambda path: path.stem, reverse=True
    )


def _glances(paths: Sequence[Path], check: str) -> Iterator[StoredRun]:
    """The runs without their samples, of one check if it is given. A file with an unknown name is read too."""
    return (glance(path) for path in paths if not check or named_check(path) in ("", check))


def _records(paths: Sequence[Path], check: str) -> Iterator[Record]:
    return (run.record for run in _glances(paths, check) if run.record is not None)


def _whole(path: Path) -> Record:
    try:
        return read_whole(path)
    except (OSError, SchemaError) as error:
        raise NotFound(f"run {path.stem} cannot be read: {error}") from error


def _named(paths: Sequence[Path]) -> str:
    more = f" and {len(paths) - MAX_LISTED} more" if len(paths) > MAX_LISTED else ""
    return ", ".join(path.stem for path in paths[:MAX_LISTED]) + more
