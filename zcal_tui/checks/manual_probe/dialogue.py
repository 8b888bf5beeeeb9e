"""The paper test in a manual probe that something else opened. Other clients may use it too: when one does, this
program only watches."""

import time

from zcal_tui.checks.base import Context
from zcal_tui.checks.paper import FIRST_RESOLUTION, PaperDialogue, PaperHeight, PaperPlan
from zcal_tui.checks.travel import disturbed
from zcal_tui.model.events import Notice
from zcal_tui.model.paper_moves import ACCEPT_AFTER
from zcal_tui.printer.manual_probe import ManualProbeOutcome, TakenOverProbe
from zcal_tui.printer.messages import ManualProbeStarted
from zcal_tui.printer.printer import Heard, Printer
from zcal_tui.printer.state import ManualProbeState, PrinterState

SAME_HEIGHT = 1e-6
AWAY = 0.1
"""mm sideways from which the toolhead is at another point."""


class AnotherClientActs(Exception):
    """Another client has moved or ended the manual probe."""


class StartedProbes:
    """Counts the manual probes that start on a printer, by Klipper's own line on the console."""

    def __init__(self, printer: Printer) -> None:
        self.count = 0
        self._stop = printer.listen_console(self._hear)

    def _hear(self, heard: Heard) -> None:
        if isinstance(heard.message, ManualProbeStarted):
            self.count += 1

    def close(self) -> None:
        """Stop counting."""
        self._stop()


class TakenOverDialogue(PaperDialogue):
    """Asks for moves at one point of a manual probe that was taken over."""

    def __init__(
        self,
        context: Context,
        plan: PaperPlan,
        manual: TakenOverProbe,
        at: ManualProbeState,
        started: StartedProbes,
    ) -> None:
        super().__init__(context, plan, manual, at)
        # Where it was opened is unknown; Klipper accepts what is lower than that
        self._start = max(self._height(), at.upper if at.upper is not None else self._height())
        self._started = started
        self._count = started.count
        self._began = time.monotonic()

    async def on_abort(self) -> None:
        """The person aborts it for every client."""
        await self.require_still()
        await self._manual.abort()

    async def may_accept(self) -> bool:
        """Also not within the first second, and not before one step was made."""
        if len(self._tried) < 2:
            self._context.emit(Notice("Make at least one step before you accept the height at this point."))
            return False
        if time.monotonic() - self._began < ACCEPT_AFTER:
            self._context.emit(Notice("Not accepted: this point has only just begun. Check the paper first."))
            return False
        if not await super().may_accept():
            return False
        await self.require_still()
        return True

    async def require_still(self) -> None:
        """Raises AnotherClientActs where another client has acted since the height that was shown, CheckFailed where a
        print was started."""
        state = await self._context.printer.refresh()
        if state.busy:
            raise disturbed(state)
        if self.interrupted(state):
            raise AnotherClientActs

    def interrupted(self, state: PrinterState) -> bool:
        """Whether a print was started, or another client has moved or ended it."""
        at = state.manual_probe
        if state.busy or not at.is_active or self._started.count != self._count:
            return True
        if _apart(at.z_position, self._at.z_position):
            return True
        before = self._last_position
        return (
            before is not None
            and state.position is not None
            and max(abs(now - then) for now, then in zip(state.position[:2], before[:2], strict=True)) > AWAY
        )

    async def on_interrupted(self) -> ManualProbeOutcome | None:
        """Raises CheckFailed where a print was started."""
        state = await self._context.printer.refresh()
        if state.busy:
            raise disturbed(state)
        return await self._manual.outcome() if self.interrupted(state) else None

    def ended(self, outcome: ManualProbeOutcome, resolution: float = FIRST_RESOLUTION) -> PaperHeight:
        """The accepted height. Raises AnotherClientActs, CheckFailed."""
        if outcome.how == "unknown":
            raise AnotherClientActs
        return super().ended(outcome, resolution)


def _apart(one: float | None, other: float | None) -> bool:
    return one is None or other is None or abs(one - other) > SAME_HEIGHT
