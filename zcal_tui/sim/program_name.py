"""How the simulator's command is spelled, with the program and without it (docs/sim-for-authors.md)."""

from importlib.util import find_spec

WITH_PROGRAM = find_spec("zcal_tui.cli") is not None  # by its name: the simulator imports nothing of it
COMMAND = "zcal-tui sim" if WITH_PROGRAM else "python -m zcal_tui.sim"
