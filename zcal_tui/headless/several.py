"""One check on several printers at once, and the results side by side."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from zcal_tui.headless.exit_codes import ExitCode
from zcal_tui.headless.output import JsonOutput, TextOutput
from zcal_tui.headless.run import Signals, run_one
from zcal_tui.headless.text import GLYPH
from zcal_tui.model.codec import record_to_json
from zcal_tui.model.estimate_text import estimate_text
from zcal_tui.model.events import Event, RunEnded
from zcal_tui.model.labels import label
from zcal_tui.model.record import SCHEMA_VERSION, Problem, Record
from zcal_tui.session.port import RunOptions, SessionPort

SEVERITY = (
    ExitCode.PRINTER_ERROR,
    ExitCode.NOT_READY,
    ExitCode.NEEDS_PERSON,
    ExitCode.CANCELLED,
    ExitCode.VERDICT_FAIL,
    ExitCode.UNDECIDED,
    ExitCode.OK,
)
"""The exit code of all is the first of these that one of them had."""


@dataclass
class _One:
    """One printer's run."""

    at: str
    session: SessionPort
    output: JsonOutput | TextOutput
    code: ExitCode = ExitCode.PRINTER_ERROR
    record: Record | None = None
    failure: list[BaseException] = field(default_factory=list)

    @property
    def problem(self) -> Problem | None:
        """What was in the way of a run that never began."""
        snapshot = self.session.snapshot
        return snapshot.link.problem or snapshot.klippy_problem

    def take(self, check: str) -> Callable[[Event], None]:
        """A listener that keeps the record."""

        def listen(event: Event) -> None:
            if isinstance(event, RunEnded) and event.record.check == check:
                self.record = event.record

        return listen


def run_several(
    sessions: Sequence[tuple[str, SessionPort]],
    check: str,
    parameters: Any,
    *,
    as_json: bool,
    options: RunOptions,
) -> ExitCode:
    """Run a check on each of these printers, given as what to call them and a started session, and print what comes
    of it: each line marked with its printer, and all of them together at the end. One that fails stops no other."""
    make = JsonOutput if as_json else TextOutput
    ones = [_One(at, session, make(at=at)) for at, session in sessions]
    with Signals().taken() as signals:
        threads = []
        for one in ones:
            one.session.listen(one.take(check))
            thread = threading.Thread(
                target=_work, args=(one, check, parameters, signals, options), name=f"zcal {one.at}"
            )
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join()
    if as_json:
        JsonOutput().data(summary(ones, check))
    else:
        together = TextOutput()
        for line in table(ones):
            together.line(line)
    for one in ones:
        for failure in one.failure:
            raise failure
    return min((one.code for one in ones), key=SEVERITY.index)


def _work(one: _One, check: str, parameters: Any, signals: Signals, options: RunOptions) -> None:
    try:
        one.code = run_one(one.session, check, parameters, one.output, signals, options)
    except BaseException as failure:  # noqa: BLE001  a thread's boundary: raised again where the others have ended
        one.failure.append(failure)


def summary(ones: Sequence[_One], check: str) -> dict[str, Any]:
    """All of it as one object: the last line of `--json`."""
    return {
        "event": "summary",
        "schema": SCHEMA_VERSION,
        "check": check,
        "printers": [
            {
                "at": one.at,
                "exit_code": int(one.code),
                "record": None if one.record is None else record_to_json(one.record),
            }
            for one in ones
        ],
    }


def table(ones: Sequence[_One]) -> list[str]:
    """The verdicts in a line each, then the estimates with a column for each printer."""
    lines = ["", "Side by side"]
    for one in ones:
        verdict = None if one.record is None else one.record.verdict
        if verdict is not None:
            lines.append(f"  {GLYPH[verdict.level]} {one.at}: {verdict.summary}")
        else:
            problem = one.problem if one.record is None else one.record.problem
            lines.append(f"  - {one.at}: {problem.what if problem is not None else 'no result'}")
    names = list(dict.fromkeys(name for one in ones if one.record for name in one.record.estimates))
    rows = [["", *(one.at for one in ones)]]
    for name in names:
        found = [one.record.estimates.get(name) if one.record else None for one in ones]
        rows.append([label(name), *("-" if item is None else estimate_text(item) for item in found)])
    if names:
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines += [
            "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
    return lines
