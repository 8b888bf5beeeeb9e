"""Which advice of a run is still to be followed."""

import re
from collections.abc import Iterable, Set

from zcal_tui.model.record import Change, Record


def advice_left(record: Record, offered: Iterable[Change] = ()) -> list[str]:
    """The next steps without those that only set a value that is saved. `offered` are changes that are shown beside
    them with a way to save."""
    done = [*(change for change in record.changes if change.state == "saved"), *offered]
    values = {f"{change.option} to {change.shown}" for change in done}
    return [text for text in record.advice if not _only_sets(text, values)]


def _only_sets(advice: str, values: Set[str]) -> bool:
    """Whether a sentence asks for these values alone, with or without what they do."""
    found = re.fullmatch(r"Set (.+?)(?:: .*|\.)", advice)
    return found is not None and set(found[1].split(" and ")) <= values
