"""The questions of a running check to the person, and the answers.

Each user interface shows a question in its own form, such as a screen or a line prompt. `key` identifies the question
for scripts and the autopilot; the texts are for people.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from zcal_tui.model.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Confirm:
    """A yes-or-no question. `danger` marks a yes that could do harm; `facts` are the question's values in mm.

    `consent`: the yes heats, writes or restarts, so no stray Enter may give it. `when_halted`: it makes sense also
    while Klipper has halted.
    """

    key: str
    text: str
    detail: str = ""
    yes: str = "Yes"
    no: str = "No"
    danger: bool = False
    facts: Mapping[str, float] = field(default_factory=dict)
    when_halted: bool = False
    consent: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to a `Choose`."""

    key: str
    label: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Choose:
    """A choice of options. The answer is an option's key; `facts` are the question's values in mm.

    `consent`: as of `Confirm`; the last option is then the harmless one.
    """

    key: str
    text: str
    options: tuple[Option, ...]
    detail: str = ""
    facts: Mapping[str, float] = field(default_factory=dict)
    consent: bool = False


RESULT_CARD = "result-card"
"""The key of the question after each check of a full calibration."""

HEAT = "heat"
"""The key of the consent to heat; its facts are temperatures in °C and minutes."""
PLAN_CONSENT = "plan-consent"
"""The key of the question before a full calibration: what it will do, with a switch for each."""

FAR = 1.0
"""mm above the expected contact from which a height cannot be contact."""


@dataclass(frozen=True, slots=True)
class PaperStep:
    """The state of a paper test; asked again after each move. Heights are toolhead Z in mm.

    `lower` and `upper` are the nearest heights tried below and above, `expected` is the expected contact, `start` the
    first height, `lowest` the axis limit. `name` is the option to find (z_offset, …) and `old` its present value:
    value = base + sign · height. Without a name there is no such value.
    """

    key: str
    text: str
    height: float
    lower: float | None
    upper: float | None
    start: float
    lowest: float
    expected: float | None
    step: float
    """The Z step distance, which limits the resolution."""
    name: str = "z_offset"
    old: float | None = None
    base: float = 0.0
    sign: int = -1
    moves_nozzle: bool = True
    """Whether the change moves the nozzle in prints. A probe's z_offset does not if Z homes with another endstop."""
    test: int = 1
    tests: int = 1
    """The number of this test, and of all tests."""
    place: str = ""
    tried: tuple[float, ...] = ()
    detail: str = ""
    measured: bool = False
    """Whether an accepted paper test at this place, in the same run, gives `expected`."""
    agreed: float | None = None
    """The lowest height with consent for a risky move (model/paper_moves.py); None before the first consent."""
    free: tuple[float, ...] = ()
    """The heights at which the paper slid freely: those from which the nozzle was lowered."""
    dragging: tuple[float, ...] = ()
    """The heights at which the paper dragged too much: those from which the nozzle was raised."""
    opener: str = ""
    """The command that opened the manual probe, where this program did not."""
    accept: str = ""
    """What accepting does and stages, where this program did not open the manual probe."""

    @property
    def instruction(self) -> str:
        """What to do now, in a sentence."""
        if len(self.tried) <= 1:
            return "Put a sheet of paper under the nozzle, then press Lower."
        return "Bisect until the paper drags slightly, then Accept." if self.bracketed else self.text

    @property
    def lowest_free(self) -> float | None:
        """The lowest height marked free."""
        return min(self.free, default=None)

    @property
    def highest_dragging(self) -> float | None:
        """The highest height marked dragging."""
        return max(self.dragging, default=None)

    @property
    def bracketed(self) -> bool:
        """Whether one height was marked free and one dragging, so that the right one is between them."""
        return bool(self.free and self.dragging)

    @property
    def taken_over(self) -> bool:
        """Whether the manual probe was opened by something else."""
        return bool(self.opener)

    @property
    def far_above(self) -> float | None:
        """How far (mm) the nozzle is above the expected contact if that is too far for contact; None nearer to it."""
        above = None if self.expected is None else self.height - self.expected
        return above if above is not None and above > FAR else None

    @property
    def value(self) -> float:
        """The value if the paper drags at this height."""
        return self.base + self.sign * self.height

    @property
    def gap_change(self) -> float | None:
        """The change of the gap between nozzle and bed at the same commanded Z if this height is accepted.

        In mm, negative is closer; None if there is no old value or the option moves no nozzle.
        """
        if self.old is None or not self.moves_nozzle:
            return None
        return self.height - (self.old - self.base) / self.sign


@dataclass(frozen=True, slots=True)
class PaperMove:
    """The answer to a `PaperStep`: move by `z` (as TESTZ: + - ++ -- or a distance in mm), return to the previous height
    (undo), accept this height, or abort."""

    kind: Literal["step", "undo", "accept", "abort"]
    z: str = ""


@dataclass(frozen=True, slots=True)
class JogStep:
    """The state of moving the nozzle over the mark; asked again after each move. Lengths in mm."""

    key: str
    text: str
    x: float
    y: float
    z: float
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    """The toolhead's limits."""
    probed: tuple[float, float]
    """The toolhead's position with the probe over the mark."""
    old: tuple[float, float]
    """x_offset and y_offset as configured."""
    test: int = 1
    tests: int = 1
    detail: str = ""

    @property
    def offsets(self) -> tuple[float, float]:
        """x_offset and y_offset if the nozzle is over the mark now."""
        return self.x - self.probed[0], self.y - self.probed[1]


@dataclass(frozen=True, slots=True)
class JogMove:
    """The answer to a `JogStep`: move by these distances in mm, the nozzle is over the mark (done), or abort."""

    kind: Literal["move", "done", "abort"]
    dx: float = 0.0
    dy: float = 0.0
    dz: float = 0.0


Question = Confirm | Choose | PaperStep | JogStep
Answer = bool | str | PaperMove | JogMove
"""A Confirm is answered by a bool, a Choose by an option's key, the others by their moves."""


def answer_text(question: Question, answer: Answer) -> str:
    """An answer as text, for the record of the run."""
    match answer:
        case bool():
            return (question.yes if answer else question.no) if isinstance(question, Confirm) else str(answer)
        case PaperMove(kind, z):
            return f"TESTZ Z={z}" if kind == "step" else kind
        case JogMove(kind, dx, dy, dz):
            return f"move {dx:g} {dy:g} {dz:g}" if kind == "move" else kind
        case _:
            return str(answer)
