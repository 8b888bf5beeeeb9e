"""The person at the simulated printer: how paper feels below the nozzle, and where a mark is seen."""

from typing import Literal

from zcal_tui.sim.machine.draws import draws_for
from zcal_tui.sim.truth import Truth

Feel = Literal["free", "drags", "stuck"]


class Person:
    """Feels and sees with the bias and the spread of `[person]` in the truth.

    One test has one error: the same person pulls at the same paper until it just drags. `new_test` begins
    the next test.
    """

    def __init__(self, truth: Truth, seed: int | None = None) -> None:
        """`seed` replaces the truth's own."""
        chosen = truth.simulation.seed if seed is None else seed
        self._feel_draws = draws_for(chosen, "feel")
        self._eye_draws = draws_for(chosen, "eye")
        self.set_truth(truth)
        self.new_test()

    def set_truth(self, truth: Truth) -> None:
        """Change the true values of the person."""
        self._truth = truth.person

    def new_test(self) -> None:
        """Take a fresh sheet and look again: the next paper test or mark has its own error."""
        self._feel_error = float(self._feel_draws.standard_normal())
        self._eye_error = (
            float(self._eye_draws.standard_normal()),
            float(self._eye_draws.standard_normal()),
        )

    @property
    def target_gap(self) -> float:
        """The gap (mm) between nozzle and bed at which the paper feels right in this test."""
        person = self._truth
        return person.paper + person.bias + person.sigma * self._feel_error

    def feel(self, gap: float) -> Feel:
        """How the paper moves with this gap (mm) between nozzle and bed."""
        if gap > self.target_gap + self._truth.window:
            return "free"
        return "stuck" if gap < self.target_gap - self._truth.window else "drags"

    def see(self, to_mark: tuple[float, float]) -> tuple[float, float]:
        """Where this person sees a mark that is this far (mm in X, in Y) from the nozzle."""
        spread = self._truth.eye
        return to_mark[0] + spread * self._eye_error[0], to_mark[1] + spread * self._eye_error[1]
