"""`zcal-tui compare`: two runs side by side, as text or JSON."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from zcal_tui.model.check_info import title_and_name
from zcal_tui.model.codec import estimate_to_json
from zcal_tui.model.labels import label
from zcal_tui.model.record import Record
from zcal_tui.results.compare import Difference, RunComparison
from zcal_tui.results.text import difference_text, estimate_value, moment, significance_text
from zcal_tui.results.variant import titled, variant

MAX_VALUE = 60
"""Characters of a value in the list of other differences."""


def as_text(comparison: RunComparison) -> Iterator[str]:
    """The comparison as text."""
    first, second = comparison.first, comparison.second
    title = title_and_name(first.check)
    same = variant(first) == variant(second)
    yield f"{titled(title, first) if same else title}: B against A"
    for letter, record in (("A", first), ("B", second)):
        yield f"  {letter}  {moment(record.started)}  {_ended(record)}  {record.id}"
    yield ""
    yield from _table(comparison.differences)
    yield "  Differences are B − A with 95 % intervals. They assume that the runs' errors are independent."
    if comparison.notes:
        yield ""
        yield from (f"Note: {note}" for note in comparison.notes)
    if comparison.context_differences:
        yield ""
        yield "Other differences:"
        width = max(len(c.what) for c in comparison.context_differences)
        for difference in comparison.context_differences:
            first_text, second_text = _short(difference.first), _short(difference.second)
            yield f"  {difference.what:<{width}}  {first_text} → {second_text}"


def _ended(record: Record) -> str:
    return record.verdict.level.value if record.verdict is not None else record.outcome.value


def _table(differences: tuple[Difference, ...]) -> Iterator[str]:
    rows = [("", "A", "B", "B − A", "")]
    rows += [
        (
            label(d.name),
            estimate_value(d.first),
            estimate_value(d.second),
            difference_text(d),
            significance_text(d),
        )
        for d in differences
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(row[n].rjust(widths[n]) for n in (1, 2)), row[3].ljust(widths[3])]
        yield ("  " + "  ".join([*cells, row[4]])).rstrip()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_VALUE else line[: MAX_VALUE - 1] + "…"


def as_json(comparison: RunComparison) -> dict[str, Any]:
    """The comparison as one JSON object."""
    return {
        "event": "comparison",
        "schema": 1,
        "check": comparison.first.check,
        "a": comparison.first.id,
        "b": comparison.second.id,
        "differences": {d.name: _difference_json(d) for d in comparison.differences},
        "circumstances": [asdict(difference) for difference in comparison.context_differences],
        "notes": list(comparison.notes),
    }


def _difference_json(difference: Difference) -> dict[str, Any]:
    return {
        "unit": difference.unit,
        "a": difference.first and estimate_to_json(difference.first),
        "b": difference.second and estimate_to_json(difference.second),
        "value": difference.value,
        "low": difference.low,
        "high": difference.high,
        "more_than_chance": difference.significant if difference.value is not None else None,
        "note": difference.note,
    }
