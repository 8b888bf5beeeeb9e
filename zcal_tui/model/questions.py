"""What a running check asks the person, and what the answers are.

A face shows a question in whatever form suits it: a screen, a line prompt, an autopilot. `key` names the occasion, so
that a script or the autopilot knows what it is asked; the texts are for people.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Confirm:
    """Yes or no. `danger` marks a yes that could do harm; `facts` are numbers (mm) the question is about."""

    key: str
    text: str
    detail: str = ""
    yes: str = "Yes"
    no: str = "No"
    danger: bool = False
    facts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers to a `Choose`."""

    key: str
    label: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Choose:
    """One of several. The answer is an option's key; `facts` are numbers (mm) the question is about."""

    key: str
    text: str
    options: tuple[Option, ...]
    detail: str = ""
    facts: Mapping[str, float] = field(default_factory=dict)


FAR = 1.0
"""mm over the expected contact from which a height is not taken for contact."""


@dataclass(frozen=True, slots=True)
class PaperStep:
    """Where the paper test stands; asked again after each move. Heights are toolhead Z in mm.

    `lower` and `upper` are the next heights that were tried below and above; `expected` is where contact is thought
    to be; `start` where the test began; `lowest` how far down the axis goes. `name` is the value that is sought
    (z_offset, …), `old` what it is now and `sign` how it follows the height: value = base + sign · height.
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
    """The Z step distance: nothing finer can be told apart."""
    name: str = "z_offset"
    old: float | None = None
    base: float = 0.0
    sign: int = -1
    moves_nozzle: bool = True
    """Whether prints are nearer or farther by the change; a probe's z_offset moves nothing where Z homes elsewhere."""
    test: int = 1
    tests: int = 1
    """Which of how many tests this is."""
    place: str = ""
    tried: tuple[float, ...] = ()
    detail: str = ""
    agreed: float | None = None
    """The lowest height that a risky move was agreed to for (model/paper_moves.py); None before the first consent."""

    @property
    def far_above(self) -> float | None:
        """How far (mm) the nozzle is over the expected contact, where that is so much that this height is no answer and
        the value it would give only confuses; None nearer to it."""
        above = None if self.expected is None else self.height - self.expected
        return above if above is not None and above > FAR else None

    @property
    def value(self) -> float:
        """What the sought value would be if the paper drags at this height."""
        return self.base + self.sign * self.height

    @property
    def gap_change(self) -> float | None:
        """How the gap between nozzle and bed at the same commanded Z changes if this height is taken (mm; negative is
        closer); None where there is no old value or it sets no height. Contact was thought to be at one height and is
        found at this one."""
        if self.old is None or not self.moves_nozzle:
            return None
        return self.height - (self.old - self.base) / self.sign


@dataclass(frozen=True, slots=True)
class PaperMove:
    """The answer to a `PaperStep`: go by `z` (TESTZ's words: + - ++ -- or a distance in mm), back to the height
    before (undo), take this height (accept), or give up (abort)."""

    kind: Literal["step", "undo", "accept", "abort"]
    z: str = ""


@dataclass(frozen=True, slots=True)
class JogStep:
    """Where the nozzle stands on its way over the mark; asked again after each move. mm."""

    key: str
    text: str
    x: float
    y: float
    z: float
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    """How far the toolhead may go."""
    probed: tuple[float, float]
    """The toolhead's place when the probe was over the mark."""
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
    """The answer to a `JogStep`: go by these distances in mm, or the nozzle is over the mark (done), or give up."""

    kind: Literal["move", "done", "abort"]
    dx: float = 0.0
    dy: float = 0.0
    dz: float = 0.0


Question = Confirm | Choose | PaperStep | JogStep
Answer = bool | str | PaperMove | JogMove
"""A Confirm is answered by a bool, a Choose by an option's key, the others by their moves."""


def answer_text(question: Question, answer: Answer) -> str:
    """An answer in words, for the record of the run."""
    match answer:
        case bool():
            return (question.yes if answer else question.no) if isinstance(question, Confirm) else str(answer)
        case PaperMove(kind, z):
            return f"TESTZ Z={z}" if kind == "step" else kind
        case JogMove(kind, dx, dy, dz):
            return f"move {dx:g} {dy:g} {dz:g}" if kind == "move" else kind
        case _:
            return str(answer)
