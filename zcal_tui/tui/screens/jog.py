"""Jogging the nozzle over a mark: arrow keys and buttons, step sizes, the axes' limits, what the offsets come to."""

from collections.abc import Iterable
from typing import ClassVar

from textual.containers import Grid, Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from zcal_tui.model.distance import ACCEPTED_JOG, DistanceError, parse_jog
from zcal_tui.model.questions import JogMove, JogStep
from zcal_tui.model.units import number
from zcal_tui.session.snapshot import Asking, Snapshot
from zcal_tui.tui.actions import bindings
from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.glyphs import glyphs_of
from zcal_tui.tui.screens.base import ZcalScreen
from zcal_tui.tui.screens.question_screen import QuestionScreen
from zcal_tui.tui.simulated_person import ask_mark, mark_text, short_mark_text
from zcal_tui.tui.steps import JOG_STEPS, within
from zcal_tui.tui.widgets.button import PlainButton
from zcal_tui.tui.widgets.keypad import JOG_KEYS
from zcal_tui.tui.widgets.offsetmap import OffsetMap
from zcal_tui.tui.widgets.stepbar import StepBar, enable
from zcal_tui.tui.widgets.text import BigNumber, Plain

FIRST_STEP = JOG_STEPS.index(1.0)

WAYS = {
    "left": ("X", -1.0, 0.0, 0.0),
    "right": ("X", 1.0, 0.0, 0.0),
    "back": ("Y", 0.0, 1.0, 0.0),
    "front": ("Y", 0.0, -1.0, 0.0),
    "higher": ("Z", 0.0, 0.0, 1.0),
    "lower": ("Z", 0.0, 0.0, -1.0),
}
"""Each button's axis and direction."""


def sides(x_offset: float, y_offset: float) -> str:
    """Where the probe is from the nozzle, in words."""
    words = []
    if abs(x_offset) >= 0.005:
        words.append(f"{abs(x_offset):.2f} mm {'right of' if x_offset > 0 else 'left of'}")
    if abs(y_offset) >= 0.005:
        words.append(f"{abs(y_offset):.2f} mm {'behind' if y_offset > 0 else 'in front of'}")
    return f"{' and '.join(words) or 'at'} the nozzle"


def offsets_text(question: JogStep) -> Content:
    """Both offsets as they are and as they would be here."""
    lines = [Content.styled("offset    now    here", "$z-dim")]
    for axis, old, new in zip("xy", question.old, question.offsets, strict=True):
        was, here = number(old, digits=2), number(new, digits=2)
        lines.append(Content.assemble(f"  {axis}  ", (f"{was:>8}", "$z-dim"), (f"{here:>8}", "bold")))
    return Content("\n").join(lines)


class JogScreen(QuestionScreen, ZcalScreen):
    """The nozzle on its way over the mark. Stays while the printer makes a move."""

    STYLE_SHEET = "jog.tcss"
    AUTO_FOCUS = ""
    ABOUT = (
        "Move the nozzle exactly over the mark that was made under the probe. Use large steps first, then small ones. "
        "Near the mark, lower the nozzle to just above the bed to see it without parallax. {jog.left}, {jog.right}, "
        "{jog.back} and {jog.front} move in X and Y; {jog.lower} and {jog.higher} lower and raise. The offsets say "
        "where the probe is as seen from the nozzle: a negative x_offset is to the left (smaller X), a negative "
        "y_offset in front (smaller Y). Moves stay within the axis limits. {jog.done} records the position; "
        "{jog.abort} lifts the nozzle and discards it."
    )
    BINDINGS: ClassVar = bindings("jog")

    def __init__(self, app_state: AppState, asking: Asking) -> None:
        super().__init__(app_state)
        self.begin(asking)
        assert isinstance(asking.question, JogStep)
        self.question = asking.question
        self._step = FIRST_STEP
        self._mark: tuple[float, float] | None = None
        self._asked_mark: Asking | None = None
        self._mark_asked = False

    def take(self, asking: Asking) -> None:
        """The move is made: where the nozzle is now."""
        if isinstance(asking.question, JogStep) and not self.asks(asking):
            if asking.question.test != self.question.test:
                self._step = FIRST_STEP
            self.asking, self.question = asking, asking.question
            self._mark, self._mark_asked = None, False  # it was seen from where the nozzle is no more
            self._show_question()

    def still(self, asking: Asking | None) -> bool:
        """Also while the printer moves."""
        return self.stays_for_moves(asking)

    def compose_body(self) -> Iterable[Widget]:
        """The offsets large, steps, the pad; at the right the drawing."""
        signs = glyphs_of(self)
        yield Plain(id="stage")
        with Horizontal(id="jog"):
            with Vertical(id="pad"):
                with Horizontal(id="live"):
                    yield BigNumber("0.00", id="number-x")
                    yield BigNumber("0.00", id="number-y")
                    yield Plain(id="beside")
                yield StepBar(JOG_STEPS, "jog", id="steps")
                with Grid(id="ways"):
                    yield Plain()
                    yield PlainButton(f"{signs.up_thin} Y", id="back", action="screen.go('back')")
                    yield Plain()
                    yield PlainButton("", id="higher", action="screen.go('higher')")
                    yield PlainButton(
                        f"{signs.passed} Done", id="done", variant="success", action="screen.done"
                    )
                    yield PlainButton(f"{signs.left_thin} X", id="left", action="screen.go('left')")
                    yield Plain(id="middle")
                    yield PlainButton(f"X {signs.follows}", id="right", action="screen.go('right')")
                    yield Plain(id="height")
                    yield PlainButton("Type mm", id="type", action="screen.type")
                    yield Plain()
                    yield PlainButton(f"{signs.down_thin} Y", id="front", action="screen.go('front')")
                    yield Plain()
                    yield PlainButton("", id="lower", action="screen.go('lower')")
                    yield PlainButton("Abort", id="abort", action="screen.abort")
            with VerticalScroll(id="meaning", can_focus=False):
                yield Plain(id="offsets")
                yield OffsetMap(id="map")
                yield Plain(id="words")
                yield Plain(id="mark")

    def on_mount(self) -> None:
        """Name the panels."""
        self.query_one("#meaning").border_title = "From above"

    def show(self, snapshot: Snapshot) -> None:
        """Follow the printer; the question itself changes in `take`."""
        super().show(snapshot)
        self._show_question()

    def _show_question(self) -> None:
        if not self.can_follow:
            return
        question, signs = self.question, glyphs_of(self)
        x, y = question.offsets
        if self.asking is None:
            stage = Content.styled(f"{signs.waiting} Moving the toolhead …", "bold $text-primary")
        else:
            stage = Content.assemble((f"{signs.running} ", "$text-primary"), (question.text, "bold"))
        self.query_one("#stage", Plain).set_text(stage)
        which = f" · test {question.test} of {question.tests}" if question.tests > 1 else ""
        self.query_one("#pad").border_title = f"Nozzle over the mark{which}"
        self.query_one("#number-x", BigNumber).set_text(number(x, digits=2))
        self.query_one("#number-y", BigNumber).set_text(number(y, digits=2))
        self.query_one("#beside", Plain).set_text(self._beside())
        self.query_one("#offsets", Plain).set_text(offsets_text(question))
        self.query_one("#map", OffsetMap).show(question)
        self.query_one("#words", Plain).set_text(f"The probe is {sides(x, y)}.")
        self._show_buttons()
        self._show_mark()

    def _beside(self) -> Content:
        question = self.question
        lines = [Content.assemble("x, y offset", (", mm", "$z-dim"))]
        old = f"now {number(question.old[0], digits=2)}, {number(question.old[1], digits=2)}"
        lines.append(Content.styled(old, "$z-dim"))
        if self.app_state.snapshot.link.control is not None:
            lines.append(short_mark_text(self._mark, self._mark_asked, glyphs_of(self)))
        return Content("\n").join(lines)

    def _show_buttons(self) -> None:
        question, step, moving = self.question, JOG_STEPS[self._step], self.asking is None
        self.query_one(StepBar).show(self._step)
        for name in WAYS:
            self._able(name, not moving and within(question, self._way(name)))
        signs = glyphs_of(self)
        for name, word in (("higher", f"{signs.up_arrow} Raise"), ("lower", f"{signs.down} Lower")):
            label = f"{word}\nZ {number(question.z + self._way(name).dz, digits=2)}"
            button = self.query_one(f"#{name}", PlainButton)
            if str(button.label) != label:
                button.label = label
        self._able("done", not moving)
        self._able("type", not moving)
        self.query_one("#middle", Plain).set_text(Content.assemble((f"{step:g}", "bold"), (" mm", "$z-dim")))
        height = Content.assemble(("Z ", "$z-dim"), (number(question.z, digits=2), "bold"))
        self.query_one("#height", Plain).set_text(height)

    def _able(self, name: str, can: bool) -> None:
        enable(self.query_one(f"#{name}", PlainButton), can)

    def _way(self, name: str) -> JogMove:
        _, dx, dy, dz = WAYS[name]
        step = JOG_STEPS[self._step]
        return JogMove("move", dx * step, dy * step, dz * step)

    # ------------------------------------------------------------------ the simulated eye

    def _show_mark(self) -> None:
        control, asking = self.app_state.snapshot.link.control, self.asking
        self.query_one("#mark").display = control is not None
        self.query_one("#mark", Plain).set_text(mark_text(self._mark, self._mark_asked))
        if control is not None and asking is not None and self._asked_mark is not asking:
            self._asked_mark = asking
            self.run_worker(self._ask_mark(control, asking), group="mark", exclusive=True)

    async def _ask_mark(self, control: str, asking: Asking) -> None:
        mark = await ask_mark(control)
        if self.can_follow and self.asking is asking:
            self._mark, self._mark_asked = mark, True
            self._show_question()

    # ------------------------------------------------------------------ what a person does

    def _move(self, move: JogMove) -> None:
        self.give(move)
        self._show_question()

    def action_step(self, n: int) -> None:
        """Choose how far a move goes."""
        self._step = n
        self._show_question()

    def action_go(self, name: str) -> None:
        """One step."""
        if not self.query_one(f"#{name}", PlainButton).disabled:
            self._move(self._way(name))
        elif self.asking is not None:
            self.notify("This move exceeds the axis limits.", severity="warning", markup=False, timeout=3)

    def action_done(self) -> None:
        """The nozzle is over the mark."""
        if self.asking is not None:
            self._move(JogMove("done"))

    def action_type(self) -> None:
        """Distances of one's own."""
        from zcal_tui.tui.screens.typed import TypedModal

        if self.asking is None:
            return
        question = self.question

        def effect(text: str) -> str | None:
            try:
                move = parse_jog(text)
            except DistanceError:
                return None
            target = (
                f"X {number(question.x + move.dx, digits=3)}  Y {number(question.y + move.dy, digits=3)}  "
                f"Z {number(question.z + move.dz, digits=3)}"
            )
            return f"to {target}" if within(question, move) else "! beyond the axis limits"

        def go(text: str | None) -> None:
            if text is not None:
                self._move(parse_jog(text))

        self.app.push_screen(
            TypedModal(
                self.app_state,
                "Move by how much?",
                f"Type {ACCEPTED_JOG}.",
                "x 1.5 y -0.2",
                effect,
                keys=JOG_KEYS,
            ),
            go,
        )

    def action_abort(self) -> None:
        """Abort, after a question: the position is discarded."""
        self.confirm_abort(
            "The nozzle is lifted, the position is discarded, and the check ends. Nothing is saved.",
            JogMove("abort"),
        )

    def aborted(self) -> None:
        """The buttons are off until the nozzle is lifted."""
        self._show_question()
