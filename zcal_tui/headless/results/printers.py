"""`zcal-tui compare --printers`: the newest run of a check on each printer, as text or JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from zcal_tui.model.codec import estimate_to_json
from zcal_tui.model.estimate_text import estimate_text
from zcal_tui.model.labels import label
from zcal_tui.model.record import Record
from zcal_tui.results.main_estimate import followed
from zcal_tui.results.normal import MIN_EARLIER, OwnNormal, PrinterRuns, normal_json
from zcal_tui.results.text import left_normal_text, moment, normal_text
from zcal_tui.results.variant import titled


def as_text(check: str, runs: Mapping[str, PrinterRuns], normals: Mapping[str, OwnNormal]) -> Iterator[str]:
    """A line for each printer, then those that left their own normal range, and those without a run."""
    newest = {name: record for name, own in runs.items() if (record := own.newest) is not None}
    first = next(iter(newest.values()))
    yield f"{titled(first.check, first)}: the newest finished run on each printer"
    named = next((one.name for record in newest.values() if (one := followed(record)) is not None), "")
    rows = [("", "finished", "result", label(named) if named else "", "own normal range")]
    rows += [
        (
            name,
            moment(record.started),
            record.verdict.level.value if record.verdict is not None else record.outcome.value,
            _followed_text(record),
            normal_text(normals[name]) if name in normals else "",
        )
        for name, record in newest.items()
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield ("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
    yield f"  A normal range needs {MIN_EARLIER} comparable earlier runs of the same printer."
    for name, normal in normals.items():
        if normal.left:
            yield f"{name}: {left_normal_text(normal)}"
    if without := [name for name in runs if name not in newest]:
        yield f"No finished run of {check}: {', '.join(without)}"


def _followed_text(record: Record) -> str:
    estimate = followed(record)
    return "" if estimate is None else estimate_text(estimate)


def as_json(check: str, runs: Mapping[str, PrinterRuns], normals: Mapping[str, OwnNormal]) -> dict[str, Any]:
    """The same as one JSON object."""
    return {
        "event": "printer_comparison",
        "schema": 1,
        "check": check,
        "printers": [
            {
                "printer_name": name,
                "id": None if own.newest is None else own.newest.id,
                "started": None if own.newest is None else own.newest.started,
                "level": None
                if own.newest is None or own.newest.verdict is None
                else own.newest.verdict.level.value,
                "estimates": {}
                if own.newest is None
                else {key: estimate_to_json(value) for key, value in own.newest.estimates.items()},
                "normal": normal_json(normals[name]) if name in normals else None,
            }
            for name, own in runs.items()
        ],
    }
