"""Which run a person means: by its id, the beginning of it, or `last accuracy` and `previous accuracy`."""

import difflib
from collections.abc import Sequence

from zcal_tui.model.record import Outcome, Record
from zcal_tui.results.store import Store
from zcal_tui.results.variant import grouped, key

MOST_NAMED = 6


class NotFound(Exception):
    """There is no such run, or several; the text says what there is."""


def by_id(store: Store, word: str, printer: str | None = None) -> Record:
    """The run of that id, or the only one whose id begins so. Raises NotFound."""
    records = _all(store, printer)
    matching = [record for record in records if record.id == word] or [
        record for record in records if word and record.id.startswith(word)
    ]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise NotFound(f"{word!r} is the beginning of {len(matching)} runs: {_named(matching)}")
    checks = dict.fromkeys(key(record) for record in records)
    near = difflib.get_close_matches(word, [*checks, *(record.id for record in records)], n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; there are {_named(records)}" if records else ""
    raise NotFound(f"there is no run {word!r}{hint}" if records else "no runs are kept yet")


def recent(store: Store, which: str, check: str, printer: str | None = None) -> Record:
    """The `last` or `previous` finished run of a check, or of one of its variants by its key (results/variant.py): of
    the usual one where there is one, else of the one run last. Raises NotFound."""
    groups = grouped(_all(store, printer))
    named = [check] if check in groups else [name for name in groups if groups[name][0].check == check]
    records = groups[named[0]] if named else []
    finished = [record for record in records if record.outcome is Outcome.FINISHED]
    back = 0 if which == "last" else 1
    if len(finished) <= back:
        held = "one finished run" if finished else "no finished run"
        raise NotFound(f"there is {held} of {check}" + (", so no previous one" if back and finished else ""))
    return finished[back]


def two(
    store: Store, words: Sequence[str], printer: str | None = None, recent_on: str | None = None
) -> tuple[Record, Record]:
    """Two runs to compare: of ids, beginnings of ids, `last CHECK` and `previous CHECK`; a check alone stands for its
    previous and its last run. Without a `printer` ids are looked for among all, and what is recent on `recent_on`.
    Raises NotFound."""
    recent_on = printer if printer is not None else recent_on
    found: list[Record] = []
    left = list(words)
    if len(left) == 1 and any(left[0] in (record.check, key(record)) for record in _all(store, recent_on)):
        left = ["previous", left[0], "last", left[0]]
    while left:
        word = left.pop(0)
        if word in ("last", "previous"):
            if not left:
                raise NotFound(f"{word} of which check? Say `{word} accuracy`, for example")
            found.append(recent(store, word, left.pop(0), recent_on))
        else:
            found.append(by_id(store, word, printer))
    if len(found) != 2:
        raise NotFound(
            f"two runs are compared, and {len(found)} {'was' if len(found) == 1 else 'were'} named"
        )
    return found[0], found[1]


def _all(store: Store, printer: str | None) -> list[Record]:
    names = [printer] if printer is not None else list(store.printers())
    records = [kept.record for name in names for kept in store.runs(name)]
    return sorted(records, key=lambda record: record.started, reverse=True)


def _named(records: Sequence[Record]) -> str:
    more = f" and {len(records) - MOST_NAMED} more" if len(records) > MOST_NAMED else ""
    return ", ".join(record.id for record in records[:MOST_NAMED]) + more
