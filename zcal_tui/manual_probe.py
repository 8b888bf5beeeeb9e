"""`zcal-tui manual-probe`: take over a manual probe that something else opened, on the command line."""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace

from zcal_tui.arguments import Parser, UsageError, common_options, given_words, parse
from zcal_tui.config import ConfigError
from zcal_tui.headless.exit_codes import ExitCode
from zcal_tui.model.record import MANUAL_PROBE, READY_CHECK

DESCRIPTION = (
    "Take over the manual probe (paper test) that another command or screen has opened, by consent: PROBE_CALIBRATE, "
    "DELTA_CALIBRATE, BED_MESH_CALIBRATE METHOD=manual and others. Shows what Accept stages. It stays open if the "
    "program ends."
)


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns the exit code."""
    try:
        return _run(arguments)
    except (UsageError, ConfigError) as error:
        print(f"zcal-tui {MANUAL_PROBE}: {error}", file=sys.stderr)
        return ExitCode.USAGE


def _run(arguments: Sequence[str]) -> int:
    parser = Parser(prog=f"zcal-tui {MANUAL_PROBE}", description=DESCRIPTION, allow_abbrev=False)
    common_options(parser)
    given = parser.parse_args(list(arguments))
    words = [word for word in given_words(given) if word != "--headless"]
    # Any check's command line has these options; `ready` has the fewest others
    command = parse(["--headless", *words, READY_CHECK], dict(os.environ))
    if command.several:
        raise UsageError("one printer at a time: name it with --printer")
    if command.demo is not None:
        raise UsageError(
            "a simulated printer that is started here has no manual probe open; name one with --printer"
        )
    from zcal_tui.checks.manual_probe.declaration import ManualProbeParameters
    from zcal_tui.start import start  # what runs is imported once it is known that something will

    return start(replace(command, check=MANUAL_PROBE, parameters=ManualProbeParameters()))
