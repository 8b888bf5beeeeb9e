"""The operator of a running check: questions go to the snapshot, answers come from the user interface."""

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
from zcal_tui.session.consents import Consents
from zcal_tui.session.snapshot import Asking
from zcal_tui.session.snapshot_store import SnapshotStore
from zcal_tui.transport.failures import NotReady

_NUMBERS = itertools.count(1)
"""Numbers the questions of all runs, so that a late answer cannot answer another run's question."""


class SessionOperator:
    """Implements `checks.operator.Operator` for one run. Lives on the session's thread."""

    def __init__(
        self,
        snapshots: SnapshotStore,
        printer: Printer,
        emit: Callable[[Event], None],
        *,
        present: bool,
        consents: Consents | None = None,
    ) -> None:
        """`consents` answers what was agreed to in advance."""
        self._snapshots = snapshots
        self._printer = printer
        self._emit = emit
        self._present = present
        self._consents = consents
        self._waiting: tuple[int, Question, asyncio.Future[Answer]] | None = None
        self._cancelled = False

    @property
    def present(self) -> bool:
        return self._present

    async def confirm(self, question: Confirm) -> bool:
        if self._consents is None:
            return cast(bool, await self._ask(question))
        agreed = self._consents.answer(question)
        if agreed is not None:
            if self._cancelled:
                raise CheckCancelled
            self._emit(
                Answered(question.key, f"{question.yes if agreed else question.no} (agreed in advance)")
            )
            return agreed
        answer = cast(bool, await self._ask(question))
        self._consents.heard(question, yes=answer)
        return answer

    async def choose(self, question: Choose) -> str:
        return cast(str, await self._ask(question))

    async def paper(self, question: PaperStep) -> PaperMove:
        return cast(PaperMove, await self._ask(question))

    async def jog(self, question: JogStep) -> JogMove:
        return cast(JogMove, await self._ask(question))

    def answer(self, number: int, answer: Answer) -> bool:
        """Accept an answer to the question of that number; False if it is not open, or the answer does not fit."""
        if self._waiting is None or self._waiting[0] != number or self._waiting[2].done():
            return False
        if not fits(self._waiting[1], answer):
            return False
        self._waiting[2].set_result(answer)
        return True

    def cancel(self) -> None:
        """Raise CheckCancelled in whoever waits for an answer, now or later."""
        self._cancelled = True
        if self._waiting is not None and not self._waiting[2].done():
            self._waiting[2].set_exception(CheckCancelled())

    async def _ask(self, question: Question) -> Answer:
        if not self._present:
            raise NeedsPerson(
                "This needs a person to answer.",
                question.text,
                "Run it in the terminal interface or on a terminal, or use --autopilot with a simulated printer.",
            )
        if self._cancelled:
            raise CheckCancelled
        whatever_state = isinstance(question, Confirm) and question.when_halted
        if _halted(self._printer.state) and not whatever_state:
            raise NotReady(self._printer.state.message)
        number = next(_NUMBERS)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def watch(state: PrinterState) -> None:
            if not whatever_state:
                _fail_if_halted(future, state)

        self._waiting = (number, question, future)
        stop = self._printer.subscribe(watch)
        self._snapshots.update(question=Asking(number, question))
        self._emit(Asked(question))  # after the snapshot, where listeners find the question's number
        try:
            answer = await future
        finally:
            stop()
            self._waiting = None
            self._snapshots.update(question=None)
        self._emit(Answered(question.key, answer_text(question, answer)))
        return answer


def _fail_if_halted(future: "asyncio.Future[Answer]", state: PrinterState) -> None:
    if _halted(state) and not future.done():
        future.set_exception(NotReady(state.message))


def _halted(state: PrinterState) -> bool:
    return state.connected and state.klippy in ("shutdown", "error")


def fits(question: Question, answer: Answer) -> bool:
    """Whether an answer fits this question."""
    match question:
        case Confirm():
            return isinstance(answer, bool)
        case Choose(options=options):
            return isinstance(answer, str) and any(option.key == answer for option in options)
        case PaperStep():
            return isinstance(answer, PaperMove)
        case JogStep():
            return isinstance(answer, JogMove)
