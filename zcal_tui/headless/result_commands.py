"""The commands about stored results, as programs of their own: history, report, compare, changed."""

import argparse
import difflib
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import IO, Any, NoReturn

from zcal_tui.config import ConfigError, as_path, data_folder, load
from zcal_tui.headless.exit_codes import ExitCode
from zcal_tui.headless.results import RESULT_PROGRAMS
from zcal_tui.headless.results.reading import ReadingProgress
from zcal_tui.headless.results.which import UsageProblem, which_printer
from zcal_tui.model.check_info.info import HARDWARE_CHANGES
from zcal_tui.model.outside_text import indented_lines, json_line
from zcal_tui.model.record import Record
from zcal_tui.results.changes import Changed
from zcal_tui.results.store import Store, entries, named_check, now_iso

DEFAULT_LIMIT = 10
LOW, HIGH = 1, 10_000
EVERY_PRINTER = ""
"""In place of the file of --printers: every printer with stored runs."""
ONE_PRINTER = "printer whose runs are meant; default: the printer used last"
SEVERAL_PRINTERS = "printer whose runs are meant, repeatable; default: the printer used last"


class _ResultParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        if wrong := re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message):
            near = difflib.get_close_matches(wrong[1], re.findall(r"[\w-]+", wrong[2]), n=1)
            message += f"; did you mean {near[0]}?" if near else ""
        elif wrong := re.search(r"unrecognized arguments: (-\S+)", message):
            near = difflib.get_close_matches(
                wrong[1].partition("=")[0], list(self._option_string_actions), n=1
            )
            message = f"unknown option {wrong[1]!r}" + (f"; did you mean {near[0]}?" if near else "")
        raise UsageProblem(f"{message}\nSee `{self.prog} --help`.")


def main(name: str, arguments: Sequence[str]) -> int:
    """Run one of RESULT_PROGRAMS; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                errors="backslashreplace"
            )  # a locale without µ gets an escape instead of an error
    try:
        return _COMMANDS[name](arguments)
    except (UsageProblem, ConfigError) as error:
        print(f"zcal-tui {name}: {error}", file=sys.stderr)
        return ExitCode.USAGE
    except BrokenPipeError:
        # Whoever read has seen enough; Python must not trip over the pipe again on its way out
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK


def _parser(name: str, *, several: bool = False) -> _ResultParser:
    summary = RESULT_PROGRAMS[name]
    description = f"{summary[0].upper()}{summary[1:]}" + ("" if summary.endswith("?") else ".")
    parser = _ResultParser(prog=f"zcal-tui {name}", description=description, allow_abbrev=False)
    parser.add_argument(
        "--printer-name",
        metavar="NAME",
        action="append" if several else "store",
        help=SEVERAL_PRINTERS if several else ONE_PRINTER,
    )
    parser.add_argument("--data", metavar="DIR", help="data folder of the stored runs")
    parser.add_argument("--config", metavar="FILE", help="configuration file to use")
    return parser


def _store(given: argparse.Namespace) -> Store:
    file = as_path(given.config) if given.config else None
    return Store(data_folder(load({"data": given.data}, dict(os.environ), file)))


def _printer(store: Store, name: str | None) -> str:
    """The printer that is meant; a message on standard error where there was a choice."""
    printer, others = which_printer(store, name)
    if others:
        _report_choice(printer, others)
    return printer


def _report_choice(printer: str, others: Sequence[str]) -> None:
    print(
        f"Printer: {printer}, the one used last. Others (--printer-name): {', '.join(others)}.",
        file=sys.stderr,
    )


def _print(lines: Iterable[str], to: IO[str] | None = None) -> None:
    for line in lines:
        print(indented_lines(line), file=to or sys.stdout)
    (to or sys.stdout).flush()


def _print_json(data: Any) -> None:
    _print([json_line(data)])


def _records(store: Store, printer: str) -> list[Record]:
    """The printer's records without their samples; files that cannot be read are skipped, and named on standard
    error."""
    runs = list(entries(store, printer, progress=ReadingProgress()))
    _print((f"Skipped: {run.path}: {run.why_not}" for run in runs if run.record is None), sys.stderr)
    return [run.record for run in runs if run.record is not None]


def _history(arguments: Sequence[str]) -> int:
    parser = _parser("history")
    parser.add_argument("check", nargs="?", metavar="CHECK", help="only the runs of this check")
    parser.add_argument("--estimate", metavar="NAME", help="show this estimate instead of the main one")
    parser.add_argument(
        "--limit", type=_limit, default=DEFAULT_LIMIT, metavar="N", help="runs per check; default 10"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    from zcal_tui.headless.results import history

    store = _store(given)
    printer = _printer(store, given.printer_name)
    everything = _records(store, printer)
    changes, interrupted = store.changes(printer), store.interrupted(printer)
    found = history.histories(everything, changes, limit=given.limit, estimate=given.estimate)
    if given.check is not None:
        _known_check(
            given.check, [h.name for h in found], "was run on this printer", [h.check for h in found]
        )
        found = [h for h in found if given.check in (h.check, h.name)]
    if given.estimate is not None and not any(h.points for h in found):
        names = sorted({name for record in everything for name in record.estimates})
        raise UsageProblem(f"--estimate: no run has {given.estimate!r}; there are {', '.join(names)}")
    if given.json:
        _print_json(history.as_json(printer, found, changes, interrupted))
    else:
        _print(history.as_text(printer, found, changes, interrupted))
    return ExitCode.OK


def _limit(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if not LOW <= value <= HIGH:
        raise argparse.ArgumentTypeError(f"{text} is out of range ({LOW} to {HIGH})")
    return value


def _known_check(check: str, there: Sequence[str], what: str, also: Sequence[str]) -> None:
    if check not in there and check not in also:
        near = difflib.get_close_matches(check, there, n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(there)}" if there else ""
        raise UsageProblem(f"no check {check!r} {what}{hint}")


def _report(arguments: Sequence[str]) -> int:
    parser = _parser("report", several=True)
    parser.add_argument(
        "--format", choices=("md", "html", "json"), help="default: from the file's extension, else md"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="file to write; default: standard output")
    given = parser.parse_args(arguments)
    from zcal_tui.checks.catalogue import CHECKS
    from zcal_tui.results.report.make import FORMATS, CannotWrite, page_of, render, write

    store = _store(given)
    titles = {name: check.info.title for name, check in CHECKS.items()}
    # Each name once, in the order given
    printers = list(dict.fromkeys(_printer(store, name) for name in given.printer_name or [None]))
    pages = []
    for name in printers:
        page, broken = page_of(store, name, titles, progress=ReadingProgress())
        _print((f"Skipped: {text}" for text in broken), sys.stderr)
        pages.append(page)
    output = None if given.output in (None, "-") else as_path(given.output)
    kind = given.format or (FORMATS.get(output.suffix.lower(), "md") if output is not None else "md")
    text = render(kind, pages)
    if output is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return ExitCode.OK
    try:
        write(output, text, replace=True)
    except CannotWrite as error:
        raise UsageProblem(str(error)) from error
    print(f"Written to {output}", file=sys.stderr)
    return ExitCode.OK


def _compare(arguments: Sequence[str]) -> int:
    parser = _parser("compare")
    parser.add_argument(
        "runs",
        nargs="*",
        metavar="RUN",
        help="two of: a run id or its start, `last CHECK`, `previous CHECK`; or one CHECK (or a variant of it, such as "
        "accuracy/endstop) for its last two finished runs",
    )
    parser.add_argument(
        "--printers",
        nargs="?",
        const=EVERY_PRINTER,
        metavar="FILE",
        help="compare the last run of one CHECK on every printer, or on the printers of FILE (docs/farm.md)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    if given.printers is not None:
        return _compare_printers(given)
    if not given.runs:
        parser.error("a run is required: two runs, or one check")
    from zcal_tui.headless.results import compare as words
    from zcal_tui.results.compare import compare
    from zcal_tui.results.find import NotFound, two

    store = _store(given)
    printer, others = which_printer(store, given.printer_name)
    try:
        first, second = two(store, given.runs, None if given.printer_name is None else printer, printer)
    except NotFound as error:
        raise UsageProblem(str(error)) from error
    if first.check != second.check:
        raise UsageProblem(f"{first.id} is a run of {first.check}, {second.id} one of {second.check}")
    if others and (len(given.runs) == 1 or {"last", "previous"} & set(given.runs)):
        _report_choice(printer, others)
    comparison = compare(first, second)
    if given.json:
        _print_json(words.as_json(comparison))
    else:
        _print(words.as_text(comparison))
    return ExitCode.OK


def _compare_printers(given: argparse.Namespace) -> int:
    """The last run of a check on several printers, each against its own earlier ones."""
    from zcal_tui.headless.results import printers as words
    from zcal_tui.results.normal import own_normals, runs_of

    asked, listed = given.runs, given.printers
    if not asked and listed != EVERY_PRINTER:  # `--printers accuracy`: what follows is the check
        asked, listed = [listed], EVERY_PRINTER
    if len(asked) != 1:
        raise UsageProblem("--printers compares one check: zcal-tui compare --printers accuracy")
    if given.printer_name is not None:
        raise UsageProblem("--printers compares several printers; omit --printer-name")
    store, check = _store(given), asked[0]
    if listed == EVERY_PRINTER:
        names = sorted(store.printers())
    else:
        from zcal_tui.printers_file import read_printers  # only with a file

        names = [printer.name for printer in read_printers(as_path(listed))]
    runs = {name: runs_of(store, name, check) for name in names}
    if all(own.newest is None for own in runs.values()):
        there = sorted(
            {named for name in names for path in store.files(name) if (named := named_check(path))}
        )
        _known_check(check, there, "was run on these printers", [])
        raise UsageProblem(f"no printer has a finished run of {check}")
    normals = own_normals(runs)
    if given.json:
        _print_json(words.as_json(check, runs, normals))
    else:
        _print(words.as_text(check, runs, normals))
    return ExitCode.OK


def _changed(arguments: Sequence[str]) -> int:
    parser = _parser("changed")
    parser.add_argument(
        "what", choices=tuple(HARDWARE_CHANGES), metavar="|".join(HARDWARE_CHANGES), help="what was changed"
    )
    parser.add_argument("--note", default="", metavar="TEXT", help="note for the history")
    given = parser.parse_args(arguments)
    from zcal_tui.model.check_info import CHECK_INFO

    store = _store(given)
    printer, others = which_printer(store, given.printer_name)
    if others:
        raise UsageProblem(f"name the printer: --printer-name {printer}, or {', '.join(others)}")
    try:
        store.changed(printer, Changed(given.what, now_iso(), given.note))
    except OSError as error:
        raise UsageProblem(f"cannot store it: {error.filename}: {error.strerror}") from error
    done = {record.check for record in _records(store, printer)}
    print(
        f"{printer}: the {given.what} was changed ({HARDWARE_CHANGES[given.what]}). Run these checks again:"
    )
    for check, info in CHECK_INFO.items():
        if (why := info.stale_after.get(given.what)) is not None:
            print(f"  {check:<12} {why}" + ("" if check in done else " (not run yet)"))
    print("A bed mesh probed before the change is invalid too: run BED_MESH_CALIBRATE.")
    return ExitCode.OK


_COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "history": _history,
    "report": _report,
    "compare": _compare,
    "changed": _changed,
}
