"""How the simulator's command is spelled, with the program and without it (docs/sim-for-authors.md)."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

WITH_PROGRAM = find_spec("zcal_tui.cli") is not None  # by its name: the simulator imports nothing of it
COMMAND = "zcal-tui sim" if WITH_PROGRAM else "python -m zcal_tui.sim"


def typed(command: str) -> str:
    """A command as a shell takes it: with its path where the bare name is not this installation's."""
    name, _, rest = command.partition(" ")
    own = Path(sys.executable).parent / name
    found = shutil.which(name)
    if not own.exists() or (found is not None and Path(found).absolute() == own.absolute()):
        return command
    return f"{own} {rest}".rstrip()
