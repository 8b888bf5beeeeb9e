"""The person, as the running check sees them: questions go to the board, answers come from a face."""

import asyncio
import itertools
from collections.abc import Callable
from typing import cast

from zcal_tui.checks.errors import CheckCancelled
from zcal_tui.checks.operator import NeedsPerson
from zcal_tui.model.events import Answered, Asked, Event
from zcal_tui.model.questions import (
    Answer,
    Choose,
    Confirm,
    JogMove,
    JogStep,
    PaperMove,
    PaperStep,
    Question,
    answer_text,
)
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.state import PrinterState
from zcal_tui.session.snapshot import Asking
from zcal_tui.session.snapshot_store import SnapshotStore
from zcal_tui.transport.failures import NotReady

_NUMBERS = itertools.count(1)
"""Numbers the questions over all runs, so that a late answer to one run's question is none to the next run's."""


class SessionOperator:
    """Implements `checks.operator.Operator` for one run. Lives on the session's thread."""

    def __init__(
        self, board: SnapshotStore, printer: Printer, emit: Callable[[Event], None], *, present: bool
    ) -> None:
        self._board = board
        self._printer = printer
        self._emit = emit
        self._present = present
        self._waiting: tuple[int, Question, asyncio.Future[Answer]] | None = None
        self._cancelled = False

    @property
    def present(self) -> bool:
        return self._present

    async def confirm(self, question: Confirm) -> bool:
        return cast(bool, await self._ask(question))

    async def choose(self, question: Choose) -> str:
        return cast(str, await self._ask(question))

    async def paper(self, question: PaperStep) -> PaperMove:
        return cast(PaperMove, await self._ask(question))

    async def jog(self, question: JogStep) -> JogMove:
        return cast(JogMove, await self._ask(question))

    def answer(self, number: int, answer: Answer) -> bool:
        """Take an answer to the question of that number; False where it is not, or no longer, asked, or of the wrong
        kind."""
        if self._waiting is None or self._waiting[0] != number or self._waiting[2].done():
            return False
        if not fits(self._waiting[1], answer):
            return False
        self._waiting[2].set_result(answer)
        return True

    def cancel(self) -> None:
        """The run was cancelled: whoever waits for an answer gets CheckCancelled, also later."""
        self._cancelled = True
        if self._waiting is not None and not self._waiting[2].done():
            self._waiting[2].set_exception(CheckCancelled())

    async def _ask(self, question: Question) -> Answer:
        if not self._present:
            raise NeedsPerson(
                "A person has to answer, and nobody is there.",
                question.text,
                "Run it in the terminal interface or on a terminal, or with --autopilot on a simulated printer.",
            )
        if self._cancelled:
            raise CheckCancelled
        if _halted(self._printer.state):
            raise NotReady(self._printer.state.message)
        number = next(_NUMBERS)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting = (number, question, future)
        stop = self._printer.subscribe(lambda state: _give_up(future, state))
        self._board.update(question=Asking(number, question))
        self._emit(Asked(question))  # after the board: who hears of it finds the number to answer to
        try:
            answer = await future
        finally:
            stop()
            self._waiting = None
            self._board.update(question=None)
        self._emit(Answered(question.key, answer_text(question, answer)))
        return answer


def _give_up(future: "asyncio.Future[Answer]", state: PrinterState) -> None:
    if _halted(state) and not future.done():
        future.set_exception(NotReady(state.message))


def _halted(state: PrinterState) -> bool:
    return state.connected and state.klippy in ("shutdown", "error")


def fits(question: Question, answer: Answer) -> bool:
    """Whether an answer is one to this question."""
    match question:
        case Confirm():
            return isinstance(answer, bool)
        case Choose(options=options):
            return isinstance(answer, str) and any(option.key == answer for option in options)
        case PaperStep():
            return isinstance(answer, PaperMove)
        case JogStep():
            return isinstance(answer, JogMove)
