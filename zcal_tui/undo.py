"""`zcal-tui undo`: put back the values before the last save, on the command line."""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace

from zcal_tui.arguments import Parser, UsageError, common_options, given_words, parse
from zcal_tui.config import ConfigError
from zcal_tui.headless.exit_codes import ExitCode
from zcal_tui.model.record import READY_CHECK, UNDO

DESCRIPTION = (
    "Put back the values that printer.cfg had before the last save of this printer. Shows the difference and asks; "
    "--save always does not ask, --save never only shows. Klipper restarts."
)


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns the exit code."""
    try:
        return _run(arguments)
    except (UsageError, ConfigError) as error:
        print(f"zcal-tui undo: {error}", file=sys.stderr)
        return ExitCode.USAGE


def _run(arguments: Sequence[str]) -> int:
    parser = Parser(prog="zcal-tui undo", description=DESCRIPTION, allow_abbrev=False)
    common_options(parser)
    given = parser.parse_args(list(arguments))
    words = [word for word in given_words(given) if word != "--headless"]
    # Any check's command line has these options; `ready` has the fewest others
    command = parse(["--headless", *words, READY_CHECK], dict(os.environ))
    if command.several:
        raise UsageError("one printer at a time: name it with --printer")
    if command.save == "ask" and not command.autopilot and not sys.stdin.isatty():
        print(
            "zcal-tui undo: nobody can confirm it. Run it on a terminal, or use --save always.",
            file=sys.stderr,
        )
        return ExitCode.NEEDS_PERSON
    from zcal_tui.session.undo import UndoParameters
    from zcal_tui.start import start  # what runs is imported once it is known that something will

    return start(replace(command, check=UNDO, parameters=UndoParameters()))
