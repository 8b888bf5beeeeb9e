"""`python -m zcal_tui` and the entry point `zcal-tui`."""

import sys


def main() -> int:
    """Run the command line; returns the exit code."""
    from zcal_tui.cli import run  # what `import zcal_tui.__main__` costs stays nothing

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
