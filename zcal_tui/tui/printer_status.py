"""The connection and the printer in words and colours, for the status bar and the strip under it. Pure."""

from textual.content import Content

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Problem
from zcal_tui.model.units import number
from zcal_tui.printer.state import HeaterState, PrinterState
from zcal_tui.session.snapshot import LinkState, Snapshot
from zcal_tui.tui.glyphs import Glyphs
from zcal_tui.tui.other_clients import has_ended, holder_text, offered_remedy, paper_test_open, watched

LOW_NOZZLE = 5.0
"""mm: below it, clips and warped edges of a bed may be in the way of the nozzle."""
HEATERS_SHOWN = (("extruder", "nozzle"), ("heater_bed", "bed"))


@dataclass(frozen=True, slots=True)
class Condition:
    """The state of the printer: one word with a sign and a tone, and a sentence where something is wrong."""

    glyph: str
    word: str
    tone: str
    sentence: str = ""
    restart: bool = False
    """Whether a firmware restart is the way out."""
    more: bool = False
    """Whether there are details, and something that can be done."""


def trouble_of(snapshot: Snapshot) -> Problem | None:
    """What is wrong with the link or with klippy, explained; None where nothing is."""
    if snapshot.link.state is not LinkState.UP:
        return snapshot.link.problem
    printer = snapshot.printer
    if snapshot.klippy_problem is not None:
        return snapshot.klippy_problem
    if printer.klippy in ("shutdown", "error") and printer.message:
        return Problem(f"{printer.app} reports:", raw=printer.message)
    way = offered_remedy(snapshot)
    return way.problem if way is not None else None


def first_line(text: str) -> str:
    """The first line of klippy's message, which says what; the rest says what to do."""
    lines = text.strip().splitlines()
    return lines[0].strip() if lines else ""


def restart_expected(snapshot: Snapshot) -> bool:
    """Whether the running check has restarted Klipper to save: a lost link is its progress then, and no trouble. While
    it still asks, nothing was sent."""
    run = snapshot.run
    if run is None or snapshot.question is not None:
        return False
    return run.running and run.stage is not None and run.stage.key == "save"


def condition(snapshot: Snapshot, glyphs: Glyphs) -> Condition:
    """The state of the connection and, if that is up, of klippy."""
    link, printer = snapshot.link, snapshot.printer
    if restart_expected(snapshot) and (link.state is LinkState.LOST or printer.klippy == "startup"):
        return Condition(glyphs.waiting, "restarting", "dim", "Klipper restarts to load what was saved.")
    match link.state:
        case LinkState.STARTING:
            return Condition(glyphs.waiting, "starting", "warn", link.text)
        case LinkState.CONNECTING:
            return Condition(glyphs.waiting, "connecting", "warn", link.text)
        case LinkState.LOST:
            return Condition(
                glyphs.failed,
                "reconnecting",
                "bad",
                "Connection lost, reconnecting. The values shown are the last known.",
            )
        case LinkState.FAILED:
            what = link.problem.what if link.problem else "Cannot connect to the printer."
            return Condition(glyphs.failed, "not connected", "bad", what)
        case LinkState.CLOSED:
            return Condition(glyphs.not_applicable, "closed", "dim", "The connection is closed.")
    return _klippy(printer, glyphs, snapshot)


def _klippy(printer: PrinterState, glyphs: Glyphs, snapshot: Snapshot) -> Condition:
    why = snapshot.klippy_problem.what if snapshot.klippy_problem else first_line(printer.message)
    match printer.klippy:
        case "ready":
            if printer.printing:
                return Condition(
                    glyphs.running, "printing", "warn", "A print is running. Checks are disabled."
                )
            if printer.paused:
                what = "A print" if printer.job else "The printer"
                return Condition(glyphs.running, "paused", "warn", f"{what} is paused. Checks are disabled.")
            return _others(glyphs, snapshot) or Condition(glyphs.up, "ready", "good")
        case "startup":
            return Condition(glyphs.waiting, "starting", "warn", f"{printer.app} is starting.")
        case "shutdown":
            return Condition(
                glyphs.stop,
                "shutdown",
                "bad",
                f"{printer.app} has shut down: {why or 'no reason given'}",
                True,
            )
        case "error":
            return Condition(
                glyphs.failed, "error", "bad", f"{printer.app} reports an error: {why or 'no message'}", True
            )
    return Condition(glyphs.waiting, "no klippy", "warn", f"{printer.app} is not running or is restarting.")


def _others(glyphs: Glyphs, snapshot: Snapshot) -> Condition | None:
    """Another program at the printer."""
    if watched(snapshot) is not None:
        return Condition(glyphs.running, "watching", "warn", holder_text(snapshot.printer), more=True)
    run = snapshot.run
    if (run is None or not run.running) and has_ended(snapshot.printer):
        return Condition(glyphs.warned, "left behind", "warn", holder_text(snapshot.printer))
    if paper_test_open(snapshot):
        return Condition(
            glyphs.warned, "paper test", "warn", "A paper test is open that was not started here.", more=True
        )
    return None


def low_nozzle(printer: PrinterState) -> str:
    """What to do where the nozzle is so low that a sideways move may scratch the bed; empty where it is not."""
    at = printer.live_position or printer.position
    if at is None or not printer.homed("z") or at[2] >= LOW_NOZZLE:
        return ""
    height = number(at[2], digits=3)
    if printer.ready:
        return (
            f"The nozzle is low: Z {height} mm. Raise it before it moves sideways: send G90, then G0 Z10, on the "
            "console."
        )
    return f"The nozzle was last seen low: Z {height} mm. Raise it by hand before you home."


def homed_text(printer: PrinterState) -> Content:
    """Which axes are homed; those that are not are struck out by a dot."""
    if not printer.homed_axes:
        return Content.assemble(("not homed", "$text-warning"))
    axes = "".join(axis if axis in printer.homed_axes else "·" for axis in "xyz")
    return Content.assemble(("homed ", "$z-dim"), axes)


def position_text(printer: PrinterState) -> Content:
    """Where the toolhead is, in mm; nothing before homing."""
    at = printer.live_position or printer.position
    if at is None or not printer.homed("xyz"):
        return Content("")
    x, y, z = at
    return Content.assemble(
        ("X ", "$z-dim"),
        number(x, digits=1),
        ("  Y ", "$z-dim"),
        number(y, digits=1),
        ("  Z ", "$z-dim"),
        number(z, digits=3),
    )


def _temperature(name: str, heater: HeaterState) -> Content:
    target = f"→{heater.target:.0f}" if heater.target > 0 else ""
    style = "$text-warning" if heater.target > 0 else ""
    return Content.assemble((f"{name} ", "$z-dim"), (f"{heater.temperature:.0f}{target}°", style))


def temperatures_text(printer: PrinterState) -> Content:
    """Nozzle and bed, with their targets while heating is on."""
    known = [
        _temperature(word, printer.heaters[key]) for key, word in HEATERS_SHOWN if key in printer.heaters
    ]
    return Content("  ").join(known)


def fit(parts: list[Content], width: int, gap: int = 3) -> Content:
    """As many of the parts, in order, as fit; empty ones are skipped."""
    line = Content("")
    for part in parts:
        if not part.plain:
            continue
        joined = line + " " * gap + part if line.plain else part
        if joined.cell_length <= width:
            line = joined
    return line


def spread(left: Content, right: Content, width: int, gap: int = 2) -> Content:
    """`left` at the left and `right` at the right of a line, with `gap` columns between; the left one gives way."""
    room = max(0, width - right.cell_length - gap)
    if left.cell_length > room:
        left = left.truncate(room, ellipsis=True)
    return left + " " * (width - left.cell_length - right.cell_length) + right
