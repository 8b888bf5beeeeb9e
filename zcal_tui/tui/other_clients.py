"""Other programs at the same printer: who works with it, a paper test that is open, and asking to take over. Pure.

The [zcal] module's lease says who holds the printer (docs/zcal.md). A request for control goes to its console,
which every client reads; the holder decides.
"""

from datetime import datetime, timedelta

from zcal_tui.checks.lease.process import OWN_NAME, gone
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import MANUAL_PROBE, Problem
from zcal_tui.model.units import duration
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import mapping, number
from zcal_tui.printer.zcal_interface import SAY, speaks
from zcal_tui.session.snapshot import Snapshot

ASKS = "asks to take over this printer"
KEEPS = "keeps this printer"
PREFIX = "zcal-tui: "


def holder_of(printer: PrinterState) -> str | None:
    """Another program that holds the [zcal] module's lease; None where no other does, or we do."""
    lease = printer.zcal.get("lease")
    holder = lease.get("holder") if isinstance(lease, dict) else None
    if not isinstance(holder, str) or holder == OWN_NAME:
        return None
    return holder


QUIET = 40.0
"""Seconds left of a lease from which its holder seems not to respond: one of a minute is renewed every few seconds."""


def free_in(printer: PrinterState) -> float | None:
    """Seconds of the printer's time until the lease of another program ends, unless it is renewed; None without one."""
    if holder_of(printer) is None:
        return None
    until = number(mapping(printer.zcal.get("lease")).get("until"))
    return None if until is None else max(0.0, until - printer.eventtime)


def held_since(printer: PrinterState, now: datetime | None = None) -> str:
    """Since when another program has held the printer, in this computer's time zone; empty where that is not known."""
    since = number(mapping(printer.zcal.get("lease")).get("since"))
    if holder_of(printer) is None or since is None:
        return ""
    here = (now or datetime.now()).astimezone()
    then = here - timedelta(seconds=max(0.0, printer.eventtime - since))
    return f"{then:%H:%M}" if then.date() == here.date() else f"{then:%Y-%m-%d %H:%M}"


def has_ended(printer: PrinterState) -> bool:
    """Whether the program that holds the lease has certainly ended, so that a check takes over at once."""
    return (
        holder_of(printer) is not None
        and gone(mapping(mapping(printer.zcal.get("lease")).get("process"))) is True
    )


def holder_text(printer: PrinterState) -> str:
    """Who holds the printer, and when it is free; empty where nobody else does."""
    holder, left = holder_of(printer), free_in(printer)
    if holder is None:
        return ""
    if has_ended(printer):
        wait = "" if left is None else f" Free in {duration(left)}."
        return f"A check may take over: {holder} has ended.{wait}"
    if left is not None and left <= QUIET:
        return f"Free in {duration(left)}: {holder} does not respond."
    since = held_since(printer)
    return f"In use by {holder}. View only since {since}." if since else f"In use by {holder}. View only."


def watched(snapshot: Snapshot) -> str | None:
    """Who uses the printer while we do not; None where we do, it is free, or the program has ended."""
    run = snapshot.run
    if (run is not None and run.running) or has_ended(snapshot.printer):
        return None
    return holder_of(snapshot.printer)


def doing(printer: PrinterState) -> str:
    """What the [zcal] module does for the holder, in a few words; empty where it does nothing."""
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
    """Whether a request can be put on the printer's console: by the [zcal] module, or by M118 once no command runs."""
    return speaks(printer.zcal.get("version"), SAY) or printer.has_command("M118") is True


def request_line() -> str:
    """The line that requests control from the holder."""
    return f"{PREFIX}{OWN_NAME} {ASKS}"


def keeping_line() -> str:
    """The line that declines a request."""
    return f"{PREFIX}{OWN_NAME} {KEEPS}"


def request_of(line: str) -> str | None:
    """Who requests control in a line of the console; None for other lines and our own."""
    return _who(line, ASKS)


def refusal_of(line: str) -> str | None:
    """Who declines a request in a line of the console; None for other lines and our own."""
    return _who(line, KEEPS)


def _who(line: str, says: str) -> str | None:
    _, found, after = line.partition(PREFIX)
    who, marker, _ = after.partition(f" {says}")
    return who.strip() if found and marker and who.strip() not in ("", OWN_NAME) else None


@dataclass(frozen=True, slots=True)
class OfferedRemedy:
    """A problem, and what a person may do about it with one press, named on the button: run a G-code, say a line to
    the other programs, or start a run."""

    problem: Problem
    label: str = ""
    script: str = ""
    line: str = ""
    start: str = ""
    """A run that can be started besides."""
    start_label: str = ""


def offered_remedy(snapshot: Snapshot) -> OfferedRemedy | None:
    """What another program's activity means here, and what can be done; None where there is none."""
    printer = snapshot.printer
    if (holder := watched(snapshot)) is not None:
        can = can_ask(printer)
        ask = "Request control" if can else ""
        how = (
            "View only. A request opens a question on its screen. The printer is free once it agrees or finishes."
            if can
            else "View only. The printer is free once that program finishes. If it was killed, a check here takes over."
        )
        activity, since = doing(printer), held_since(printer)
        used = f"In use by {holder}: {activity}." if activity else f"In use by {holder}."
        why = "Only one program at a time may move the printer."
        problem = Problem(used, f"{why} That one has held it since {since}." if since else why, how)
        return OfferedRemedy(problem, ask, line=request_line() if can else "")
    if paper_test_open(snapshot):
        problem = Problem(
            "A paper test (manual probe) is open that was not started here.",
            "Another screen, a web interface or a macro started it, or a program ended in the middle of one.",
            "Take it over here, or finish it where it was started. If nobody is using it, send ABORT: it changes "
            "nothing and leaves the nozzle where it is. Raise the nozzle afterwards.",
        )
        return OfferedRemedy(problem, "Send ABORT", "ABORT", start=MANUAL_PROBE, start_label="Take over")
    return None
