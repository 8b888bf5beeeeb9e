"""May zcal-tui take the printer's screen? Not while a print runs or another program works with the printer.

`python -m zcal_tui.tools.kiosk.gate` is the first command of the service that KlipperScreen's menu starts. It ends with
1 and a sentence where the answer is no; KlipperScreen then stays as it is. Not knowing is no.
"""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from zcal_tui.checks.lease.temporary_settings import other_holder
from zcal_tui.config import ConfigError, Settings, certificate_file, load
from zcal_tui.model.outside_text import one_line
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.zcal_interface import SAY, speaks
from zcal_tui.transport.address import Address, AddressError, parse_address, usual_addresses
from zcal_tui.transport.failures import TransportError
from zcal_tui.transport.moonraker import Credentials
from zcal_tui.transport.opening import connect_first

OPEN, CLOSED = 0, 1
LONGEST = 15.0
"""Seconds to connect and read the printer's state; a Raspberry Pi that has just started is slow."""
SAY_LONGEST = 2.0
"""Seconds to put the reason on the printer's console."""


def reason_against(state: PrinterState) -> str | None:
    """Why the screen must stay with KlipperScreen, as a sentence; None where it may be taken."""
    if not state.ready:
        return f"Klipper is not ready ({state.klippy})."
    if state.busy:
        return state.busy_because
    if state.manual_probe.is_active:
        return "A manual probe is open. End it where it was started."
    if (holder := other_holder(state)) is not None:
        return f"{holder} is working with the printer."
    return None


async def gate(addresses: Sequence[Address], credentials: Credentials) -> str | None:
    """Ask the printer. Why not, also on its console where that is possible without waiting; None where it may be."""
    try:
        async with asyncio.timeout(LONGEST):
            transport = await connect_first(addresses, credentials)
            printer = Printer(transport)
            try:
                await printer.start()
                reason = reason_against(printer.state)
                if reason is not None and speaks(printer.state.zcal.get("version"), SAY):
                    with suppress(TimeoutError, TransportError):
                        async with asyncio.timeout(SAY_LONGEST):
                            await printer.call("zcal/say", {"text": f"zcal-tui: not started. {reason}"})
                return reason
            finally:
                await printer.close()
    except TimeoutError:
        return f"The printer did not answer within {LONGEST:.0f} s."
    except TransportError as error:
        return f"The printer cannot be reached: {error}"


def ask(settings: Settings, home: Path) -> str | None:
    """Why zcal-tui must not take the screen of the printer in the settings; None where it may."""
    try:
        addresses = [parse_address(settings.printer)] if settings.printer else usual_addresses(home)
        credentials = Credentials(settings.api_key, settings.token, certificate_file(settings))
    except (AddressError, ConfigError) as error:
        return str(error)
    return asyncio.run(gate(addresses, credentials))


def main(environment: Mapping[str, str] = os.environ, home: Path | None = None) -> int:
    """Print why not; returns 0 where zcal-tui may start, else 1."""
    try:
        reason = ask(load({}, environment), home or Path.home())
    except ConfigError as error:
        reason = str(error)
    if reason is None:
        return OPEN
    print(one_line(f"zcal-tui is not started: {reason}"), file=sys.stderr)
    return CLOSED


if __name__ == "__main__":
    sys.exit(main())
