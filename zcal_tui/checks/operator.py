"""The port to the person at the printer: what a check may ask, and what it gets."""

from typing import Protocol

from zcal_tui.checks.errors import CheckRefused
from zcal_tui.model.questions import Choose, Confirm, JogMove, JogStep, PaperMove, PaperStep


class NeedsPerson(CheckRefused):
    """Somebody has to look, feel or decide, and nobody is there to be asked."""


class Operator(Protocol):
    """The person. Every method waits for the answer, however long it takes.

    Each raises CheckCancelled when the run is cancelled meanwhile, NeedsPerson where nobody can be asked, and
    NotReady when klippy halts while the person thinks.
    """

    @property
    def present(self) -> bool:
        """Whether there is anybody to ask; a check that needs somebody looks before it moves anything."""

    async def confirm(self, question: Confirm) -> bool:
        """Yes or no."""

    async def choose(self, question: Choose) -> str:
        """The key of the option that was chosen."""

    async def paper(self, question: PaperStep) -> PaperMove:
        """The next move of a paper test."""

    async def jog(self, question: JogStep) -> JogMove:
        """The next move towards the mark."""


def require_person(operator: Operator, why: str) -> None:
    """Raises NeedsPerson unless somebody can be asked; `why` is what they would have to do."""
    if not operator.present:
        raise NeedsPerson(
            "This check needs a person.",
            why,
            "Run it in the terminal interface or on a terminal, or with --autopilot on a simulated printer.",
        )
