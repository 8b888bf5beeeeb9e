"""What the program does with its command line: one of the programs beside the checks, or what `start` opens."""

import os
import sys
from collections.abc import Sequence

from zcal_tui.arguments import PROGRAMS, UsageError, parse
from zcal_tui.config import ConfigError
from zcal_tui.headless.exit_codes import ExitCode
from zcal_tui.headless.results import RESULT_PROGRAMS
from zcal_tui.model.record import MANUAL_PROBE, UNDO
from zcal_tui.required_packages import INTERFACE, PACKAGES, first_missing, missing_package


def _run_program(name: str, arguments: list[str]) -> int:
    """Run one of PROGRAMS; only the one that is wanted is imported."""
    if name == "sim":
        from zcal_tui.sim.__main__ import main as simulate

        return simulate(arguments)
    if name == "resume":
        from zcal_tui.resume import main as resume

        return resume(arguments)
    if name == MANUAL_PROBE:
        from zcal_tui.manual_probe import main as manual_probe

        return manual_probe(arguments)
    if name == UNDO:
        from zcal_tui.undo import main as undo

        return undo(arguments)
    if name in RESULT_PROGRAMS:
        from zcal_tui.headless.result_commands import main as result

        return result(name, arguments)
    if name == "doctor":
        from zcal_tui.tools.doctor.command import main as doctor

        return doctor(arguments)
    if name == "bug-report":
        from zcal_tui.tools.bug_report.command import main as bug_report

        return bug_report(arguments)
    if name == "completion":
        from zcal_tui.completion import main as completion

        return completion(arguments)
    from zcal_tui.tools.install import main as install

    return install(arguments)


def run(arguments: Sequence[str]) -> int:
    """Do what the command line says; returns the exit code."""
    try:
        return _run(arguments)
    except ImportError as error:
        missing = missing_package(error)
        if missing is None:
            raise
        print(f"zcal-tui: {missing}", file=sys.stderr)
        return ExitCode.USAGE


def _run(arguments: Sequence[str]) -> int:
    if arguments and arguments[0] in PROGRAMS:
        try:
            code = _run_program(arguments[0], list(arguments[1:]))
            sys.stdout.flush()  # here, where it can still be caught
            return code
        except BrokenPipeError:
            # Whoever read has seen enough; Python must not trip over the pipe again on its way out
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return ExitCode.OK
        except OSError as error:  # a full disk, a folder that may not be read
            where = f"{error.filename}: " if error.filename else ""
            print(f"zcal-tui {arguments[0]}: {where}{error.strerror or error}", file=sys.stderr)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return ExitCode.USAGE
    try:
        command = parse(arguments, dict(os.environ))
    except (UsageError, ConfigError) as error:
        print(f"zcal-tui: {error}", file=sys.stderr)
        return ExitCode.USAGE
    missing = first_missing(name for name in PACKAGES if not command.headless or name not in INTERFACE)
    if missing is not None:  # before anything moves, not where it is first imported
        print(f"zcal-tui: {missing}", file=sys.stderr)
        return ExitCode.USAGE
    from zcal_tui.start import start  # what runs is imported once it is known that something will

    return start(command)
