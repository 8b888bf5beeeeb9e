"""`python -m campaigns [NAME …]`: run long campaigns against the simulated printer's truth, and print the figures.

A campaign is a module with `run(options) -> CampaignReport` and a line in CAMPAIGNS.
"""

import argparse
import sys
from collections.abc import Callable

from campaigns import calibrations, half_steps, scan_backlash, scanner_backlash, statistics
from campaigns.errors import CampaignError
from campaigns.options import CampaignOptions
from campaigns.random_truths import SWITCH_PROFILES
from campaigns.report import CampaignReport
from zcal_tui.checks.catalogue import CHECKS

CAMPAIGNS: dict[str, Callable[[CampaignOptions], CampaignReport]] = {
    calibrations.NAME: calibrations.run,
    half_steps.NAME: half_steps.run,
    scan_backlash.NAME: scan_backlash.run,
    scanner_backlash.NAME: scanner_backlash.run,
    statistics.NAME: statistics.run,
}
MET, NOT_MET, CANNOT, INTERRUPTED = 0, 1, 2, 130
"""Exit codes; wrong usage is CANNOT as well."""


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is too small, the least is 1")
    return value


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text}", end="", file=sys.stderr, flush=True)


def _report(text: str) -> None:
    _progress(" " * 60)
    _progress("")
    print(text, file=sys.stderr, flush=True)


def _checks(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in CHECKS:
            raise argparse.ArgumentTypeError(f"there is no check {name!r}; there are {', '.join(CHECKS)}")
    return names


def main(arguments: list[str]) -> int:
    """Run the named campaigns; returns the exit code: whether all criteria were met, or one could not be run."""
    parser = argparse.ArgumentParser(prog="python -m campaigns", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{', '.join(CAMPAIGNS)}; without a name all of them"
    )
    parser.add_argument(
        "--runs",
        type=_count,
        metavar="N",
        help=f"runs in all (for {calibrations.NAME} of each profile, for {statistics.NAME} of each row), instead of "
        "the campaign's own number",
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the random draws (default: 1)")
    parser.add_argument("--klipper", metavar="DIR", help="the Klipper to run, as for zcal-tui sim")
    whole = parser.add_argument_group(calibrations.NAME)
    whole.add_argument(
        "--profile", action="append", choices=SWITCH_PROFILES, default=[], help="only this one; repeatable"
    )
    whole.add_argument(
        "--only", type=_checks, default=(), metavar="CHECKS", help="only these, with commas between"
    )
    whole.add_argument("--jobs", type=_count, default=2, metavar="J", help="how many at once (default: 2)")
    whole.add_argument(
        "--keep", metavar="DIR", help="keep truths and records there; runs that are there are not repeated"
    )
    given = parser.parse_args(arguments)
    for name in given.names:
        if name not in CAMPAIGNS:
            parser.error(f"there is no campaign {name!r}; there are {', '.join(CAMPAIGNS)}")
    options = CampaignOptions(
        given.runs,
        given.seed,
        given.klipper,
        _progress,
        _report,
        tuple(given.profile),
        given.only,
        given.jobs,
        given.keep,
    )
    codes = [_run(name, options) for name in given.names or CAMPAIGNS]
    return max(codes)


def _run(name: str, options: CampaignOptions) -> int:
    try:
        report = CAMPAIGNS[name](options)
    except CampaignError as error:
        print(f"{name} could not be run. {error}", file=sys.stderr, flush=True)
        return CANNOT
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return INTERRUPTED
    _progress(" " * 60 + "\r")
    print(report.text(), end="\n\n", flush=True)
    return MET if report.met else NOT_MET


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
