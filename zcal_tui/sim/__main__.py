"""`python -m zcal_tui.sim`: the same as `zcal-tui sim`. A missing package is a message, not a traceback."""

import sys
from collections.abc import Sequence

from zcal_tui.required_packages import missing_package
from zcal_tui.sim.host.errors import SimulatorError
from zcal_tui.sim.host.output import SimulatorJsonOutput, SimulatorOutput, SimulatorTextOutput

EXIT_USAGE = 2


def main(arguments: Sequence[str]) -> int:
    """Run the simulator's command; returns the exit code."""
    try:
        from zcal_tui.sim.command import main as simulate  # it imports everything

        return simulate(arguments)
    except ImportError as error:
        missing = missing_package(error)
        if missing is None:
            raise
        output: SimulatorOutput = SimulatorJsonOutput() if "--json" in arguments else SimulatorTextOutput()
        output.failed(SimulatorError(missing.what, remedy=missing.remedy))
        return EXIT_USAGE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
