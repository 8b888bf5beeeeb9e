"""Other programs at the same printer: who works with it, a paper test that is open, and asking to take over. Pure.

The extra's lease tells who holds the printer (docs/zcal.md). Whoever wants it asks on the printer's console, which
every client reads; the one that holds it decides.
"""

from dataclasses import dataclass

from zcal_tui.checks.lease.process import OWN_NAME
from zcal_tui.model.record import Problem
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.zcal_interface import SAY, speaks
from zcal_tui.session.snapshot import Snapshot

ASKS = "asks to take over this printer"
KEEPS = "keeps this printer"
PREFIX = "zcal-tui: "


def holder_of(printer: PrinterState) -> str | None:
    """Another program that holds the extra's lease; None where nobody does, or we do."""
    lease = printer.zcal.get("lease")
    holder = lease.get("holder") if isinstance(lease, dict) else None
    if not isinstance(holder, str) or holder == OWN_NAME:
        return None
    return holder


def watched(snapshot: Snapshot) -> str | None:
    """Who works with the printer while we do not; None where we do or nobody does."""
    run = snapshot.run
    return None if run is not None and run.running else holder_of(snapshot.printer)


def doing(printer: PrinterState) -> str:
    """What the extra does for whoever holds it, in a few words; empty where it does nothing."""
    zcal = printer.zcal
    command, count = zcal.get("command"), zcal.get("count")
    if zcal.get("state") not in ("running", "waiting") or not isinstance(command, str):
        return ""
    return f"{command}, {count} samples" if isinstance(count, int) and count else command


def paper_test_open(snapshot: Snapshot) -> bool:
    """Whether a paper test is open that no check of ours opened."""
    run = snapshot.run
    return snapshot.printer.manual_probe.is_active and (run is None or not run.running)


def can_ask(printer: PrinterState) -> bool:
    """Whether a request can be put on the printer's console: by the extra, or by M118 once no command runs."""
    return speaks(printer.zcal.get("version"), SAY) or printer.has_command("M118") is True


def request_line() -> str:
    """What asks whoever holds the printer."""
    return f"{PREFIX}{OWN_NAME} {ASKS}"


def keeping_line() -> str:
    """What tells whoever asked that the printer is kept."""
    return f"{PREFIX}{OWN_NAME} {KEEPS}"


def request_of(line: str) -> str | None:
    """Who asks for the printer in a line of the console; None where nobody does, or we did."""
    return _who(line, ASKS)


def refusal_of(line: str) -> str | None:
    """Who keeps the printer by a line of the console; None where nobody says so, or we did."""
    return _who(line, KEEPS)


def _who(line: str, says: str) -> str | None:
    _, found, after = line.partition(PREFIX)
    who, marker, _ = after.partition(f" {says}")
    return who.strip() if found and marker and who.strip() not in ("", OWN_NAME) else None


@dataclass(frozen=True, slots=True)
class OfferedRemedy:
    """A problem, and what a person may do about it with one press, named on the button: run a G-code, or say a line to
    the other programs."""

    problem: Problem
    label: str = ""
    script: str = ""
    line: str = ""


def offered_remedy(snapshot: Snapshot) -> OfferedRemedy | None:
    """What another program's doings mean for us, and what can be done; None where there are none."""
    printer = snapshot.printer
    if (holder := watched(snapshot)) is not None:
        can = can_ask(printer)
        ask = "Ask for it" if can else ""
        how = (
            "You can watch. Asking puts a question on its screen; when it says yes, or ends, the printer is free."
            if can
            else "You can watch. The printer is free when it ends; if it was killed, a check of yours takes it over."
        )
        now = f" It runs {what}." if (what := doing(printer)) else ""
        problem = Problem(
            f"{holder} works with this printer.{now}", "One program at a time may move it.", how
        )
        return OfferedRemedy(problem, ask, line=request_line() if can else "")
    if paper_test_open(snapshot):
        problem = Problem(
            "A paper test (manual probe) is open that was not begun here.",
            "Another screen, a web interface or a macro began it, or a program was ended in the middle of one.",
            "Finish it where it was begun. If nobody is at it, end it here: ABORT changes nothing; the nozzle stays "
            "where it is, so raise it afterwards.",
        )
        return OfferedRemedy(problem, "End it: ABORT", "ABORT")
    return None
