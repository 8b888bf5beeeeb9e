"""The person at the printer, as a script."""

from collections.abc import Callable
from typing import Any, cast

from zcal_tui.model.questions import Answer, Choose, Confirm, JogMove, JogStep, PaperMove, PaperStep, Question

Said = Answer | BaseException | Callable[[Question], Answer]


class Person:
    """Implements `Operator`: gives these answers one after the other, and remembers what was asked.

    An exception is raised instead of an answer; a function is called with the question for its answer. Being asked
    more than there are answers for fails the test.
    """

    present = True

    def __init__(self, *answers: Said) -> None:
        self._answers = list(answers)
        self.asked: list[Question] = []

    @property
    def keys(self) -> list[str]:
        """The occasions of the questions."""
        return [question.key for question in self.asked]

    async def confirm(self, question: Confirm) -> bool:
        return cast(bool, self._next(question))

    async def choose(self, question: Choose) -> str:
        return cast(str, self._next(question))

    async def paper(self, question: PaperStep) -> PaperMove:
        return cast(PaperMove, self._next(question))

    async def jog(self, question: JogStep) -> JogMove:
        return cast(JogMove, self._next(question))

    def _next(self, question: Question) -> Any:
        self.asked.append(question)
        assert self._answers, f"nobody thought of {question}"
        answer = self._answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer(question) if callable(answer) else answer


class Nobody(Person):
    """There is nobody to be asked."""

    present = False
