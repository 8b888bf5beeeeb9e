"""How a manual probe that something else opened is taken over, point by point, and what is done with what it stages.

It is never leased, and never ended on a way out: after a cancel, a lost link or a crash it stays open as it is.
"""

import asyncio
import math
from collections.abc import Mapping
from typing import Any

from zcal_tui.checks.base import Context
from zcal_tui.checks.clearance import safe_clearance
from zcal_tui.checks.errors import CheckCancelled, CheckFailed, CheckRefused
from zcal_tui.checks.lease.takeover import CONTROLLED
from zcal_tui.checks.lease.temporary_settings import other_holder
from zcal_tui.checks.manual_probe.declaration import ManualProbeDeclaration
from zcal_tui.checks.manual_probe.dialogue import AnotherClientActs, StartedProbes, TakenOverDialogue
from zcal_tui.checks.operator import require_person
from zcal_tui.checks.paper import PaperHeight, PaperPlan, emit_sample
from zcal_tui.checks.preconditions import require_connected
from zcal_tui.checks.room_below import OutOfReach
from zcal_tui.checks.travel import disturbed, hands_off, travel
from zcal_tui.model.events import ChangesUpdated, Notice, Stage, VerdictReached
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.questions import Choose, Confirm, Option
from zcal_tui.model.record import Change, Level, Verdict, one_line
from zcal_tui.model.units import millimetres
from zcal_tui.printer.config_view import probe_config, z_rail
from zcal_tui.printer.manual_probe import TakenOverProbe
from zcal_tui.printer.manual_probe_opener import Opener, find_opener
from zcal_tui.printer.printer import what_happened
from zcal_tui.printer.state import PrinterState
from zcal_tui.stats.verdicts.rule import consequence
from zcal_tui.transport.failures import NotReady, TransportError

AGREEMENT = 0.0015
"""mm. Klipper writes three decimals; a larger difference from our own value is another value."""
MOST_SHOWN = 8
"""Staged values that are named one by one."""

Pending = Mapping[str, Mapping[str, str]]


class ManualProbeTakeover(ManualProbeDeclaration):
    """Takes over the manual probe that is open."""

    async def run(self, context: Context, parameters: Any) -> None:
        """Ask, step, accept or abort. Raises CheckRefused, CheckCancelled, CheckFailed, NeedsPerson, TransportError."""
        _require_open(context.printer.state)
        require_person(context.operator, "A person has to feel when the nozzle drags on the paper.")
        started = StartedProbes(context.printer)
        opener = Opener()
        try:
            opener = await _take_over(context, started)
            await _points(context, started, opener)
        except NotReady as error:
            raise CheckFailed(
                "Klipper stopped or restarted during the manual probe.",
                str(error),
                "The manual probe has ended, and what it had staged is lost. Home the printer, then start the "
                "calibration again.",
            ) from error
        finally:
            started.close()
            _report_left_open(context, opener)


def _require_open(state: PrinterState) -> None:
    """Raises CheckRefused where there is nothing that may be taken over."""
    require_connected(state)
    if (other := other_holder(state)) is not None:
        raise CheckRefused(
            CONTROLLED, f"{other} holds the lease.", "Let it finish or end it, then start again."
        )
    if not state.manual_probe.is_active:
        raise CheckRefused(
            "No manual probe is open.",
            "This takes over one that another command or screen has opened.",
            "Start the calibration first, such as PROBE_CALIBRATE, or use Z offset (`z-offset`).",
        )
    if state.busy:
        raise CheckRefused(
            state.busy_because,
            "Stepping would move the nozzle into the print.",
            "Let the print end, or cancel it, then start again.",
        )


async def _take_over(context: Context, started: StartedProbes) -> Opener:
    """The consent, for the manual probe that is open when it is given. Raises CheckCancelled, CheckRefused."""
    while True:
        opener = await find_opener(context.printer)
        state = await context.printer.refresh()
        _require_open(state)
        shown = started.count, state.manual_probe
        yes = await context.operator.confirm(_question(state, opener))
        if not yes:
            raise CheckCancelled
        state = await context.printer.refresh()
        _require_open(state)
        if (started.count, state.manual_probe) == shown:
            return opener
        context.emit(Notice("The manual probe has changed since you were asked."))


def _question(state: PrinterState, opener: Opener) -> Confirm:
    height = state.manual_probe.z_position
    where = "" if height is None else f"The nozzle is at Z {millimetres(height, digits=3)}. "
    if opener.command is not None and opener.command.sets_z:
        where = "The plugin shows made-up heights until you accept. "
    return Confirm(
        "take-over-manual-probe",
        f"Take over the manual probe that {opener.name} opened?",
        f"{where}{opener.accept} Nobody else should use it meanwhile. It stays open if you quit or the link is lost.",
        yes="Take over",
        no="Leave it",
    )


async def _points(context: Context, started: StartedProbes, opener: Opener) -> None:
    """Every point up to the last. Raises CheckCancelled, CheckFailed, TransportError."""
    pending = context.printer.state.save_config.items
    n = 1
    while True:
        try:
            found = await _point(context, started, opener, n, pending)
        except AnotherClientActs:
            await _watch_only(context, opener, pending)
            now = await find_opener(context.printer)
            # Another command may have opened a new one meanwhile: nobody has agreed to what Accept does there
            opener = now if now.command == opener.command else await _take_over(context, started)
            continue
        state = await context.printer.refresh()
        if not state.manual_probe.is_active:
            await _conclude(context, opener, found, pending)
            return
        n += 1
        opener = await find_opener(context.printer) if opener.command is None or opener.points else opener


@dataclass(frozen=True)
class _Found:
    """An accepted height, and the value that follows from it; None where it cannot be known."""

    paper: PaperHeight
    name: str
    value: float | None


async def _point(
    context: Context, started: StartedProbes, opener: Opener, n: int, pending: Pending
) -> _Found:
    printer = context.printer
    manual = TakenOverProbe(printer, context.zcal)
    try:
        at = await manual.begin()
        if not at.is_active:
            raise AnotherClientActs
        plan = _plan(printer.state, opener, n)
        context.emit(Stage("paper", "Lower the nozzle until the paper drags slightly"))
        dialogue = TakenOverDialogue(context, plan, manual, at, started)
        x, y, _ = printer.state.position or (math.nan, math.nan, math.nan)
        try:
            paper = await dialogue.run()
        except (CheckCancelled, OutOfReach):
            if not manual.open and not printer.state.manual_probe.is_active:
                await _after(context, f"{opener.name} was aborted.")
            raise
        emit_sample(context, plan, n, (x, y), paper)
        value = plan.base + plan.sign * paper.height if plan.name else None
        return _Found(paper, plan.name, value)
    finally:
        manual.close()


def _plan(state: PrinterState, opener: Opener, n: int) -> PaperPlan:
    """The paper test of one point: the value that the height gives where it is known, and the expected contact where
    PROBE_CALIBRATE has just probed it."""
    command = opener.command
    name, old, base, expected = "", None, 0.0, None
    probe, rail = probe_config(state), z_rail(state)
    if (
        command is not None
        and command.option == "z_offset"
        and opener.trigger is not None
        and probe is not None
    ):
        name, old, base = "z_offset", probe.z_offset, opener.trigger
        expected = opener.trigger - probe.z_offset
    elif command is not None and command.option == "position_endstop" and rail is not None:
        old = rail.position_endstop
        name, base = ("", 0.0) if old is None else ("position_endstop", old)
    x, y, _ = state.position or (math.nan, math.nan, math.nan)
    height = "The plugin shows made-up heights until you accept." if command and command.sets_z else ""
    return PaperPlan(
        text="Lower the nozzle until the paper drags slightly.",
        name=name,
        old=old,
        base=base,
        sign=-1,
        expected=expected,
        clearance=safe_clearance(state),
        place=f"X {x:.1f} Y {y:.1f}",
        test=opener.point or n,
        tests=opener.points or 1,
        detail=" ".join(filter(None, (f"Opened by {opener.name}.", height, opener.accept))),
        moves_nozzle=name == "position_endstop" or (rail is not None and rail.homes_with_probe),
        opener=opener.name,
        accept=opener.accept,
    )


async def _watch_only(context: Context, opener: Opener, pending: Pending) -> None:
    """Another client acts: offer to take over again, until it has ended. Returns once the person wants to. Raises
    CheckCancelled, CheckFailed, TransportError."""
    printer = context.printer
    if not (await printer.refresh()).manual_probe.is_active:
        await printer.gcode("M400")  # the next point may open once the moves to it are done
        if not (await printer.refresh()).manual_probe.is_active:
            raise _ended_elsewhere(printer.state, opener, pending)
    context.emit(Stage("watch", "Another client uses the manual probe. View only"))
    asking = asyncio.ensure_future(
        context.operator.confirm(
            Confirm(
                "take-over-again",
                "Another client is using this manual probe. Take it over again?",
                "This program only watches now. Take over only when nobody else is stepping.",
                yes="Take over",
                no="Leave it",
            )
        )
    )
    over = asyncio.ensure_future(_over(context))
    try:
        await asyncio.wait({asking, over}, return_when=asyncio.FIRST_COMPLETED)
        if asking.done():
            if not asking.result():
                raise CheckCancelled
            return
        over.result()
        if printer.state.busy:
            raise disturbed(printer.state)
        raise _ended_elsewhere(printer.state, opener, pending)
    finally:
        for task in (asking, over):
            task.cancel()
        await asyncio.gather(asking, over, return_exceptions=True)


async def _over(context: Context) -> None:
    """Wait until the manual probe has ended for good, or a print was started."""
    printer = context.printer
    while True:
        state = await printer.wait_for(lambda state: state.busy or not state.manual_probe.is_active)
        if not state.busy:
            await printer.gcode("M400")
            state = await printer.refresh()
        if state.busy or not state.manual_probe.is_active:
            return


def _ended_elsewhere(state: PrinterState, opener: Opener, pending: Pending) -> CheckFailed:
    staged = _staged(state, pending)
    if staged:
        result = f"It staged {_named(staged)}."
        remedy = "SAVE_CONFIG writes it, a RESTART discards it. Raise the nozzle before it moves sideways."
    else:
        result = "It staged nothing."
        remedy = (
            "Raise the nozzle before it moves sideways. Start the calibration again if it was not finished."
        )
    return CheckFailed(
        f"The manual probe of {opener.name} was ended by another client.",
        f"Another screen, a web interface or a macro sent ACCEPT or ABORT. {result}",
        remedy,
    )


def _staged(state: PrinterState, before: Pending) -> tuple[Change, ...]:
    """What was staged since, as changes that can be saved."""
    return tuple(
        Change(section, option, state.config.get(section, {}).get(option), text, "staged", saves=True)
        for section, options in state.save_config.items.items()
        for option, text in options.items()
        if before.get(section, {}).get(option) != text
    )


def _named(changes: tuple[Change, ...]) -> str:
    shown = [f"[{one.section}] {one.option} {one_line(one.new)[:40]}" for one in changes[:MOST_SHOWN]]
    more = len(changes) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


async def _conclude(context: Context, opener: Opener, found: _Found, pending: Pending) -> None:
    state = await context.printer.refresh()
    changes = _staged(state, pending)
    at, precision = found.paper.height, found.paper.resolution
    height = f"Accepted at Z {millimetres(at, digits=3)} ± {millimetres(precision, digits=3)}."
    end = consequence(precision, "An error of up to {}")
    wrong = _disagreement(changes, found)
    if wrong:
        verdict = Verdict(
            Level.FAIL,
            f"{opener.name} staged another value than the accepted height gives.",
            (wrong.text, consequence(wrong.size)),
        )
    elif changes:
        verdict = Verdict(
            Level.PASS, f"{opener.name} is finished. It staged {_named(changes)}.", (height, end)
        )
    else:
        verdict = Verdict(Level.PASS, f"{opener.name} is finished. It staged nothing.", (height, end))
    context.emit(VerdictReached(verdict))
    await _after(context, f"{opener.name} is finished.")
    if changes:
        await _settle(context, changes, lost=bool(pending), wrong=wrong is not None)


@dataclass(frozen=True)
class _Disagreement:
    """What Klipper staged differs from our own value by `size` (mm)."""

    text: str
    size: float


def _disagreement(changes: tuple[Change, ...], found: _Found) -> _Disagreement | None:
    """How what Klipper staged differs from our own value; None where it does not, or ours is unknown."""
    for change in changes:
        if change.option != found.name or found.value is None:
            continue
        try:
            staged = float(change.new)
        except ValueError:
            continue
        if abs(staged - found.value) > AGREEMENT:
            return _Disagreement(
                f"[{change.section}] {change.option} {change.new} was staged, but the height gives {found.value:.3f}."
                " Some builds of Klipper compute it with the wrong sign.",
                staged - found.value,
            )
    return None


async def _settle(context: Context, changes: tuple[Change, ...], *, lost: bool, wrong: bool) -> None:
    """Ask what to do with what was staged. Raises CheckCancelled."""
    others = " What others left pending is lost too." if lost else ""
    save = Option("save", "Save", "shows the difference first; if you then decline, a RESTART discards it")
    leave = Option("leave", "Leave it pending", "whoever sends SAVE_CONFIG next writes it")
    discard = Option(
        "discard", "Discard it", f"a RESTART of Klipper; the printer has to be homed again.{others}"
    )
    chosen = await context.operator.choose(
        Choose(
            "staged-by-manual-probe",
            f"Pending in Klipper: {_named(changes)}. What now?",
            (discard, leave) if wrong else (save, leave, discard),
        )
    )
    if chosen == "leave":
        context.emit(
            Notice(f"Pending in Klipper: {_named(changes)}. SAVE_CONFIG writes it, a RESTART discards it.")
        )
    elif chosen == "discard":
        context.emit(
            ChangesUpdated(tuple(Change(c.section, c.option, c.old, c.new, "staged") for c in changes))
        )
    else:
        context.emit(ChangesUpdated(changes))


async def _after(context: Context, what: str) -> None:
    """Offer to raise the nozzle, which Klipper leaves on the paper. Raises CheckCancelled."""
    state = await context.printer.refresh()
    clearance = safe_clearance(state)
    if (reason := hands_off(state)) is not None:
        context.emit(Notice(f"The nozzle was not raised: {reason}."))
        return
    if not state.homed() or state.position is None:
        context.emit(Notice("Z is not homed now. Raise the nozzle before anything moves sideways."))
        return
    if state.position[2] >= clearance:
        return
    agreed = await context.operator.confirm(
        Confirm(
            "raise-nozzle",
            f"Raise the nozzle to Z {clearance:g} mm?",
            f"{what} The nozzle is at Z {millimetres(state.position[2], digits=3)}, close to the bed.",
            yes="Raise it",
            no="Leave it",
        )
    )
    if not agreed:
        context.emit(Notice("The nozzle is still close to the bed. Raise it before it moves sideways."))
        return
    try:
        await travel(context.printer, clearance=clearance)
    except (TransportError, CheckRefused) as error:
        context.emit(Notice(f"The nozzle was not raised: {what_happened(error)}"))


def _report_left_open(context: Context, opener: Opener) -> None:
    """Say that the manual probe is still open, where it is or may be."""
    state = context.printer.state
    if not state.manual_probe.is_active:
        return
    may = "is" if state.ready else "may be"
    context.emit(
        Notice(
            f"The manual probe of {opener.name} {may} still open; it was left as it is. ACCEPT or ABORT ends it, here "
            "(`manual-probe`) or on any other screen."
        )
    )
