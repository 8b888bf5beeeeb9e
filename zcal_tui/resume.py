"""`zcal-tui resume`: resume an unfinished run with the same settings, or close it."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from zcal_tui.arguments import Parser, UsageError, common_options, given_words, parse
from zcal_tui.checks.full_calibration import DECLARED
from zcal_tui.checks.parameters import ParameterError, build
from zcal_tui.config import ConfigError, as_path, data_folder, load
from zcal_tui.headless.exit_codes import ExitCode
from zcal_tui.headless.results.which import UsageProblem, which_printer
from zcal_tui.model.record import Record
from zcal_tui.results.store import StillRunning, Store
from zcal_tui.results.text import moment

DESCRIPTION = (
    "Resume an unfinished run: the same check with the same settings. Samples that are still valid are reused. "
    "Default: the newest unfinished run."
)
OWN = ("run", "close", "printer_name")


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns the exit code."""
    try:
        return _run(arguments)
    except ParameterError as error:
        message = f"the settings of the run do not fit this version: {error}; --close closes the run"
    except (UsageProblem, UsageError, ConfigError) as error:
        message = str(error)
    print(f"zcal-tui resume: {message}", file=sys.stderr)
    return ExitCode.USAGE


def _run(arguments: Sequence[str]) -> int:
    parser = Parser(prog="zcal-tui resume", description=DESCRIPTION, allow_abbrev=False)
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run id or its start")
    parser.add_argument("--close", action="store_true", help="close the run instead; its samples stay stored")
    parser.add_argument("--printer-name", metavar="NAME", help="the newest unfinished run of this printer")
    # As before a check
    common_options(parser)
    given = parser.parse_args(list(arguments))
    store = Store(_data(given))
    record = _wanted(store, given.run, given.printer_name)
    if given.close:
        return _close(store, record)
    if record.check not in DECLARED:
        raise UsageProblem(f"this version of zcal-tui has no check {record.check!r}; --close closes the run")
    command = parse([*given_words(given, OWN), record.check], dict(os.environ))
    if command.several:
        raise UsageProblem("a run is resumed on one printer")
    parameters: Any = build(DECLARED[record.check].parameters, record.parameters)
    _require_way(record, given)
    from zcal_tui.start import start  # what runs is imported once it is known that something will

    print(f"Resuming {record.id} after {len(record.samples)} samples.", file=sys.stderr)
    return start(replace(command, parameters=parameters, resume=record))


def _data(given: argparse.Namespace) -> Any:
    file = as_path(given.config) if getattr(given, "config", None) else None
    return data_folder(load({"data": getattr(given, "data", None)}, dict(os.environ), file))


def _wanted(store: Store, run: str | None, printer: str | None) -> Record:
    """The interrupted run that is meant. Raises UsageProblem."""
    names = store.printers() if printer is None else (which_printer(store, printer)[0],)
    there = sorted(
        (r for name in names for r in store.interrupted(name)), key=lambda r: r.started, reverse=True
    )
    if run is not None:
        there = [r for r in there if r.id == run] or [r for r in there if r.id.startswith(run)]
        if len(there) > 1:
            raise UsageProblem(f"{run!r} matches several runs: {', '.join(r.id for r in there)}")
    if not there:
        raise UsageProblem(f"no unfinished run {run!r}" if run is not None else "no unfinished run")
    return there[0]


def _close(store: Store, record: Record) -> int:
    try:
        store.close(record)
    except (StillRunning, OSError) as error:
        raise UsageProblem(f"cannot close the run: {error}") from error
    print(f"Closed {record.id} of {moment(record.started)}; {len(record.samples)} samples are stored.")
    return ExitCode.OK


def _require_way(record: Record, given: argparse.Namespace) -> None:
    """A simulated printer ended with its program; another has to be asked for. Raises UsageProblem."""
    address = str(record.printer.get("address") or "")
    asked = getattr(given, "demo", None) or getattr(given, "printer", None)
    if address.startswith("simulated") and not asked:
        name = record.printer.get("name")
        raise UsageProblem(
            f"that run used a simulated printer, which has ended; start one: zcal-tui resume --demo {name}"
        )
