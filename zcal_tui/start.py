"""Starts what a command asks for: a session with its printer and its store, and the interface to it."""

import contextlib
import io
import logging
import logging.handlers
import os
import resource
import sys
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from zcal_tui.command import Command, CommandPrinter
from zcal_tui.config import ConfigError, as_path, certificate_file, data_folder, lease_seconds
from zcal_tui.headless.exit_codes import ExitCode
from zcal_tui.model.outside_text import indented_lines, one_line
from zcal_tui.results.private_files import make_folder, open_private, protect
from zcal_tui.results.store import Store
from zcal_tui.session.loop import SessionLoop
from zcal_tui.session.port import RunOptions
from zcal_tui.session.session import Session
from zcal_tui.session.simulated_person import SimulatedPerson, simulates
from zcal_tui.session.snapshot import Snapshot
from zcal_tui.session.target import DemoOptions, PrinterTarget
from zcal_tui.terminal import is_tty, terminal_problem
from zcal_tui.transport.address import AddressError, parse_address, usual_addresses

if TYPE_CHECKING:
    from zcal_tui.headless.answers import Answerer
    from zcal_tui.headless.output import Output

FILES_PER_PRINTER = 6
"""Open files of a printer: its connection, its run, and for a moment what is read."""
USUAL_FILES = 256


def start(command: Command) -> int:
    """Run what was asked for; returns the exit code."""
    if not command.headless:
        problem = terminal_problem(os.environ, is_tty())  # refused before anything is started
        if problem is not None:
            print(f"zcal-tui: {problem}", file=sys.stderr)
            return ExitCode.USAGE
    if command.kiosk and command.demo is None:
        from zcal_tui.tools.kiosk.gate import ask  # only where a screen would be taken from somebody

        if (reason := ask(command.settings, Path.home())) is not None:
            print(f"zcal-tui is not started: {one_line(reason)}", file=sys.stderr)
            return ExitCode.NOT_READY
    try:
        target = replace(target_of(command), lease=lease_seconds(command.settings))
        data = data_folder(command.settings)
        ca_file = certificate_file(command.settings)
        several = [_target_of_one(printer, ca_file) for printer in command.several]
    except (AddressError, ConfigError) as error:
        print(f"zcal-tui: {error}", file=sys.stderr)
        return ExitCode.USAGE
    unprotected = protect(data)
    log_to(data / "zcal-tui.log", _secrets(command))
    for what in unprotected:
        logging.getLogger(__name__).warning("others of this machine may read %s", what)
    if several:
        return _several(command, several, Store(data))
    session = Session(target, Store(data))
    try:
        return _interface(command, session)
    finally:
        session.close()


def _interface(command: Command, session: Session) -> int:
    if not command.headless:
        from zcal_tui.tui.launch import run_tui  # as above

        return run_tui(
            session,
            check=command.check,
            parameters=command.parameters,
            theme=command.settings.theme,
            keymap=command.settings.keymap,
            save=command.save,
            operator=_operator(command),
            kiosk=command.kiosk,
        )
    from zcal_tui.headless.output import JsonOutput, TextOutput  # not needed by the terminal interface
    from zcal_tui.headless.run import run_headless

    assert command.check is not None
    session.start()
    output = JsonOutput() if command.json else TextOutput(plain=command.plain, quiet=command.quiet)
    answerer = _answerer(command, output)
    options = RunOptions(
        present=answerer is not None,
        save=command.save,
        resume=command.resume,
        operator=_operator(command),
    )
    code = run_headless(session, command.check, command.parameters, output, options, answerer)
    if session.left is not None:
        os._exit(code)  # left by a second signal: what still computes or waits does not hold it up
    return code


def _operator(command: Command) -> str:
    from zcal_tui.results.operators import operator_name  # only once there is a session

    return operator_name(command.settings.operator or "")


def _several(command: Command, targets: "list[PrinterTarget]", store: Store) -> int:
    """One check on several printers; no questions are asked, since nobody is at all of them."""
    from zcal_tui.headless.several import NamedPrinter, run_several  # as above

    assert command.check is not None
    _allow_files(FILES_PER_PRINTER * len(targets))
    loop = SessionLoop()
    printers = []
    try:
        for one, target in zip(command.several, targets, strict=True):
            session = Session(target, store, loop)
            session.start()
            printers.append(NamedPrinter(one.name, str(target.addresses[0]), session, one.parameters))
        options = RunOptions(present=False, save=command.save, operator=_operator(command))
        code = run_several(
            printers, command.check, as_json=command.json, options=options, at_once=command.at_once
        )
        if any(printer.session.left is not None for printer in printers):
            os._exit(code)  # as above
        return code
    finally:
        loop.stop()


def _allow_files(wanted: int) -> None:
    """Raise the limit of open files towards `wanted` more than usual, as far as the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted + USUAL_FILES if hard == resource.RLIM_INFINITY else min(hard, wanted + USUAL_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _answerer(command: Command, output: "Output") -> "Callable[[Snapshot], Answerer] | None":
    """Who answers the check's questions: the simulated person, somebody at a terminal, or nobody."""
    if command.autopilot:
        from zcal_tui.headless.answers import NobodyAnswers  # as above
        from zcal_tui.headless.autopilot import Autopilot

        def autopilot(snapshot: Snapshot) -> "Answerer":
            # Its answers are no consent on a real printer
            if command.control is not None and not simulates(command.control, snapshot.printer):
                raise NobodyAnswers(
                    "--control is not the socket of this printer's simulator. --autopilot answers only for a simulated "
                    "printer."
                )
            return Autopilot(SimulatedPerson(command.control or snapshot.link.control or ""))

        return autopilot
    if not sys.stdin.isatty() and not command.plain:
        return None
    from zcal_tui.headless.answers import LinePrompts  # as above

    return lambda _: LinePrompts(output, sys.stdin, plain=command.plain)


def _target_of_one(printer: CommandPrinter, ca_file: Path | None) -> PrinterTarget:
    """One of several printers. Raises AddressError, ConfigError."""
    return PrinterTarget(
        addresses=(parse_address(printer.address),),
        api_key=printer.api_key,
        token=printer.token,
        ca_file=as_path(printer.ca_file) if printer.ca_file else ca_file,
        lease=printer.lease,
        name=printer.filed_under,
    )


def target_of(command: Command) -> PrinterTarget:
    """The printer that a command is for. Raises AddressError, ConfigError."""
    settings = command.settings
    if command.demo is not None:
        return PrinterTarget(
            demo=DemoOptions(
                profile=command.demo,
                truth=command.truth,
                klipper=settings.klipper,
                speed=command.sim_speed,
                seed=command.seed,
                strip=command.strip,
            )
        )
    addresses = [parse_address(settings.printer)] if settings.printer else usual_addresses(Path.home())
    return PrinterTarget(
        addresses=tuple(addresses),
        api_key=settings.api_key,
        token=settings.token,
        ca_file=certificate_file(settings),
    )


class _PrivateLog(logging.handlers.RotatingFileHandler):
    """A log for its owner alone: it names printers, files and errors."""

    def _open(self) -> io.TextIOWrapper:
        return cast(io.TextIOWrapper, open_private(Path(self.baseFilename), self.mode))


class _PlainFormatter(logging.Formatter):
    """Lines that can be shown on a terminal and given away: an error of a library may quote what it was given."""

    def __init__(self, secrets: Collection[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return indented_lines(text)


def _secrets(command: Command) -> set[str]:
    """The logins of a command."""
    settings = command.settings
    logins = {settings.api_key, settings.token}
    logins.update(*((one.api_key, one.token) for one in command.several))
    return {login for login in logins if login}


def log_to(path: Path, secrets: Collection[str] = ()) -> None:
    """Keep a log on disk: the screen belongs to the interface, and a fault should be on record. `secrets` are left
    out of it."""
    try:
        make_folder(path.parent)
        handler = _PrivateLog(path, maxBytes=500_000, backupCount=2, encoding="utf-8")
    except OSError as error:
        print(f"zcal-tui: cannot write the log: {error}", file=sys.stderr)
        handler_or_none: logging.Handler = logging.NullHandler()
    else:
        handler.setFormatter(_PlainFormatter(secrets))
        handler_or_none = handler
    root = logging.getLogger()
    root.addHandler(handler_or_none)
    root.setLevel(logging.INFO)
