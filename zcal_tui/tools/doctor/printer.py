"""What the printer reports, over an open connection. Nothing moves, nothing is changed."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from zcal_tui.checks.lease.temporary_settings import other_holder
from zcal_tui.checks.ready import finding as ready
from zcal_tui.checks.ready.module_findings import module_finding
from zcal_tui.checks.ready.state_findings import build
from zcal_tui.printer.errors.explain import explain
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import mapping, text
from zcal_tui.printer.zcal_module import ZcalModule
from zcal_tui.tools.doctor.finding import DoctorFinding, from_ready, note, ok, problem, sentence
from zcal_tui.tools.doctor.link import RESTART, STATUS
from zcal_tui.transport.failures import TransportError

LONGEST = 5.0
"""Seconds to read the printer's state, and again for klippy's."""
_NO_MODULE = re.compile(r"Section '(zcal|z_calibration)' is not a valid config section")


@dataclass(frozen=True, slots=True)
class PrinterFacts:
    """What the printer reports."""

    state: PrinterState
    info: Mapping[str, Any] = field(default_factory=dict)
    """The answer of klippy's endpoint of that name."""
    module: ready.ReadyFinding | None = None
    """What the check `ready` reports about the [zcal] module."""
    module_loaded: bool = False


async def gather_printer(printer: Printer) -> PrinterFacts:
    """Read the state of a printer that answers, as far as it does."""
    try:
        async with asyncio.timeout(LONGEST):
            await printer.start()
    except (TimeoutError, TransportError):
        pass  # the state shows how far it came
    try:
        async with asyncio.timeout(LONGEST):
            info = mapping(await printer.call("info"))
    except (TimeoutError, TransportError):
        info = {}
    state, zcal = printer.state, ZcalModule(printer)
    return PrinterFacts(
        state=state,
        info=info,
        module=module_finding(zcal) if state.klippy in ("ready", "shutdown") else None,
        module_loaded=zcal.version is not None,
    )


def judge_printer(facts: PrinterFacts) -> Iterator[DoctorFinding]:
    """Report klippy's state, known faults of its build, and who holds the lease."""
    state = facts.state
    if state.klippy in ("ready", "shutdown"):
        yield from_ready(build(state))
    if state.klippy == "ready":
        yield ok("state", "Klipper is ready.")
    elif state.klippy in ("error", "shutdown"):
        yield _judge_halt(facts)
    elif state.klippy == "startup":
        yield note(
            "state",
            "Klipper is starting.",
            "It reads its configuration and connects to its MCUs, which takes up to a minute.",
            "Try again in a minute. If nothing has changed, read its log.",
            "tail -n 50 ~/printer_data/logs/klippy.log",
        )
    elif not state.connected:  # a Moonraker without klippy is reported with the connection
        yield problem(
            "state",
            f"Klipper cannot be queried: {state.message or state.link}",
            "The server answers, but klippy does not.",
            "Check whether Klipper is running.",
            STATUS,
        )
    if other_holder(state) is not None:
        yield note(
            "lease",
            "Another program holds the [zcal] module's lease.",
            "Only one program can measure at a time.",
            "Let it finish, or close it. After a crash, the next check cleans up.",
        )


def _judge_halt(facts: PrinterFacts) -> DoctorFinding:
    message = facts.state.message
    if (missing := _NO_MODULE.search(message)) is not None:
        # Klipper's own advice would be to remove the section
        return problem(
            "state",
            f"Klipper does not start: printer.cfg has [{missing[1]}], but Klipper finds no such module.",
            "Its link is newer than klippy, or missing: updates and recovery of Klipper can remove links.",
            "Link the module again on the printer's host, then restart Klipper.",
            f"zcal-tui install --klipper {text(facts.info.get('klipper_path')) or '~/klipper'}",
            RESTART,
        )
    explained = explain(message or f"Klipper is in state {facts.state.klippy}")
    what = sentence(explained.what)
    if explained.known:
        verbatim = next((line.strip() for line in message.splitlines() if line.strip()), "")
        what = f"{what} Klipper reports: {sentence(verbatim)}"
    return problem(
        "state",
        what,
        explained.cause,
        explained.remedy or "Fix the cause, then restart Klipper.",
        *([RESTART] if facts.state.klippy == "error" else []),
    )
