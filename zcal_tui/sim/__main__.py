"""`python -m zcal_tui.sim`: the same as `zcal-tui sim`."""

import sys

from zcal_tui.sim.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
