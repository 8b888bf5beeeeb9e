"""`zcal-tui bug-report`: the command line; collects, writes one file and says what is in it."""

import argparse
import asyncio
import os
import pwd
import socket
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from zcal_tui.config import ConfigError, as_path
from zcal_tui.results.private_files import private
from zcal_tui.tools.bug_report.content import parts
from zcal_tui.tools.bug_report.known_words import KnownWords
from zcal_tui.tools.doctor.command import hidden, request_of
from zcal_tui.tools.doctor.examine import DoctorRequest, Facts, gather, judge
from zcal_tui.tools.redaction import COMMON
from zcal_tui.tools.system import attempt

DONE, FAILED, USAGE, CANCELLED = 0, 1, 2, 5
OPENING = """\
zcal-tui bug report. It contains only words that zcal-tui itself uses, and numbers; … replaces everything else.
A secret that consists of such words alone cannot be recognised: read this file before you give it to anybody.
"""


def parser() -> argparse.ArgumentParser:
    """The command line of `zcal-tui bug-report`."""
    made = argparse.ArgumentParser(
        prog="zcal-tui bug-report",
        description="Write one text file to attach to a bug report: versions, findings, a configuration excerpt, "
        "the last records, and what the program logged. Nothing is sent, nothing moves, and no printer is needed.",
        epilog="Exit codes: 0 written, 1 the file cannot be written, 2 wrong usage, 5 Ctrl-C.",
        allow_abbrev=False,
    )
    made.add_argument("--output", metavar="FILE", help="the file to write; default a new one in this folder")
    made.add_argument("--printer", metavar="URL|SOCKET", help="the printer's address, as in every command")
    made.add_argument(
        "--klipper", metavar="DIR", type=Path, help="Klipper's folder, if klippy is not running"
    )
    made.add_argument("--ca-file", metavar="FILE", help="certificate of the printer's server (PEM)")
    made.add_argument("--config", metavar="FILE", help="a settings file instead of the default one")
    made.add_argument("--data", metavar="DIR", help="the folder where runs are saved")
    return made


def main(argv: Sequence[str], environment: Mapping[str, str] = os.environ, home: Path | None = None) -> int:
    """Run the command; returns 0 written, 1 not written, 2 wrong usage, 5 Ctrl-C."""
    try:
        options = parser().parse_args(argv)
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else USAGE
    options.json = True  # the terminal is not asked for its abilities
    try:
        request = request_of(options, environment, home or Path.home())
        path = (
            as_path(options.output)
            if options.output
            else Path(f"zcal-bug-report-{datetime.now():%Y%m%d-%H%M%S}.txt")
        )
    except ConfigError as error:
        print(f"zcal-tui bug-report: {error}", file=sys.stderr)
        return USAGE
    try:
        facts = asyncio.run(gather(request))
    except KeyboardInterrupt:
        return CANCELLED
    found = list(parts(facts, judge(facts), request.folder, known_words(request, facts)))
    lines = [OPENING]
    for title, own in found:
        lines += [f"== {title} ==", *(own or ["none"]), ""]
    try:
        write(path, "\n".join(lines))
    except OSError as error:
        print(f"zcal-tui bug-report: {path}: {error.strerror or error}", file=sys.stderr)
        return FAILED
    print(f"Written: {path.resolve()} (readable by you alone)")
    for title, own in found:
        print(f"  {title}: {len(own)} lines" if own else f"  {title}: none")
    print("Nothing was sent. Read the file, then attach it to your report.")
    return DONE


def write(path: Path, text: str) -> None:
    """Write a new file for its owner alone. Raises OSError, also where there is a file already."""
    with open(path, "x", encoding="utf-8", opener=private) as file:
        file.write(text)


def known_words(request: DoctorRequest, facts: Facts) -> KnownWords:
    """The filter, with the names of people and machines that this machine knows."""
    hosts, secrets = hidden(request, facts)
    environment = request.environ
    users = {environment.get(name, "") for name in ("USER", "LOGNAME", "SUDO_USER")} | {request.home.name}
    own = attempt(lambda: pwd.getpwuid(os.getuid()), KeyError)
    if own is not None:
        users |= {own.pw_name, *own.pw_gecos.replace(",", " ").split()}
    names = {*hosts, *users, socket.gethostname().partition(".")[0], request.settings.operator or ""}
    return KnownWords((name for name in names if name.lower() not in COMMON), secrets, request.home)
