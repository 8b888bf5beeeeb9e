"""`zcal-tui doctor`: the command line, and what it prints."""

import argparse
import asyncio
import io
import json
import os
import shutil
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from zcal_tui.config import ConfigError, Settings, as_path, data_folder, load
from zcal_tui.tools.doctor.examine import Patient, gather, judge
from zcal_tui.tools.doctor.facts import Facts
from zcal_tui.tools.doctor.finding import Grade
from zcal_tui.tools.doctor.output import as_json, closing, signs_for, text_lines, wrapped
from zcal_tui.tools.doctor.paste import paste_lines, redact

WELL, PROBLEMS, USAGE, CANCELLED = 0, 1, 2, 5
"""Exit codes, as everywhere: 5 after Ctrl-C."""
BEGIN, END = "----- to paste into a forum post -----", "-----"


def parser() -> argparse.ArgumentParser:
    """The command line of `zcal-tui doctor`."""
    made = argparse.ArgumentParser(
        prog="zcal-tui doctor",
        description="See what is in the way: this program, the terminal, settings and data, the link to the printer, "
        "Klipper and the extra, printer.cfg. Moves nothing and changes nothing.",
        epilog="Exit codes: 0 no problem, 1 a problem was found, 2 usage.",
        allow_abbrev=False,
    )
    made.add_argument("--printer", metavar="URL|SOCKET", help="the printer to look for, as everywhere")
    made.add_argument("--klipper", metavar="DIR", type=Path, help="Klipper's folder, where no klippy runs")
    made.add_argument("--config", metavar="FILE", help="a configuration file instead of the usual one")
    made.add_argument("--data", metavar="DIR", help="the folder in which runs are kept")
    made.add_argument("--json", action="store_true", help="one JSON object instead of words")
    return made


def main(argv: Sequence[str], environment: Mapping[str, str] = os.environ, home: Path | None = None) -> int:
    """Run the command; returns 0 no problem, 1 a problem was found, 2 usage."""
    try:
        options = parser().parse_args(argv)
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else USAGE
    home = home or Path.home()
    try:
        patient = _patient(options, environment, home)
    except ConfigError as error:
        print(f"zcal-tui doctor: {error}", file=sys.stderr)
        return USAGE
    try:
        facts = asyncio.run(gather(patient))
    except KeyboardInterrupt:
        return CANCELLED
    findings = judge(facts)
    hidden = _hidden(patient, facts)
    paste = [redact(line, home, hidden[0], hidden[1]) for line in paste_lines(facts, findings)]
    if options.json:
        lines = [json.dumps(as_json(facts, findings, paste), allow_nan=False)]
    else:
        signs = signs_for(getattr(sys.stdout, "encoding", None) or "ascii", console=facts.terminal.console)
        width = shutil.get_terminal_size((80, 24)).columns
        lines = [*text_lines(findings, signs, width), "", *wrapped(closing(findings), "", "", width)]
        lines += ["", BEGIN, *paste, END]  # not wrapped: where it is pasted, lines have other widths
    _print(lines)
    return PROBLEMS if any(finding.grade is Grade.PROBLEM for finding in findings) else WELL


def _patient(options: argparse.Namespace, environment: Mapping[str, str], home: Path) -> Patient:
    """What is to be examined; a settings file that cannot be read is a finding, not an end. Raises ConfigError."""
    flags = {"printer": options.printer, "data": options.data}
    file = as_path(options.config) if options.config else None
    try:
        settings = load(flags, environment, file)
    except ConfigError:
        # Without any file: none is below the null device
        settings = load(flags, {**environment, "XDG_CONFIG_HOME": os.devnull})
    return Patient(
        settings=settings,
        origin=_origin(options, environment),
        folder=data_folder(settings),
        settings_file=file,
        klipper=options.klipper,
        environ=environment,
        home=home,
        ask_terminal=not options.json,
    )


def _origin(options: argparse.Namespace, environment: Mapping[str, str]) -> str:
    if options.printer:
        return "--printer"
    return "ZCAL_PRINTER" if environment.get("ZCAL_PRINTER") else "the settings file"


def _hidden(patient: Patient, facts: Facts) -> tuple[set[str], set[str]]:
    """Names of machines, and logins, that shall not be pasted."""
    settings: Settings = patient.settings
    hosts = {socket.gethostname()}
    hosts |= {urlsplit(tried.address).hostname or "" for tried in facts.link.tried}
    if facts.printer is not None:
        hosts.add(facts.printer.state.hostname)
    secrets = {settings.api_key or "", settings.token or ""}
    secrets |= {value for name, value in parse_qsl(urlsplit(settings.printer or "").query) if name == "token"}
    return hosts, secrets


def _print(lines: Sequence[str]) -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(
            errors="backslashreplace"
        )  # a locale without µ gets an escape instead of an error
    for line in lines:
        print(line)
