"""The operator of a running check: questions in the snapshot, answers from a user interface, and no answer."""

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest

from tests.unit.fakes.waiting import until
from zcal_tui.checks.errors import CheckCancelled
from zcal_tui.checks.operator import NeedsPerson, require_person
from zcal_tui.model.events import Answered, Asked, Event
from zcal_tui.model.questions import Answer, Choose, Confirm, JogMove, JogStep, Option, PaperMove, PaperStep
from zcal_tui.printer.state import PrinterState
from zcal_tui.session.operator import SessionOperator
from zcal_tui.session.snapshot_store import SnapshotStore
from zcal_tui.transport.failures import NotReady

CONFIRM = Confirm("save", "Save it?", yes="Save", no="Leave")
CHOOSE = Choose("which", "Which?", (Option("a", "A"), Option("b", "B")))
PAPER = PaperStep("paper", "Lower it.", 1.5, None, None, 5.0, -2.0, 0.0, 0.0025)
JOG = JogStep("jog", "Over it.", 1.0, 2.0, 5.0, (0, 0, 0), (9, 9, 9), (0.0, 0.0), (1.0, 1.0))
READY = PrinterState(connected=True, klippy="ready")


class FakePrinter:
    """A printer's state, and who wants to hear of it."""

    def __init__(self) -> None:
        self.state = READY
        self.listeners: list[Any] = []

    def subscribe(self, listener: Any) -> Any:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def become(self, **changes: Any) -> None:
        self.state = replace(self.state, **changes)
        for listener in list(self.listeners):
            listener(self.state)


class Desk:
    """An operator, and what it showed."""

    def __init__(self, *, present: bool = True) -> None:
        self.board = SnapshotStore()
        self.printer = FakePrinter()
        self.said: list[Event] = []
        self.operator = SessionOperator(
            self.board, cast(Any, self.printer), self.said.append, present=present
        )

    @property
    def number(self) -> int:
        assert self.board.snapshot.question is not None
        return self.board.snapshot.question.n

    async def asked(self) -> int:
        """Wait until a question is open; its number."""
        await until(lambda: self.board.snapshot.question is not None)
        return self.number


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("method", "question", "answer", "words"),
    [
        ("confirm", CONFIRM, True, "Save"),
        ("confirm", CONFIRM, False, "Leave"),
        ("choose", CHOOSE, "b", "b"),
        ("paper", PAPER, PaperMove("step", "-0.1"), "TESTZ Z=-0.1"),
        ("jog", JOG, JogMove("move", dx=1.0), "move 1 0 0"),
    ],
)
async def test_a_question_is_shown_answered_and_recorded(
    desk: Desk, method: str, question: Any, answer: Answer, words: str
) -> None:
    asking = asyncio.create_task(getattr(desk.operator, method)(question))
    number = await desk.asked()
    assert desk.operator.answer(number, answer)
    assert await asking == answer
    assert desk.said == [Asked(question), Answered(question.key, words)]
    assert desk.board.snapshot.question is None
    assert desk.printer.listeners == []


async def test_who_hears_of_a_question_finds_its_number(desk: Desk) -> None:
    seen: list[bool] = []
    operator = SessionOperator(
        desk.board,
        cast(Any, desk.printer),
        lambda event: seen.append(desk.board.snapshot.question is not None),
        present=True,
    )
    asking = asyncio.create_task(operator.confirm(CONFIRM))
    operator.answer(await desk.asked(), True)
    await asking
    assert seen == [True, False]


@pytest.mark.parametrize("wrong", ["yes", PaperMove("accept"), JogMove("done"), 1])
async def test_an_answer_of_the_wrong_kind_is_not_taken(desk: Desk, wrong: Any) -> None:
    asking = asyncio.create_task(desk.operator.confirm(CONFIRM))
    number = await desk.asked()
    assert not desk.operator.answer(number, wrong)
    assert desk.operator.answer(number, False), "the question is open still"
    assert await asking is False


async def test_an_option_that_is_not_there_is_not_taken(desk: Desk) -> None:
    asking = asyncio.create_task(desk.operator.choose(CHOOSE))
    number = await desk.asked()
    assert not desk.operator.answer(number, "c")
    assert desk.operator.answer(number, "a")
    assert await asking == "a"


async def test_an_answer_to_a_past_question_is_none_to_the_next(desk: Desk) -> None:
    asking = asyncio.create_task(desk.operator.confirm(CONFIRM))
    first = await desk.asked()
    assert desk.operator.answer(first, True)
    assert not desk.operator.answer(first, False), "it was answered"
    await asking
    asking = asyncio.create_task(desk.operator.confirm(CONFIRM))
    second = await desk.asked()
    assert not desk.operator.answer(first, True)
    assert desk.operator.answer(second, False)
    assert await asking is False


async def test_a_question_of_one_run_is_not_answered_in_the_next(desk: Desk) -> None:
    other = Desk()
    for one in (desk, other):
        one.asking = asyncio.create_task(one.operator.confirm(CONFIRM))  # type: ignore[attr-defined]
    first, second = await desk.asked(), await other.asked()
    assert first != second
    assert not other.operator.answer(first, True)
    for one in (desk, other):
        one.operator.cancel()
        with pytest.raises(CheckCancelled):
            await one.asking  # type: ignore[attr-defined]


async def test_an_answer_where_nothing_is_asked_is_not_taken(desk: Desk) -> None:
    assert not desk.operator.answer(1, True)


async def test_a_cancel_ends_the_question(desk: Desk) -> None:
    asking = asyncio.create_task(desk.operator.paper(PAPER))
    number = await desk.asked()
    desk.operator.cancel()
    desk.operator.cancel()
    assert not desk.operator.answer(number, PaperMove("accept"))
    with pytest.raises(CheckCancelled):
        await asking
    assert desk.board.snapshot.question is None
    assert desk.printer.listeners == []
    assert desk.said == [Asked(PAPER)]


async def test_after_a_cancel_nothing_is_asked_any_more(desk: Desk) -> None:
    desk.operator.cancel()
    with pytest.raises(CheckCancelled):
        await desk.operator.confirm(CONFIRM)
    assert desk.said == []


async def test_an_answer_just_before_the_cancel_counts(desk: Desk) -> None:
    asking = asyncio.create_task(desk.operator.confirm(CONFIRM))
    assert desk.operator.answer(await desk.asked(), True)
    desk.operator.cancel()
    assert await asking is True


@pytest.mark.parametrize("klippy", ["shutdown", "error"])
async def test_a_halted_klippy_ends_the_question_with_its_reason(desk: Desk, klippy: str) -> None:
    asking = asyncio.create_task(desk.operator.jog(JOG))
    await desk.asked()
    desk.printer.become(klippy=klippy, message="Timer too close")
    with pytest.raises(NotReady, match="Timer too close"):
        await asking
    assert desk.board.snapshot.question is None


async def test_a_klippy_that_has_halted_already_is_not_asked_about(desk: Desk) -> None:
    desk.printer.become(klippy="shutdown", message="Timer too close")
    with pytest.raises(NotReady, match="Timer too close"):
        await asyncio.wait_for(desk.operator.confirm(CONFIRM), 1.0)


async def test_a_link_that_is_cut_leaves_the_question_open(desk: Desk) -> None:
    asking = asyncio.create_task(desk.operator.confirm(CONFIRM))
    number = await desk.asked()
    desk.printer.become(connected=False, klippy="disconnected")
    assert desk.operator.answer(number, True)
    assert await asking is True


async def test_who_stops_waiting_closes_the_question(desk: Desk) -> None:
    asking = asyncio.create_task(desk.operator.paper(PAPER))
    await desk.asked()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert desk.board.snapshot.question is None


async def test_where_nobody_is_it_says_what_they_would_have_been_asked() -> None:
    desk = Desk(present=False)
    with pytest.raises(NeedsPerson) as needed:
        await desk.operator.confirm(CONFIRM)
    assert needed.value.cause == "Save it?"
    assert desk.said == []
    with pytest.raises(NeedsPerson) as needed:
        require_person(desk.operator, "Somebody has to feel.")
    assert needed.value.cause == "Somebody has to feel."
    require_person(Desk().operator, "Somebody has to feel.")
