"""The whole examination: gather everything at once, then judge it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from zcal_tui.config import Settings
from zcal_tui.tools.doctor.facts import Facts, LinkFacts, PrinterFacts, Tried
from zcal_tui.tools.doctor.finding import Finding
from zcal_tui.tools.doctor.gather.here import look_here
from zcal_tui.tools.doctor.gather.link import Candidate, ask, candidates_here
from zcal_tui.tools.doctor.gather.printer import look_at_printer
from zcal_tui.tools.doctor.gather.processes import look_at_processes
from zcal_tui.tools.doctor.gather.program import look_at_program
from zcal_tui.tools.doctor.gather.storage import look_at_storage
from zcal_tui.tools.doctor.gather.terminal import look_at_terminal
from zcal_tui.tools.doctor.judge.configuration import judge_configuration
from zcal_tui.tools.doctor.judge.klipper import judge_klipper
from zcal_tui.tools.doctor.judge.link import USUAL, judge_link
from zcal_tui.tools.doctor.judge.program import judge_program
from zcal_tui.tools.doctor.judge.storage import judge_storage
from zcal_tui.tools.doctor.judge.terminal import judge_terminal
from zcal_tui.transport.address import AddressError, parse_address, usual_addresses
from zcal_tui.transport.moonraker import Credentials
from zcal_tui.transport.reconnect import LinkedTransport


@dataclass(frozen=True, slots=True)
class Patient:
    """What is to be examined."""

    settings: Settings
    origin: str
    """Where `settings.printer` comes from, in words."""
    folder: Path
    """The data folder in force."""
    settings_file: Path | None = None
    klipper: Path | None = None
    """A Klipper folder that was named."""
    environ: Mapping[str, str] = field(default_factory=dict)
    home: Path = field(default_factory=Path.home)
    ask_terminal: bool = True


async def gather(patient: Patient) -> Facts:
    """Look at everything; takes seconds, with a limit on each part."""
    terminal = look_at_terminal(patient.environ, ask=patient.ask_terminal)
    program, storage, outside = await asyncio.gather(
        look_at_program(),
        asyncio.to_thread(
            look_at_storage, patient.settings, patient.settings_file, patient.folder, patient.environ
        ),
        _outside(patient),
    )
    link, printer = outside
    here = await asyncio.to_thread(
        look_here, printer, link.processes, patient.klipper, patient.environ, patient.home
    )
    return Facts(program, terminal, storage, link, printer, here)


def judge(facts: Facts) -> tuple[Finding, ...]:
    """The findings, group by group, with this program's name in what is to be typed as the shell finds it."""
    findings = (
        *judge_program(facts.program),
        *judge_terminal(facts.terminal),
        *judge_storage(facts.storage),
        *judge_link(facts.link),
        *judge_klipper(facts.printer, facts.here, facts.link.processes),
        *judge_configuration(facts.printer, facts.here),
    )
    return tuple(
        replace(
            finding, commands=tuple(_spelled(command, facts.program.called) for command in finding.commands)
        )
        for finding in findings
    )


def _spelled(command: str, called: str) -> str:
    name, space, rest = command.partition(" ")
    return called + space + rest if name == "zcal-tui" else command


async def _outside(patient: Patient) -> tuple[LinkFacts, PrinterFacts | None]:
    """Ask where this program would ask; if nobody answers there, wherever else something may be on this machine."""
    settings = patient.settings
    credentials = Credentials(settings.api_key, settings.token)
    processes, moonrakers = await asyncio.to_thread(look_at_processes)
    meant, bad_address = _meant(patient)
    answers = await ask(meant, credentials)
    if not any(tried.reached for tried, _ in answers):
        known = [candidate.address for candidate in meant]
        others = candidates_here(patient.home, processes, known)
        answers += await ask(others, credentials)
    try:
        facts = LinkFacts(tuple(tried for tried, _ in answers), bad_address, processes, moonrakers)
        transport = _transport_of(facts.used, answers)
        return facts, await look_at_printer(transport, credentials) if transport is not None else None
    finally:
        await asyncio.gather(*(transport.close() for _, transport in answers if transport is not None))


def _meant(patient: Patient) -> tuple[list[Candidate], str]:
    """Where this program asks by itself, and why the address that was given is none."""
    if patient.settings.printer is None:
        return [Candidate(address, USUAL) for address in usual_addresses(patient.home)], ""
    try:
        return [Candidate(parse_address(patient.settings.printer), patient.origin)], ""
    except AddressError as error:
        return [], str(error)


def _transport_of(
    used: Tried | None, answers: Sequence[tuple[Tried, LinkedTransport | None]]
) -> LinkedTransport | None:
    return next((transport for tried, transport in answers if tried is used), None)
