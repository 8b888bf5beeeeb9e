"""The results of a check on several printers: a table for people, and one JSON object."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zcal_tui.headless.exit_codes import ExitCode
from zcal_tui.headless.text import GLYPH
from zcal_tui.model.codec import record_to_json
from zcal_tui.model.estimate_text import estimate_text
from zcal_tui.model.labels import label
from zcal_tui.model.record import SCHEMA_VERSION, Problem, Record
from zcal_tui.results.main_estimate import main_estimates
from zcal_tui.results.normal import OwnNormal, normal_json
from zcal_tui.results.text import left_normal_text

COLUMNS = 4
"""Printers up to which every estimate is shown, with a column for each printer."""

ENDS = {
    ExitCode.OK: "pass",
    ExitCode.VERDICT_FAIL: "fail",
    ExitCode.UNDECIDED: "not conclusive",
    ExitCode.CANCELLED: "cancelled",
    ExitCode.NEEDS_PERSON: "needs a person",
    ExitCode.NOT_READY: "not ready",
    ExitCode.PRINTER_ERROR: "error",
}


@dataclass
class PrinterResult:
    """What came of one printer's run."""

    name: str
    address: str
    code: ExitCode
    record: Record | None = None
    problem: Problem | None = None
    """What was in the way of a run that never began."""
    normal: OwnNormal | None = None
    """The range of its earlier runs, if there are enough."""


def summary(results: Sequence[PrinterResult], check: str) -> dict[str, Any]:
    """All of it as one object: the last line of `--json`."""
    return {
        "event": "summary",
        "schema": SCHEMA_VERSION,
        "check": check,
        "printers": [
            {
                "printer_name": one.name,
                "at": one.address,
                "exit_code": int(one.code),
                "record": None if one.record is None else record_to_json(one.record),
                "normal": None if one.normal is None else normal_json(one.normal),
            }
            for one in results
        ],
    }


def table(results: Sequence[PrinterResult]) -> list[str]:
    """How many ended in which way, a line for each printer, then the estimates."""
    ends = Counter(one.code for one in results)
    counted = ", ".join(f"{ends[code]} {word}" for code, word in ENDS.items() if ends[code])
    lines = ["", f"Summary: {counted}", *map(_line, results)]
    rows = _by_estimate(results) if len(results) <= COLUMNS else _by_printer(results)
    if len(rows) > 1:
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines += [
            "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
    lines += [
        f"  {one.name}: {left_normal_text(one.normal)}"
        for one in results
        if one.normal is not None and one.normal.left
    ]
    return lines


def _line(one: PrinterResult) -> str:
    verdict = None if one.record is None else one.record.verdict
    if verdict is not None:
        return f"  {GLYPH[verdict.level]} {one.name}: {verdict.summary}"
    problem = one.problem if one.record is None else one.record.problem
    return f"  - {one.name}: {problem.what if problem is not None else ENDS[one.code]}"


def _by_estimate(results: Sequence[PrinterResult]) -> list[list[str]]:
    """Every estimate, with a column for each printer."""
    names = list(dict.fromkeys(name for one in results if one.record for name in one.record.estimates))
    rows = [["", *(one.name for one in results)]]
    for name in names:
        found = [one.record.estimates.get(name) if one.record else None for one in results]
        rows.append([label(name), *("-" if item is None else estimate_text(item) for item in found)])
    return rows


def _by_printer(results: Sequence[PrinterResult]) -> list[list[str]]:
    """The main estimates, with a line for each printer."""
    main = {one.name: main_estimates(one.record) if one.record is not None else () for one in results}
    names = list(dict.fromkeys(estimate.name for found in main.values() for estimate in found))
    rows = [["", *map(label, names)]]
    for name, found in main.items():
        values = {estimate.name: estimate_text(estimate) for estimate in found}
        if values:
            rows.append([name, *(values.get(each, "-") for each in names)])
    return rows
