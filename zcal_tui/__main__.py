"""`python -m zcal_tui` and the entry point `zcal-tui`."""

import os
import sys


def _open_streams() -> None:
    """Give what was started with closed streams (`<&-`, `>&-`) empty ones: else the next socket or file would get the
    free number, and be written to as the standard output."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            free = os.open(os.devnull, os.O_RDWR)
            if free != number:
                os.dup2(free, number)
                os.close(free)
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115  for as long as we run
            setattr(sys, name, stream)


def main() -> int:
    """Run the command line; returns the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036  an old one trips over what comes next before anything could be said
        print(f"zcal-tui needs Python 3.11 or newer; this is {sys.version.split()[0]}.", file=sys.stderr)
        return 2
    # numpy's matrices are small here. Threads that wait for each other cost the fits of `temperature` four times the
    # processor time, beside a klippy that needs it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _open_streams()
    from zcal_tui.streams import protect_streams  # as below

    protect_streams()
    from zcal_tui.cli import run  # what `import zcal_tui.__main__` costs stays nothing

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
