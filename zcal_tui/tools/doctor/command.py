"""`zcal-tui doctor`: the command line, and what it prints."""

import argparse
import asyncio
import io
import os
import shutil
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from zcal_tui.config import ConfigError, as_path, data_folder, load
from zcal_tui.model.outside_text import json_line, one_line
from zcal_tui.tools.doctor import output
from zcal_tui.tools.doctor.examine import DoctorRequest, Facts, gather, judge
from zcal_tui.tools.doctor.finding import Grade
from zcal_tui.tools.redaction import redact

WELL, PROBLEMS, USAGE, CANCELLED = 0, 1, 2, 5
"""Exit codes, as everywhere: 5 after Ctrl-C."""
BEGIN, END = "----- copy from here into a forum post -----", "----- to here -----"


def parser() -> argparse.ArgumentParser:
    """The command line of `zcal-tui doctor`."""
    made = argparse.ArgumentParser(
        prog="zcal-tui doctor",
        description="Diagnose connection and setup problems. Nothing moves and nothing is changed.",
        epilog="Exit codes: 0 no problem, 1 a problem was found, 2 wrong usage, 5 Ctrl-C.",
        allow_abbrev=False,
    )
    made.add_argument("--printer", metavar="URL|SOCKET", help="the printer's address, as in every command")
    made.add_argument(
        "--klipper", metavar="DIR", type=Path, help="Klipper's folder, if klippy is not running"
    )
    made.add_argument("--ca-file", metavar="FILE", help="certificate of the printer's server (PEM)")
    made.add_argument("--config", metavar="FILE", help="a settings file instead of the default one")
    made.add_argument("--data", metavar="DIR", help="the folder where runs are saved")
    made.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    return made


def main(argv: Sequence[str], environment: Mapping[str, str] = os.environ, home: Path | None = None) -> int:
    """Run the command; returns 0 no problem, 1 a problem was found, 2 wrong usage, 5 Ctrl-C."""
    try:
        options = parser().parse_args(argv)
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else USAGE
    try:
        request = request_of(options, environment, home or Path.home())
    except ConfigError as error:
        print(f"zcal-tui doctor: {error}", file=sys.stderr)
        return USAGE
    try:
        facts = asyncio.run(gather(request))
    except KeyboardInterrupt:
        return CANCELLED
    findings = judge(facts)
    hosts, secrets = hidden(request, facts)
    paste = [redact(line, request.home, hosts, secrets) for line in output.paste_lines(facts, findings)]
    if options.json:
        lines = [json_line(output.as_json(facts, findings, paste))]
    else:
        encoding = getattr(sys.stdout, "encoding", None) or "ascii"
        signs = output.signs_for(encoding, console=facts.terminal.console)
        width = shutil.get_terminal_size((80, 24)).columns
        lines = output.text_lines(findings, signs, width)
        lines += ["", BEGIN, *paste, END]  # not wrapped: a forum post has another width
    if isinstance(sys.stdout, io.TextIOWrapper):  # a locale without µ gets an escape instead of an error
        sys.stdout.reconfigure(errors="backslashreplace")
    print(*map(one_line, lines), sep="\n")
    grades = {finding.grade for own in findings.values() for finding in own}
    return PROBLEMS if Grade.PROBLEM in grades else WELL


def request_of(options: argparse.Namespace, environment: Mapping[str, str], home: Path) -> DoctorRequest:
    """What is to be examined; a settings file that cannot be read is a finding, not an end. Raises ConfigError."""
    flags = {"printer": options.printer, "data": options.data, "ca_file": options.ca_file}
    file = as_path(options.config) if options.config else None
    try:
        settings = load(flags, environment, file)
    except ConfigError:
        # Without any file: none is below the null device
        settings = load(flags, {**environment, "XDG_CONFIG_HOME": os.devnull})
    if options.printer:
        origin = "--printer"
    else:
        origin = "ZCAL_PRINTER" if environment.get("ZCAL_PRINTER") else "settings file"
    return DoctorRequest(
        settings=settings,
        origin=origin,
        folder=data_folder(settings),
        settings_file=file,
        klipper=options.klipper,
        environ=environment,
        home=home,
        ask_terminal=not options.json,
    )


def hidden(request: DoctorRequest, facts: Facts) -> tuple[set[str], set[str]]:
    """Names of machines, and logins, that must not be pasted."""
    settings = request.settings
    hosts = {urlsplit(tried.address).hostname or "" for tried in facts.link.tried}
    hosts |= {socket.gethostname(), facts.printer.state.hostname}
    tokens = [value for name, value in parse_qsl(urlsplit(settings.printer or "").query) if name == "token"]
    return hosts, {settings.api_key or "", settings.token or "", *tokens}
