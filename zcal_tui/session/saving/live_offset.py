"""After a save: whether a macro has set a live Z offset again, by which a saved correction would count twice."""

import contextlib
from collections.abc import Callable

from zcal_tui.checks.errors import CheckCancelled
from zcal_tui.checks.operator import Operator
from zcal_tui.model.events import Event, Notice, Stage
from zcal_tui.model.questions import Confirm
from zcal_tui.model.record import Problem
from zcal_tui.printer.macros import longest_start_delay, offset_macros, sets_height_of_zero
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.state import ZERO_NOISE, PrinterState
from zcal_tui.session.saving import text as save_text
from zcal_tui.session.saving.plan import SavePlan
from zcal_tui.transport.failures import TransportError

MACRO_TIME, LONGEST_DELAY = 1.0, 30.0
"""Seconds of the printer's time that a macro may take after its delay, and the most to wait for it."""


class LiveOffset:
    """The live Z offset of a printer that has restarted."""

    def __init__(
        self,
        printer: Printer,
        operator: Operator,
        emit: Callable[[Event], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self._printer = printer
        self._operator = operator
        self._emit = emit
        self._cancelled = cancelled

    async def problem_after(self, plan: SavePlan, backup: str) -> Problem | None:
        """The problem of a live offset that is in force again after the restart."""
        if not any(sets_height_of_zero(self._printer.state, change.option) for change in plan.changes):
            return None
        macros = offset_macros(self._printer.state)
        if delay := longest_start_delay(self._printer.state):
            self._emit(Stage("save", "Waiting for the macros that run when Klipper starts"))
            with contextlib.suppress(TransportError, TimeoutError):
                await self._printer.wait_for(_is_shifted, min(delay + MACRO_TIME, LONGEST_DELAY))
        with contextlib.suppress(TransportError):
            await self._printer.refresh()
        state = self._printer.state
        if not _is_shifted(state):
            return None
        problem = save_text.offset_problem(state, macros, backup)
        if not self._operator.present or self._cancelled():
            return problem
        question = Confirm(
            key="clear-offset",
            text="A live Z offset is set again after the restart. Clear it?",
            detail=f"{problem.what}\n{problem.cause}",
            yes="Clear it",
            no="Leave it",
            consent=True,
        )
        try:
            if not await self._operator.confirm(question):
                return problem
            if (await self._printer.refresh()).busy:
                return problem  # a print was started: it has begun at this height
            await self._printer.gcode("SET_GCODE_OFFSET Z=0 MOVE=0")
            if _is_shifted(await self._printer.refresh()):
                return problem
        except (CheckCancelled, TransportError):
            return problem
        self._emit(
            Notice("The live Z offset is cleared. Remove it from the macro, or it returns at the next start.")
        )
        return None


def _is_shifted(state: PrinterState) -> bool:
    """Whether a live Z offset is set."""
    return abs(state.homing_origin[2]) > ZERO_NOISE
