"""`python -m zcal_tui` and the entry point `zcal-tui`."""

import sys


def main() -> int:
    """Run the command line; returns the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036  an old one trips over what comes next before anything could be said
        print(f"zcal-tui needs Python 3.11 or newer; this is {sys.version.split()[0]}.", file=sys.stderr)
        return 2
    from zcal_tui.cli import run  # what `import zcal_tui.__main__` costs stays nothing

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
