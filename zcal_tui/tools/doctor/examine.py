"""The whole examination: gather everything at once, then judge it."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path

from zcal_tui.config import Settings, certificate_file
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.tools.doctor.configuration import judge_configuration
from zcal_tui.tools.doctor.finding import DoctorFinding, Group
from zcal_tui.tools.doctor.klipper import KlipperFacts, gather_klipper, judge_klipper
from zcal_tui.tools.doctor.link import DEFAULT, LinkFacts, gather_link, judge_link, local_sockets
from zcal_tui.tools.doctor.printer import NOT_REACHED, PrinterFacts, gather_printer, judge_printer
from zcal_tui.tools.doctor.program import ProgramFacts, gather_program, judge_program
from zcal_tui.tools.doctor.storage import StorageFacts, gather_storage, judge_storage
from zcal_tui.tools.doctor.terminal import TerminalFacts, gather_terminal, judge_terminal
from zcal_tui.tools.klippy_processes import klippy_processes
from zcal_tui.transport.address import Address, AddressError, parse_address, usual_addresses
from zcal_tui.transport.moonraker import Credentials

Findings = Mapping[Group, tuple[DoctorFinding, ...]]


@dataclass(frozen=True, slots=True)
class DoctorRequest:
    """What is to be examined."""

    settings: Settings
    origin: str
    """Where `settings.printer` comes from, for people."""
    folder: Path
    """The data folder in force."""
    settings_file: Path | None = None
    klipper: Path | None = None
    """A Klipper folder that was named."""
    environ: Mapping[str, str] = field(default_factory=dict)
    home: Path = field(default_factory=Path.home)
    ask_terminal: bool = True


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was gathered."""

    program: ProgramFacts
    terminal: TerminalFacts
    storage: StorageFacts
    link: LinkFacts
    printer: PrinterFacts = NOT_REACHED
    klipper: KlipperFacts = field(default_factory=KlipperFacts)


async def gather(request: DoctorRequest) -> Facts:
    """Read everything; takes seconds, with a limit on each part."""
    environ, home = request.environ, request.home
    terminal = gather_terminal(environ, ask=request.ask_terminal)
    program, storage, (link, printer) = await asyncio.gather(
        gather_program(),
        asyncio.to_thread(gather_storage, request.settings, request.settings_file, request.folder, environ),
        _gather_printer(request),
    )
    klipper = await asyncio.to_thread(gather_klipper, printer, link.processes, request.klipper, environ, home)
    return Facts(program, terminal, storage, link, printer, klipper)


def judge(facts: Facts) -> Findings:
    """The findings by group, problems first. Their commands name this program as the shell finds it."""
    printer, klipper = facts.printer, facts.klipper
    found = {
        Group.PROGRAM: judge_program(facts.program),
        Group.TERMINAL: judge_terminal(facts.terminal),
        Group.STORAGE: judge_storage(facts.storage),
        Group.LINK: judge_link(facts.link),
        Group.KLIPPER: (*judge_printer(printer), *judge_klipper(printer, klipper, facts.link.processes)),
        Group.CONFIGURATION: judge_configuration(printer, klipper),
    }
    return {
        group: tuple(
            _spelled(one, facts.program.called) for one in sorted(own, key=lambda one: one.grade.weight)
        )
        for group, own in found.items()
    }


def _spelled(finding: DoctorFinding, called: str) -> DoctorFinding:
    commands = (re.sub(r"^zcal-tui\b", lambda _: called, command) for command in finding.commands)
    return replace(finding, commands=tuple(commands))


async def _gather_printer(request: DoctorRequest) -> tuple[LinkFacts, PrinterFacts]:
    """Ask where zcal-tui itself would connect; if nothing answers there, every other socket on this machine."""
    settings = request.settings
    credentials = Credentials(settings.api_key, settings.token, certificate_file(settings))
    processes, moonrakers = await asyncio.to_thread(klippy_processes)
    configured, bad_address = _configured(request)
    answers = await gather_link(configured, credentials)
    if not any(tried.reached for tried, _ in answers):
        sockets = local_sockets(request.home, processes)
        others = {address: sockets[address] for address in sockets if address not in configured}
        answers += await gather_link(others, credentials, configured=False)
    try:
        link = LinkFacts(tuple(tried for tried, _ in answers), bad_address, processes, moonrakers)
        transport = next((transport for tried, transport in answers if tried is link.used), None)
        return link, NOT_REACHED if transport is None else await gather_printer(transport, credentials)
    finally:
        await asyncio.gather(*(transport.close() for _, transport in answers if transport is not None))


def _configured(request: DoctorRequest) -> tuple[dict[Address, str], str]:
    """Where zcal-tui itself connects, with the origin; and why the given address is invalid."""
    if request.settings.printer is None:
        return dict.fromkeys(usual_addresses(request.home), DEFAULT), ""
    try:
        return {parse_address(request.settings.printer): request.origin}, ""
    except AddressError as error:
        return {}, str(error)
