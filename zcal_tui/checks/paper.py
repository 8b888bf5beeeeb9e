"""The paper test: the person lowers the nozzle onto a sheet of paper until it drags slightly.

Klipper docs, Bed_Level, "The paper test". The moves are Klipper's own (TESTZ), so that every approach is downward;
nothing is staged. Every path out ends the test and lifts the nozzle.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable

from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckCancelled, CheckFailed, CheckRefused
from zcal_tui.checks.room_below import OutOfReach, lowest_z
from zcal_tui.checks.travel import hands_off, require_ours, travel
from zcal_tui.model.events import Notice, SampleTaken
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.paper_moves import (
    COARSE,
    MAX_BISECT,
    bisect_target,
    can_accept,
    needs_consent,
    out_of_reach,
    target_of,
)
from zcal_tui.model.questions import Confirm, PaperMove, PaperStep
from zcal_tui.model.record import Sample
from zcal_tui.model.units import length
from zcal_tui.printer.config_view import z_step_distance
from zcal_tui.printer.geometry import Xy, z_limits
from zcal_tui.printer.manual_probe import ManualProbeOutcome, ManualTest
from zcal_tui.printer.printer import CommandFailed, what_happened
from zcal_tui.printer.state import ManualProbeState, PrinterState
from zcal_tui.transport.failures import TransportError

PERSON_TIMEOUT = 3600.0
"""Seconds after which klippy may switch the motors off while a person thinks."""
STEP_FIRST = "Type a distance in mm until the paper drags."
MOVED = 0.01
"""mm from where another client counts as having moved the toolhead."""
AT_THE_LIMIT = 0.02
"""mm above the lowest allowed Z at which an abort means that the nozzle cannot reach the paper."""
FIRST_RESOLUTION = 0.1
"""mm: the resolution of a height that was accepted without trying another one near it."""


@dataclass(frozen=True)
class PaperPlan:
    """The settings of a paper test; see `PaperStep` for the fields of the same name."""

    text: str
    name: str
    old: float | None
    base: float
    sign: int
    expected: float | None
    clearance: float
    """Toolhead Z to lift to when it ends."""
    place: str = ""
    test: int = 1
    tests: int = 1
    detail: str = ""
    moves_nozzle: bool = True
    measured: bool = False
    at_contact: Callable[[], Awaitable[None]] | None = None
    """Called while the nozzle is still at the accepted height; moves nothing."""
    opener: str = ""
    accept: str = ""


@dataclass(frozen=True)
class PaperHeight:
    """The toolhead Z at which the paper drags, to ± `resolution`, from the heights tried near it."""

    height: float
    resolution: float


async def paper_test(
    context: Context, plan: PaperPlan, n: int, manual: ManualTest | None = None
) -> PaperHeight:
    """Run one paper test where the nozzle is, lift, and emit the result as sample `n`. `manual` is the manual probe to
    use instead of the usual one, not opened yet.

    Raises CheckCancelled when it is aborted, CheckFailed when it cannot continue, NeedsPerson, TransportError.
    """
    await require_ours(context.printer)
    await context.holder.idle_timeout(PERSON_TIMEOUT)
    manual = manual or ManualTest(context.printer, context.zcal)
    with context.holder.manual_probe():
        return await _run_test(context, plan, n, manual)


async def _run_test(context: Context, plan: PaperPlan, n: int, manual: ManualTest) -> PaperHeight:
    try:
        position = await manual.begin()
        x, y, _ = context.printer.state.position or (math.nan, math.nan, math.nan)
        found = await PaperDialogue(context, plan, manual, position).run()
        if plan.at_contact is not None:
            await plan.at_contact()
        emit_sample(context, plan, n, (x, y), found)
    finally:
        await _leave(context, plan, manual)
    return found


def emit_sample(context: Context, plan: PaperPlan, n: int, at: Xy, found: PaperHeight) -> None:
    """Emit the height that was accepted as sample `n`; `at` is the toolhead's position."""
    context.emit(
        SampleTaken(
            Sample(
                n=n,
                t=round(context.clock.now(), 3),
                x=at[0],
                y=at[1],
                trigger_z=round(found.height, 6),
                kind="paper",
                place=plan.place,
                round=plan.test,
                values={"resolution": found.resolution},
            )
        )
    )


async def _leave(context: Context, plan: PaperPlan, manual: ManualTest) -> None:
    """End the test if it is open, and lift. Raises nothing, so that the error that ended the check is shown."""
    try:
        if context.printer.state.ready and not manual.measuring:
            await manual.abort()  # which moves nothing, so it may be closed during a print as well
        if (reason := hands_off(context.printer.state)) is not None:
            context.emit(Notice(f"The nozzle was not lifted off the paper: {reason}."))
            return
        if manual.measuring:
            return  # klippy has lifted it itself, and is still moving it
        await travel(context.printer, clearance=plan.clearance)
    except (TransportError, CheckRefused) as error:
        context.emit(Notice(f"The nozzle was not lifted off the paper: {what_happened(error)}"))
    finally:
        manual.close()


class PaperDialogue:
    """Asks for moves until a height is accepted."""

    def __init__(self, context: Context, plan: PaperPlan, manual: ManualTest, at: ManualProbeState) -> None:
        self._context = context
        self._plan = plan
        self._manual = manual
        self._at = at
        self._start = self._height()
        self._tried = [self._start]
        self._felt = {self._start}
        self._marks: dict[float, bool] = {}
        """Whether the paper slid freely at a height, by the direction in which it was left."""
        self._step = z_step_distance(context.printer.state) or 0.0
        limits = z_limits(context.printer.state)
        self._lowest = limits[0] if limits is not None else -math.inf
        self._agreed: float | None = None
        self._refused = False
        """Whether the last move was refused because it would end below the lowest allowed Z."""
        self._last_position = context.printer.state.position

    async def run(self) -> PaperHeight:
        while True:
            move = await self._ask()
            if isinstance(move, ManualProbeOutcome):
                return self.ended(move)
            match move.kind:
                case "abort":
                    await self.on_abort()
                    lowest = lowest_z(self._context.printer.state)
                    if lowest is not None and (self._refused or self._height() - lowest.limit < AT_THE_LIMIT):
                        raise OutOfReach(lowest)
                    raise CheckCancelled
                case "accept":
                    if not await self.may_accept():
                        continue
                    resolution = self._resolution()
                    return self.ended(await self._manual.accept(), resolution)
                case "undo":
                    if len(self._tried) > 1:
                        back = self._tried[-2]
                        await self._go(f"{back - self._height():.6f}", undo=True)
                        self._marks.pop(back, None)
                case "step":
                    await self._go(move.z, undo=False)

    async def on_abort(self) -> None:
        """What the person's abort does beside ending the dialogue."""

    async def may_accept(self) -> bool:
        """Whether this height may be accepted; a notice says why not."""
        if not can_accept(self._question()):
            text = "Lower the nozzle onto the paper first. Klipper accepts only heights below the start."
            self._context.emit(Notice(text))
            return False
        return True

    def interrupted(self, state: PrinterState) -> bool:
        """Whether another client has ended the test."""
        return not state.manual_probe.is_active

    async def on_interrupted(self) -> ManualProbeOutcome | None:
        """How the test ended where another client interrupted it; None where it goes on."""
        return await self._manual.outcome()

    async def _ask(self) -> PaperMove | ManualProbeOutcome:
        """The next move, or how the test ended where another client ended it."""
        while True:
            if (found := await self._ask_once()) is not None:
                return found

    async def _ask_once(self) -> PaperMove | ManualProbeOutcome | None:
        printer = self._context.printer
        asking = asyncio.ensure_future(self._context.operator.paper(self._question()))
        closed = asyncio.ensure_future(printer.wait_for(self.interrupted))
        try:
            await asyncio.wait({asking, closed}, return_when=asyncio.FIRST_COMPLETED)
            if asking.done():
                return asking.result()
            closed.result()
            return await self.on_interrupted()
        finally:
            for task in (asking, closed):
                task.cancel()
            await asyncio.gather(asking, closed, return_exceptions=True)

    async def _go(self, z: str, *, undo: bool) -> None:
        await self.require_still()
        target = target_of(self._question(), z)
        if target is None:
            self._context.emit(Notice(f"{z!r} is not a step. Use + - ++ -- or a distance in mm."))
            return
        if z.strip() in ("+", "-") and not undo:
            target = bisect_target(self._question(), 1 if z.strip() == "+" else -1, MAX_BISECT)
            if target is None:
                self._context.emit(
                    Notice(f"{z} needs a height where the paper drags and one where it is free. {STEP_FIRST}")
                )
                return
            z = f"{target - self._height():.6f}"
        self._refused = out_of_reach(self._question(), target)
        if self._refused:
            known = lowest_z(self._context.printer.state)
            option = "position_min" if known is None else f"{known.option} in [{known.section}]"
            self._context.emit(
                Notice(
                    f"The step was not made: the lowest allowed Z is {length(self._lowest)}. If the nozzle is not on "
                    f"the paper yet, lower {option} in printer.cfg."
                )
            )
            return
        if (self._plan.opener or not undo) and not await self._agrees(target):
            return
        before = self._height()
        try:
            self._at = await self._manual.step(z)
            self._last_position = self._context.printer.state.position
        except CommandFailed as error:
            explained = error.explanation
            raise CheckFailed(
                f"Klipper ended the paper test: {explained.what}", explained.cause, explained.remedy
            ) from error
        if undo:
            self._tried.pop()
        else:
            self._tried.append(self._height())
            self._mark(before, free=self._height() < before)
        self._felt.add(self._height())

    def _mark(self, height: float, *, free: bool) -> None:
        """Note how the paper moved at a height. Where it contradicts what was noted before, the newer counts."""
        self._marks = {
            z: was for z, was in self._marks.items() if was == free or (z > height if was else z < height)
        }
        self._marks[height] = free

    async def require_still(self) -> None:
        """Raises CheckFailed where another client has moved the toolhead. The paper test's heights do not show that, so
        the next step would end elsewhere."""
        before, after = self._last_position, (await self._context.printer.refresh()).position
        if before is None or after is None:
            return
        if max(abs(now - then) for now, then in zip(after, before, strict=True)) > MOVED:
            raise CheckFailed(
                "Something else moved the nozzle during the paper test.",
                "Another screen, a web interface or a macro jogged or homed the printer.",
                "Repeat the check. Move the nozzle only by the paper test itself.",
            )

    async def _agrees(self, target: float) -> bool:
        """Whether a move may be made: asks where it could press the nozzle into the bed."""
        question, expected = self._question(), self._plan.expected
        if not needs_consent(question, target):
            return True
        step = question.height - target
        advice = (
            "Smaller steps are safer." if step > COARSE else "Check from the side that there is still a gap."
        )
        why = (
            "Where the bed is at this point is unknown. Check from the side that the gap is wider than the step."
            if expected is None
            else f"This would put the nozzle {length(expected - target)} below the expected bed surface. {advice}"
        )
        agreed = await self._context.operator.confirm(
            Confirm(
                "risky-step",
                f"Go down by {length(step)}?",
                why,
                yes="Go down",
                no="Stay",
                danger=True,
                facts={"step": step},
            )
        )
        if agreed:
            self._agreed = target
        return agreed

    def _question(self) -> PaperStep:
        plan = self._plan
        return PaperStep(
            key="paper",
            text=plan.text,
            height=self._height(),
            lower=self._at.lower,
            upper=self._at.upper,
            start=self._start,
            lowest=self._lowest,
            expected=plan.expected,
            step=self._step,
            name=plan.name,
            old=plan.old,
            base=plan.base,
            sign=plan.sign,
            moves_nozzle=plan.moves_nozzle,
            test=plan.test,
            tests=plan.tests,
            place=plan.place,
            tried=tuple(self._tried[-12:]),
            detail=plan.detail,
            measured=plan.measured,
            agreed=self._agreed,
            free=tuple(z for z, free in self._marks.items() if free),
            dragging=tuple(z for z, free in self._marks.items() if not free),
            opener=plan.opener,
            accept=plan.accept,
        )

    def _height(self) -> float:
        if self._at.z_position is None:
            raise CheckFailed(
                "The printer does not report the height of the nozzle.",
                "Its manual_probe status has no z_position. This Klipper is older than July 2022, or another program "
                "ended the paper test.",
                "Update Klipper, or repeat the check.",
            )
        return self._at.z_position

    def _resolution(self) -> float:
        """Half the distance to the nearest other height that was tried, including those that were undone."""
        height = self._height()
        apart = [abs(other - height) for other in self._felt if abs(other - height) > 1e-6]
        return min(FIRST_RESOLUTION, min(apart, default=2 * FIRST_RESOLUTION) / 2)

    def ended(self, outcome: ManualProbeOutcome, resolution: float = FIRST_RESOLUTION) -> PaperHeight:
        """The accepted height. Raises CheckFailed where the test ended otherwise."""
        if outcome.how == "accepted" and outcome.height is not None:
            return PaperHeight(outcome.height, resolution)
        if outcome.how == "failed":
            raise CheckFailed(
                "Klipper did not accept the height.",
                "The nozzle was moved sideways during the paper test, or was not below its start.",
                "Repeat the check. Only lower and raise the nozzle during the test.",
            )
        raise CheckFailed(
            "The paper test was ended by another client.",
            "Another screen, a web interface or a macro sent ACCEPT or ABORT, or our lease expired.",
            "Repeat the check, and use only one of them for the paper test.",
        )
