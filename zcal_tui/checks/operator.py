"""The port to the person at the printer: the questions a check may ask."""

from typing import Protocol

from zcal_tui.checks.errors import CheckRefused
from zcal_tui.model.questions import Choose, Confirm, JogMove, JogStep, PaperMove, PaperStep


class NeedsPerson(CheckRefused):
    """A person has to look, feel or decide, and nobody can be asked."""


class Operator(Protocol):
    """The person. Every method waits for the answer without a time limit.

    Each raises CheckCancelled when the run is cancelled, NeedsPerson where nobody can be asked, and NotReady when
    klippy halts while it waits.
    """

    @property
    def present(self) -> bool:
        """Whether anybody can be asked; a check that needs a person looks before it moves anything."""

    async def confirm(self, question: Confirm) -> bool:
        """Yes or no."""

    async def choose(self, question: Choose) -> str:
        """The key of the option that was chosen."""

    async def paper(self, question: PaperStep) -> PaperMove:
        """The next move of a paper test."""

    async def jog(self, question: JogStep) -> JogMove:
        """The next move towards the mark."""


def require_person(operator: Operator, why: str) -> None:
    """Raises NeedsPerson unless somebody can be asked; `why` is what the person has to do."""
    if not operator.present:
        raise NeedsPerson(
            "This check needs a person.",
            why,
            "Run it in the terminal interface or on a terminal. On a simulated printer, --autopilot answers too.",
        )
