"""The paper test: the height large, the heights tried to scale, and every move on a key and on a button."""

import time
from collections.abc import Iterable
from typing import ClassVar

from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from zcal_tui.model.distance import ACCEPTED, DistanceError, parse_distance
from zcal_tui.model.paper_moves import ACCEPT_AFTER, bisect_target, can_accept, needs_consent, out_of_reach
from zcal_tui.model.questions import PaperMove, PaperStep
from zcal_tui.model.units import closer_farther, length, millimetres, number
from zcal_tui.session.snapshot import Asking, Snapshot
from zcal_tui.tui.actions import bindings
from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.glyphs import glyphs_of
from zcal_tui.tui.screens.base import ZcalScreen
from zcal_tui.tui.screens.question_screen import QuestionScreen
from zcal_tui.tui.simulated_person import HOW, ask_drag, drag_text, take_fresh_sheet
from zcal_tui.tui.steps import PAPER_STEPS, height_text, known_to, narrow_enough, step_length
from zcal_tui.tui.widgets.bracket import Bracket
from zcal_tui.tui.widgets.button import PlainButton
from zcal_tui.tui.widgets.keypad import DISTANCE_KEYS
from zcal_tui.tui.widgets.stepbar import StepBar, enable
from zcal_tui.tui.widgets.text import BigNumber, Plain


def value_text(question: PaperStep) -> Content:
    """The value that is sought, as it is and as it would be at this height, and what that does to the nozzle. Before
    it, what accepting does in a manual probe that was taken over."""
    if question.taken_over:
        does = Content.assemble((f"{question.opener}\n", "bold"), question.accept)
        return does if not question.name else does + "\n" + _value_lines(question)
    return _value_lines(question)


def _value_lines(question: PaperStep) -> Content:
    old = "not set" if question.old is None else millimetres(question.old, digits=3)
    lines = [Content.assemble((question.name, "bold")), Content.assemble(("now    ", "$z-dim"), old)]
    if question.far_above is not None:
        lines.append(Content.assemble(("here   ", "$z-dim"), FAR_ABOVE))
        return Content("\n").join(lines)
    lines.append(Content.assemble(("here   ", "$z-dim"), (millimetres(question.value, digits=3), "bold")))
    if question.gap_change is not None:
        effect = closer_farther(question.gap_change)
        lines.append(Content.styled(effect[:1].upper() + effect[1:] + ".", "$text-accent"))
    return Content("\n").join(lines)


FAR_ABOVE = "far above the bed"
NOT_YET = "not yet"
"""On the button of a bisection that has no height to go towards."""
SAVES_NOTHING = "saves nothing"
"""On the button Accept."""
BRACKET_FIRST = {
    -1: "No height was marked dragging below this one. Lower first.",
    1: "No height was marked free above this one. Raise first.",
}


def short_value_text(question: PaperStep) -> Content:
    """The same for a narrow screen: three lines."""
    if not question.name:
        return Content.assemble((f"{question.opener}\n", "bold"), (question.accept, "$z-dim"))
    old = "not set" if question.old is None else number(question.old, digits=3)
    if question.far_above is not None:
        head = Content.assemble((f"{question.name} ", "$z-dim"), ("now ", "$z-dim"), old)
        return head + "\n" + Content.styled(f"here {FAR_ABOVE}", "$z-dim")
    lines = [
        Content.assemble((f"{question.name} ", "$z-dim"), (millimetres(question.value, digits=3), "bold"))
    ]
    if question.old is not None:
        lines[0] += Content.styled(f", now {old}", "$z-dim")
    if question.gap_change is not None:
        effect = closer_farther(question.gap_change).removeprefix("the nozzle will be ")
        lines.append(Content.styled(effect, "$text-accent"))
    return Content("\n").join(lines)


def certainty_text(question: PaperStep) -> Content:
    """How well the height is known by the heights tried next to it."""
    known = known_to(question)
    if known is None:
        return Content.styled("not bracketed yet", "$z-dim")
    return Content.assemble(("precision  ", "$z-dim"), f"± {length(known)}")


def tried_text(question: PaperStep, rows: int) -> Content:
    """The newest heights tried, the newest first."""
    heights = list(reversed(question.tried))[:rows]
    if len(heights) < 2:
        return Content("")
    lines = [Content.styled("tried", "$z-dim")]
    lines += [
        Content.assemble(f"  {height_text(z)}", (f"  {length(z - question.height, sign=True):>9}", "$z-dim"))
        if n
        else Content.styled(f"  {height_text(z)}", "bold")
        for n, z in enumerate(heights)
    ]
    return Content("\n").join(lines)


class PaperScreen(QuestionScreen, ZcalScreen):
    """One paper test. Stays while the printer makes a move, and is asked again after it."""

    STYLE_SHEET = "paper.tcss"
    AUTO_FOCUS = ""
    ABOUT = (
        "Lower the nozzle until a sheet of ordinary printer paper between nozzle and bed just drags. "
        f"{HOW} "
        "Lower while it slides freely: the automatic step shrinks near the bed. Once it drags too much, bisect: up "
        "from a height where it drags, down from one where it is free. Each goes half way to the nearest height of the "
        "other kind. Every approach ends downwards, so backlash in the screws does not count. "
        "{paper.to_lower} and {paper.to_upper} go to the next height tried (TESTZ Z=-- and Z=++). "
        "{paper.undo} returns to the height before. {paper.accept} accepts this height. That saves nothing yet: the "
        "result of the check offers Save. {paper.abort} lifts the nozzle, discards the heights and ends the check. "
        "Nozzle and bed should be cold, and the tip of the nozzle clean."
    )
    BINDINGS: ClassVar = bindings("paper")

    def __init__(self, app_state: AppState, asking: Asking) -> None:
        super().__init__(app_state)
        self.begin(asking)
        assert isinstance(asking.question, PaperStep)
        self.question = asking.question
        self._step = 0
        self._drag: str | None = None
        self._asked_drag: Asking | None = None
        self._opened_at = time.monotonic()
        self._seen_notices = self._notice_count()

    # ------------------------------------------------------------------ the question

    def take(self, asking: Asking) -> None:
        """The move is made: where the nozzle is now."""
        if isinstance(asking.question, PaperStep) and not self.asks(asking):
            if asking.question.test != self.question.test:
                self._step = 0
            self.asking, self.question, self._drag = asking, asking.question, None
            self._show_question()

    def still(self, asking: Asking | None) -> bool:
        """Also while the printer moves."""
        return self.stays_for_moves(asking)

    def compose_body(self) -> Iterable[Widget]:
        """Height, bracket, steps, moves; at the right what it means."""
        signs = glyphs_of(self)
        yield Plain(id="stage")
        with Horizontal(id="paper"):
            with Vertical(id="test"):
                with Horizontal(id="live"):
                    yield BigNumber("0.000", id="number")
                    yield Plain(id="beside")
                yield Bracket(id="bracket")
                yield StepBar(PAPER_STEPS, "paper", id="steps")
                with Horizontal(classes="row moves"):
                    yield PlainButton("", id="lower", action="screen.go_by(-1)")
                    yield PlainButton("", id="bisect_down", action="screen.bisect(-1)")
                    yield PlainButton("", id="bisect_up", action="screen.bisect(1)")
                    yield PlainButton("", id="raise", action="screen.go_by(1)")
                # Accept is at the end that is not below Lower: a tap beside one must never hit the other
                with Horizontal(classes="row ends"):
                    yield PlainButton("Abort", id="abort", action="screen.abort")
                    yield PlainButton("Undo", id="undo", action="screen.undo")
                    yield PlainButton("--", id="to_lower", action="screen.to_tried(-1)")
                    yield PlainButton("++", id="to_upper", action="screen.to_tried(1)")
                    yield PlainButton("mm", id="type", action="screen.type")
                    accept = f"{signs.passed} Accept" + (
                        "" if self.question.taken_over else f"\n{SAVES_NOTHING}"
                    )
                    yield PlainButton(accept, id="accept", action="screen.accept")
            with VerticalScroll(id="meaning", can_focus=False):
                yield Plain(id="value")
                yield Plain(id="drag")
                yield Plain(
                    Content.assemble(("How to judge the drag\n", "bold $text-primary"), HOW), id="how"
                )
                yield Plain(id="tried")

    def on_mount(self) -> None:
        """Name the panels."""
        taken_over = self.question.taken_over
        self.query_one("#meaning").border_title = "Accept" if taken_over else "At this height"
        if taken_over:
            self.set_timer(ACCEPT_AFTER + 0.05, self._show_question)

    def show(self, snapshot: Snapshot) -> None:
        """Follow the printer; the question itself changes in `take`."""
        super().show(snapshot)
        self._show_question()

    def _show_question(self) -> None:
        if not self.can_follow:
            return
        question, narrow = self.question, self.has_class("-narrow")
        self.query_one("#stage", Plain).set_text(self._sentence())
        which = f" · test {question.test} of {question.tests}" if question.tests > 1 else ""
        place = f" · {question.place}" if question.place else ""
        title = f"Paper test{which}{place}"
        test = self.query_one("#test")
        if test.border_title != title:
            test.border_title = title
        self.query_one("#number", BigNumber).set_text(height_text(question.height))
        self.query_one("#beside", Plain).set_text(self._beside(narrow))
        self.query_one("#bracket", Bracket).show(question)
        self.query_one("#value", Plain).set_text(value_text(question))
        self.query_one("#tried", Plain).set_text(tried_text(question, 8))
        self._show_drag()
        self._show_buttons()

    def _beside(self, narrow: bool) -> Content:
        question = self.question
        if narrow:
            line = self._drag_line() if self.app_state.snapshot.link.control else certainty_text(question)
            return short_value_text(question) + "\n" + line
        low = Content.assemble(("nozzle height, mm\n", "$z-dim"))
        moved = question.height - question.tried[-2] if len(question.tried) > 1 else None
        went = f"moved  {length(round(moved, 6), sign=True)}\n" if moved is not None else "\n"
        return low + Content.styled(went, "$z-dim") + certainty_text(question)

    def _sentence(self) -> Content:
        """The one thing to do now; before it the reason where a step is dangerous."""
        signs, question = glyphs_of(self), self.question
        if self.asking is None:
            return Content.styled(f"{signs.waiting} Moving the nozzle …", "bold $text-primary")
        if needs_consent(question, question.height - step_length(question, self._step, -1)):
            warning = f"{signs.warned} This step may press the nozzle into the bed. Reduce it."
            return Content.styled(warning, "bold $text-warning")
        run = self.app_state.snapshot.run
        if run is not None and len(run.notices) > self._seen_notices:
            return Content.styled(f"{signs.warned} {run.notices[-1]}", "bold $text-warning")
        return Content.assemble((f"{signs.running} ", "$text-primary"), (question.instruction, "bold"))

    def _notice_count(self) -> int:
        run = self.app_state.snapshot.run
        return len(run.notices) if run is not None else 0

    def _show_buttons(self) -> None:
        signs, question = glyphs_of(self), self.question
        moving = self.asking is None
        down, up = (step_length(question, self._step, direction) for direction in (-1, 1))
        self.query_one(StepBar).show(self._step)
        targets = {
            "lower": (signs.down, "Lower", question.height - down),
            "raise": (signs.up_arrow, "Raise", question.height + up),
            "bisect_down": (signs.down, "Bisect", bisect_target(question, -1, down)),
            "bisect_up": (signs.up_arrow, "Bisect", bisect_target(question, 1, down)),
        }
        for name, (sign, word, target) in targets.items():
            button = self.query_one(f"#{name}", PlainButton)
            danger = target is not None and needs_consent(question, target)
            where = NOT_YET if target is None else height_text(target)
            label = f"{signs.warned if danger else sign} {word}\n{where}"
            if str(button.label) != label:
                button.label = label
                button.set_class(danger, "-risky")
            enable(button, not moving and target is not None and not out_of_reach(question, target))
        for name, neighbour in (("to_lower", question.lower), ("to_upper", question.upper)):
            enable(self.query_one(f"#{name}", PlainButton), not moving and neighbour is not None)
        early = question.taken_over and time.monotonic() - self._opened_at < ACCEPT_AFTER
        accept = self.query_one("#accept", PlainButton)
        enable(accept, not moving and not early and can_accept(question))
        variant = "success" if narrow_enough(question) else "default"
        if accept.variant != variant:
            accept.variant = variant
        enable(self.query_one("#undo", PlainButton), not moving and len(question.tried) > 1)
        enable(self.query_one("#type", PlainButton), not moving)

    # ------------------------------------------------------------------ the simulated paper

    def _show_drag(self) -> None:
        control, asking = self.app_state.snapshot.link.control, self.asking
        self.query_one("#drag").display = control is not None
        self.query_one("#drag", Plain).set_text(self._drag_line())
        if control is not None and asking is not None and self._asked_drag is not asking:
            self._asked_drag = asking
            self.run_worker(self._ask_drag(control, asking), group="drag", exclusive=True)

    def _drag_line(self) -> Content:
        return drag_text(self._drag, glyphs_of(self))

    async def _ask_drag(self, control: str, asking: Asking) -> None:
        if len(self.question.tried) <= 1:
            await take_fresh_sheet(control)
        drag = await ask_drag(control)
        if self.can_follow and self.asking is asking:
            self._drag = drag
            self._show_question()

    # ------------------------------------------------------------------ what a person does

    def _move(self, move: PaperMove) -> None:
        self._seen_notices = self._notice_count()
        self.give(move)
        self._show_question()

    def action_step(self, n: int) -> None:
        """Choose how far Lower and Raise go."""
        self._step = n
        self._show_question()

    def action_go_by(self, direction: int) -> None:
        """One step down or up."""
        if not self.query_one("#lower" if direction < 0 else "#raise", PlainButton).disabled:
            self._move(
                PaperMove("step", f"{direction * step_length(self.question, self._step, direction):g}")
            )

    def action_bisect(self, direction: int) -> None:
        """Half way to the next height of the other kind, never farther than Lower goes."""
        if self.query_one("#bisect_down" if direction < 0 else "#bisect_up", PlainButton).disabled:
            if self.asking is not None:
                self.notify(BRACKET_FIRST[direction], severity="warning", markup=False)
            return
        target = bisect_target(self.question, direction, step_length(self.question, self._step, -1))
        if target is not None:
            self._move(PaperMove("step", f"{target - self.question.height:.6g}"))

    def action_to_tried(self, direction: int) -> None:
        """To the next height tried, 0.2 mm at most (TESTZ Z=-- and Z=++)."""
        if not self.query_one("#to_lower" if direction < 0 else "#to_upper", PlainButton).disabled:
            self._move(PaperMove("step", "--" if direction < 0 else "++"))

    def action_undo(self) -> None:
        """Back to the height before."""
        if not self.query_one("#undo", PlainButton).disabled:
            self._move(PaperMove("undo"))

    def action_accept(self) -> None:
        """The paper drags at this height."""
        if self.query_one("#accept", PlainButton).disabled:
            if self.asking is not None:
                first = "Make at least one step at this point first."
                text = first if self.question.taken_over else "Lower the nozzle onto the paper first."
                self.notify(text, severity="warning", markup=False)
            return
        self._move(PaperMove("accept"))

    def action_type(self) -> None:
        """A distance of one's own."""
        from zcal_tui.tui.screens.typed import TypedModal

        if self.asking is None:
            return
        question = self.question

        def effect(text: str) -> str | None:
            try:
                target = question.height + parse_distance(text)
            except DistanceError:
                return None
            if out_of_reach(question, target):
                return f"! below the lowest height of the axis, {question.lowest:.3f}"
            risk = ": this may press the nozzle into the bed" if needs_consent(question, target) else ""
            return f"to {height_text(target)} mm{risk}"

        def go(text: str | None) -> None:
            if text is not None and (distance := parse_distance(text)):
                self._move(PaperMove("step", f"{distance:.6g}"))

        self.app.push_screen(
            TypedModal(
                self.app_state,
                "Move by how much?",
                f"Type {ACCEPTED}.",
                "-0.03",
                effect,
                keys=DISTANCE_KEYS,
            ),
            go,
        )

    def action_abort(self) -> None:
        """Abort; asks where heights have been tried."""
        abort = PaperMove("abort")
        if self.question.taken_over:
            self.confirm_abort(
                f"ABORT ends {self.question.opener} for every client and discards its points. The nozzle stays where "
                "it is; you are asked whether to raise it.",
                abort,
            )
        elif len(self.question.tried) < 2 and self.question.test == 1:
            self.abort(abort)
        else:
            self.confirm_abort(
                "The nozzle is lifted, the heights tried are discarded, and the check ends. Nothing is saved.",
                abort,
            )

    def aborted(self) -> None:
        """The buttons are off until the nozzle is lifted."""
        self._show_question()
