"""What the exit code of a headless run means."""

from enum import IntEnum

from zcal_tui.model.record import NEEDS_PERSON, WHOLE, Level, Outcome, Record


class ExitCode(IntEnum):
    """The exit codes, as documented in the README."""

    OK = 0
    """The verdict is pass or warn."""
    VERDICT_FAIL = 1
    USAGE = 2
    NOT_READY = 3
    """The printer cannot be reached, or is not in a state in which the check may start."""
    NEEDS_PERSON = 4
    CANCELLED = 5
    PRINTER_ERROR = 6
    """The printer refused or failed on the way, or was lost; or what was found was to be saved, and could not be."""
    UNDECIDED = 7
    """The data do not decide."""


_BY_LEVEL = {
    Level.PASS: ExitCode.OK,
    Level.WARN: ExitCode.OK,
    Level.FAIL: ExitCode.VERDICT_FAIL,
    Level.UNKNOWN: ExitCode.UNDECIDED,
}

_BY_OUTCOME = {
    Outcome.CANCELLED: ExitCode.CANCELLED,
    Outcome.REFUSED: ExitCode.NOT_READY,
    Outcome.ERROR: ExitCode.PRINTER_ERROR,
    Outcome.LOST: ExitCode.PRINTER_ERROR,
    Outcome.RUNNING: ExitCode.PRINTER_ERROR,
}


def of_record(record: Record) -> ExitCode:
    """The exit code of a run that ended."""
    if record.problem is not None and record.problem.key == NEEDS_PERSON:
        return ExitCode.NEEDS_PERSON
    if record.outcome is not Outcome.FINISHED:
        return _BY_OUTCOME[record.outcome]
    if record.check == WHOLE and not record.parts and record.problem is None:
        return ExitCode.NOT_READY  # none of the checks that were asked for applies to this printer
    failed = record.verdict is not None and record.verdict.level is Level.FAIL
    if record.problem is not None and not (record.parts and failed):  # with parts it may be why they stopped
        return ExitCode.PRINTER_ERROR
    return ExitCode.UNDECIDED if record.verdict is None else _BY_LEVEL[record.verdict.level]
