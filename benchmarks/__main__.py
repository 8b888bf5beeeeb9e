"""`python -m benchmarks [NAME …]`: measure and print."""

import argparse
import sys
from collections.abc import Callable
from functools import partial

from benchmarks import (
    analyse,
    first_frame,
    key_press,
    many_printers,
    probe_accuracy,
    sim_boards,
    sim_mcu,
    sim_start,
    soak,
    stored_runs,
    updates,
)
from benchmarks.errors import BenchmarkError
from benchmarks.options import BenchmarkOptions
from benchmarks.table import BenchmarkReport

BENCHMARKS: dict[str, Callable[[BenchmarkOptions], BenchmarkReport]] = {
    "first_frame": first_frame.run,
    "status_updates": updates.status_updates,
    "message_burst": updates.message_burst,
    "key_press": key_press.run,
    "sim_mcu": sim_mcu.run,
    "sim_start": sim_start.run,
    "sim_boards": sim_boards.run,
    "probe_accuracy": probe_accuracy.run,
    "analyse": analyse.run,
    "stored_runs": stored_runs.run,
    "many_printers": many_printers.run,
    "soak": soak.run,
}
ON_REQUEST = ("soak",)
"""Those that only run by name, since they take long."""
MIN_SECONDS = 8.0
"""Shorter windows would mostly show the machine's other work."""


def _number(text: str, *, least: float) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if value < least:
        raise argparse.ArgumentTypeError(f"{text} is too small, the least is {least:g}")
    return value


def _count(text: str, *, least: int = 1) -> int:
    return int(_number(text, least=least))


def _options(parser: argparse.ArgumentParser, arguments: list[str]) -> tuple[list[str], BenchmarkOptions]:
    usual = BenchmarkOptions()
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"{', '.join(BENCHMARKS)}; without a name all but {', '.join(ON_REQUEST)}",
    )
    parser.add_argument("--starts", type=_count, default=usual.starts, help="starts of each program")
    parser.add_argument(
        "--windows", type=_count, default=usual.windows, help="spans over which CPU time is read"
    )
    parser.add_argument(
        "--seconds", type=partial(_number, least=MIN_SECONDS), default=usual.seconds, help="length of a span"
    )
    parser.add_argument("--klipper", metavar="DIR", help="sim_…: the Klipper to run, as for zcal-tui sim")
    parser.add_argument(
        "--minutes", type=partial(_number, least=0.5), default=usual.minutes, help="soak: how long"
    )
    parser.add_argument(
        "--printers", type=partial(_count, least=2), default=usual.printers, help="many_printers: how many"
    )
    given = parser.parse_args(arguments)
    for name in given.names:
        if name not in BENCHMARKS:
            parser.error(f"there is no benchmark {name!r}; there are {', '.join(BENCHMARKS)}")
    options = BenchmarkOptions(
        given.starts, given.windows, given.seconds, given.klipper, given.minutes, given.printers
    )
    return given.names or [name for name in BENCHMARKS if name not in ON_REQUEST], options


def main(arguments: list[str]) -> int:
    """Run the named benchmarks; returns the exit code: 0, 1 where one could not be measured, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names, options = _options(parser, arguments)
    code = 0
    for name in names:
        try:
            print(BENCHMARKS[name](options).text(), end="\n\n", flush=True)
        except BenchmarkError as error:
            print(f"{name} could not be measured: {error}\n", file=sys.stderr, flush=True)
            code = 1
        except KeyboardInterrupt:
            print("Stopped.", file=sys.stderr)
            return 130
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
