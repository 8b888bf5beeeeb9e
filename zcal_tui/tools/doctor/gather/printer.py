"""What the printer says, over a link that is open. Nothing moves, nothing is changed."""

import asyncio

from zcal_tui.checks.lease.temporary_settings import other_holder
from zcal_tui.checks.ready.module_findings import extra
from zcal_tui.klipper_config.files import ConfigText
from zcal_tui.printer.config_files import ConfigUnreadable, config_files
from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import mapping
from zcal_tui.printer.zcal_module import ZcalModule
from zcal_tui.session.saving.config_diff import Unsavable, predict
from zcal_tui.session.saving.plan import conflict_text, fork
from zcal_tui.tools.doctor.facts import PrinterFacts
from zcal_tui.transport.failures import TransportError
from zcal_tui.transport.moonraker import Credentials
from zcal_tui.transport.reconnect import LinkedTransport

LONGEST = 5.0
"""Seconds for the first look at the printer, and again for its files."""


async def look_at_printer(transport: LinkedTransport, credentials: Credentials) -> PrinterFacts:
    """Ask a printer that was reached for what it is."""
    printer = Printer(transport)
    try:
        async with asyncio.timeout(LONGEST):
            await printer.start()
    except (TimeoutError, TransportError):
        pass  # the state tells how far it came
    try:
        return await _look(printer, transport, credentials)
    finally:
        await printer.close()


async def _look(printer: Printer, transport: LinkedTransport, credentials: Credentials) -> PrinterFacts:
    state = printer.state
    companion = ZcalModule(printer)
    followed = state.klippy in ("ready", "shutdown")
    try:
        async with asyncio.timeout(LONGEST):
            info = mapping(await transport.call("info"))
    except (TimeoutError, TransportError):
        info = {}
    config, problem = await _config(printer, transport, credentials) if info else (None, "")
    conflict, edited = _saving(config, state)
    return PrinterFacts(
        state=state,
        info=info,
        extra=extra(companion) if followed else None,
        extra_there=companion.version is not None,
        other_program=other_holder(state) is not None,
        config=config,
        config_problem=problem,
        save_conflict=conflict,
        edited=edited,
    )


async def _config(
    printer: Printer, transport: LinkedTransport, credentials: Credentials
) -> tuple[ConfigText | None, str]:
    """printer.cfg as it is on disk, or why it cannot be read."""
    try:
        async with asyncio.timeout(LONGEST):
            return await config_files(printer, transport.address, credentials).read(), ""
    except TimeoutError:
        return None, f"It was not handed out within {LONGEST:.0f} s."
    except ConfigUnreadable as error:
        return None, str(error)


def _saving(config: ConfigText | None, state: PrinterState) -> tuple[str, tuple[str, ...]]:
    """What SAVE_CONFIG would say against a new z_offset of the probe, empty where it would take it; and what differs on
    disk from what klippy has read."""
    if config is None or state.klippy not in ("ready", "shutdown"):
        return "", ()
    probe = probe_config(state)
    usual = probe is not None and probe.kind not in ("probe_eddy_current", "scanner")
    section = probe.section if probe is not None and usual else ""
    try:
        prediction = predict(
            config, {section: {"z_offset": "0.001"}} if section else {}, state.config, fork(state)
        )
    except Unsavable as error:
        return " ".join(filter(None, (error.what, error.cause))), ()
    mine = [found for found in prediction.conflicts if (found.section, found.option) == (section, "z_offset")]
    return f"z_offset of [{section}]: {conflict_text(mine[0])}" if mine else "", prediction.edited
