"""What a person has agreed to once for a whole full calibration, and is not asked again unless its ground changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from zcal_tui.model.questions import Confirm

CLEAN = "clean-nozzle"
"""The key of the question whose yes holds until the nozzle was hot, tape was put down or Klipper restarted."""
TAPED = ("probe-xy",)
"""The checks that leave something on the bed that must be removed."""
OOZES = 150.0
"""°C of a nozzle from which its tip may be dirty again."""
_NOISE = 1e-6


@dataclass
class Consents:
    """The answers given in advance, by the key of the question.

    A yes covers a question whose facts (such as temperatures in °C, minutes) are no more than those agreed to; a no
    answers any question of that key.
    """

    _agreed: dict[str, Mapping[str, float]] = field(default_factory=dict)
    _refused: set[str] = field(default_factory=set)

    def agree(self, key: str, facts: Mapping[str, float] | None = None) -> None:
        """Remember a yes, and what it was for."""
        self._refused.discard(key)
        self._agreed[key] = dict(facts or {})

    def refuse(self, key: str) -> None:
        """Remember a no."""
        self._agreed.pop(key, None)
        self._refused.add(key)

    def forget(self, key: str) -> None:
        """Ask again: its ground has changed."""
        self._agreed.pop(key, None)

    def answer(self, question: Confirm) -> bool | None:
        """The answer given in advance; None where the person has to be asked."""
        if question.key in self._refused:
            return False
        agreed = self._agreed.get(question.key)
        if agreed is None or question.danger:
            return None
        within = all(
            name in agreed and value <= agreed[name] + _NOISE for name, value in question.facts.items()
        )
        return True if within else None

    def heard(self, question: Confirm, *, yes: bool) -> None:
        """Remember an answer that holds for the checks that follow."""
        if yes and question.key == CLEAN:
            self.agree(CLEAN)
