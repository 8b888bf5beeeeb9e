"""What the printer reports, with its configuration files, over an open connection. Nothing moves, nothing is changed.
What the files contain is judged in `configuration`.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import field, replace
from typing import Any

from zcal_tui.checks.lease.temporary_settings import other_holder
from zcal_tui.checks.ready import finding as ready
from zcal_tui.checks.ready.module_findings import module_finding
from zcal_tui.checks.ready.state_findings import build
from zcal_tui.klipper_config.files import ConfigText
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.config_files import ConfigBroken, ConfigUnreadable, config_files
from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.errors.explain import explain
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import mapping, text
from zcal_tui.printer.zcal_module import ZcalModule
from zcal_tui.session.saving.config_diff import Unsavable, predict
from zcal_tui.session.saving.plan import conflict_text, fork, require_hidden_backup
from zcal_tui.tools.doctor.finding import DoctorFinding, from_ready, note, ok, problem, sentence
from zcal_tui.tools.doctor.link import RESTART, STATUS
from zcal_tui.transport.failures import TransportError
from zcal_tui.transport.moonraker import Credentials
from zcal_tui.transport.reconnect import LinkedTransport

LONGEST = 5.0
"""Seconds to read the printer's state, again for klippy's, and again for the files."""
_NO_MODULE = re.compile(r"Section '(zcal|z_calibration)' is not a valid config section")


@dataclass(frozen=True, slots=True)
class PrinterFacts:
    """What the printer reports, and its printer.cfg with what that includes, as it is on disk now."""

    state: PrinterState
    reached: bool = True
    info: Mapping[str, Any] = field(default_factory=dict)
    """The answer of klippy's endpoint of that name."""
    module: ready.ReadyFinding | None = None
    """What the check `ready` reports about the [zcal] module."""
    module_loaded: bool = False
    files: ConfigText | None = None
    unreadable: str = ""
    """Why zcal-tui cannot read the files."""
    broken: str = ""
    """Why klippy could not read them either."""
    save_conflict: str = ""
    """Why SAVE_CONFIG would reject the probe's z_offset."""
    unsavable: tuple[str, str, str] | None = None
    """Why SAVE_CONFIG could write nothing at all: what, cause and remedy."""
    edited: tuple[str, ...] = ()
    """What differs from the configuration that klippy has read."""


NOT_REACHED = PrinterFacts(PrinterState(), reached=False)


async def gather_printer(transport: LinkedTransport, credentials: Credentials) -> PrinterFacts:
    """Read the state and the files of a printer over an open connection, as far as it answers."""
    printer = Printer(transport)
    info: Mapping[str, Any] = {}
    try:
        with suppress(TimeoutError, TransportError):  # the state shows how far it came
            async with asyncio.timeout(LONGEST):
                await printer.start()
        with suppress(TimeoutError, TransportError):
            async with asyncio.timeout(LONGEST):
                info = mapping(await printer.call("info"))
        state, zcal = printer.state, ZcalModule(printer)
        module = module_finding(zcal) if state.klippy in ("ready", "shutdown") else None
        facts = PrinterFacts(state, info=info, module=module, module_loaded=zcal.version is not None)
        if not info:
            return facts
        async with asyncio.timeout(LONGEST):
            files = await config_files(printer, transport.address, credentials).read()
    except TimeoutError:
        return replace(facts, unreadable=f"the printer did not send it within {LONGEST:.0f} s")
    except ConfigBroken as error:
        return replace(facts, broken=str(error))
    except ConfigUnreadable as error:
        return replace(facts, unreadable=str(error))
    finally:
        await printer.close()
    facts = replace(facts, files=files)
    try:
        return _predict(facts, files)
    except Unsavable as error:
        return replace(facts, unsavable=(error.what, error.cause, error.remedy))


def _predict(facts: PrinterFacts, files: ConfigText) -> PrinterFacts:
    """Add why SAVE_CONFIG would reject a new z_offset of the probe, and what was edited. Raises Unsavable."""
    state = facts.state
    if state.klippy not in ("ready", "shutdown"):
        return facts
    probe = probe_config(state)
    section = probe.section if probe and probe.kind not in ("probe_eddy_current", "scanner") else ""
    staged = {section: {"z_offset": "0.001"}} if section else {}
    require_hidden_backup(files, state)
    prediction = predict(files, staged, state.config, fork(state))
    conflicts = (
        f"z_offset of [{section}]: {conflict_text(conflict)}"
        for conflict in prediction.conflicts
        if (conflict.section, conflict.option) == (section, "z_offset")
    )
    return replace(facts, save_conflict=next(conflicts, ""), edited=prediction.edited)


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
        what = "Klipper is starting."
        why = "It reads its configuration and connects to its MCUs, which takes up to a minute."
        fix = "Try again in a minute. If nothing has changed, read its log."
        yield note("state", what, why, fix, "tail -n 50 ~/printer_data/logs/klippy.log")
    elif facts.reached and not state.connected:  # a Moonraker without klippy is reported with the connection
        what = f"Klipper cannot be queried: {state.message or state.link}"
        why = "The server answers, but klippy does not."
        yield problem("state", what, why, "Check whether Klipper is running.", STATUS)
    if other_holder(state) is not None:
        what = "Another program holds the [zcal] module's lease."
        why = "Only one program can measure at a time."
        yield note("lease", what, why, "Let it finish, or close it. After a crash, the next check cleans up.")


def _judge_halt(facts: PrinterFacts) -> DoctorFinding:
    message = facts.state.message
    if (missing := _NO_MODULE.search(message)) is not None:
        # Klipper's own advice would be to remove the section
        what = f"Klipper does not start: printer.cfg has [{missing[1]}], but Klipper finds no such module."
        why = "Its link is newer than klippy, or missing: updates and recovery of Klipper can remove links."
        fix = "Link the module again on the printer's host, then restart Klipper."
        folder = text(facts.info.get("klipper_path")) or "~/klipper"
        return problem("state", what, why, fix, f"zcal-tui install --klipper {folder}", RESTART)
    explained = explain(message or f"Klipper is in state {facts.state.klippy}")
    what = sentence(explained.what)
    if explained.known:
        verbatim = next((line.strip() for line in message.splitlines() if line.strip()), "")
        what = f"{what} Klipper reports: {sentence(verbatim)}"
    fix = explained.remedy or "Fix the cause, then restart Klipper."
    commands = [RESTART] if facts.state.klippy == "error" else []
    return problem("state", what, explained.cause, fix, *commands)
