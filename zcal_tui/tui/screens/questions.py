"""The boxes of a running check: a yes or no, one of several; a difference between files is shown as one."""

from collections.abc import Iterable
from typing import ClassVar

from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from zcal_tui.model.questions import PLAN_CONSENT, RESULT_CARD, Choose, Confirm
from zcal_tui.model.record import Level
from zcal_tui.session.snapshot import Asking
from zcal_tui.tui.actions import bindings, key_text
from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.messages import CancelRequested
from zcal_tui.tui.screens.base import ZcalModal
from zcal_tui.tui.screens.boxes import layout_of, width_of
from zcal_tui.tui.screens.modals import BETWEEN_BUTTONS, option_label
from zcal_tui.tui.screens.question_screen import QuestionScreen
from zcal_tui.tui.simulated_person import describe_scene, make_mark
from zcal_tui.tui.widgets.button import PlainButton
from zcal_tui.tui.widgets.text import Plain

AROUND_LABEL = 6
"""Columns of a button besides its label: two spaces at both ends, and two to the next button."""
MARK = "mark"
"""The key of the question whose yes means that the bed is marked below the probe."""

DIFF_STYLES = (
    ("+++", "bold"),
    ("---", "bold"),
    ("@@", "$text-accent"),
    ("+", "$text-success"),
    ("-", "$text-error"),
)


def is_diff(text: str) -> bool:
    """Whether a text shows what would change in a file, line by line."""
    lines = text.splitlines()
    signs = sum(line.startswith(("+", "-")) for line in lines)
    return any(line.startswith("@@") for line in lines) or (signs >= 1 and signs * 3 >= len(lines))


def diff_text(text: str) -> Content:
    """A diff: the signs stay, colours are added."""
    lines = []
    for line in text.splitlines():
        style = next((style for start, style in DIFF_STYLES if line.startswith(start)), "")
        lines.append(Content.styled(line, style) if style else Content(line))
    return Content("\n").join(lines)


def in_two_lines(label: str) -> str:
    """A label broken between the words that make the longer line shortest; its key stays beside the last word."""
    breaks = [
        at for at in range(1, len(label) - 1) if label[at] == " " and " " not in label[at - 1] + label[at + 1]
    ]
    if not breaks:
        return label
    at = min(breaks, key=lambda at: max(at, len(label) - at - 1))
    return f"{label[:at]}\n{label[at + 1 :]}"


def option_labels(question: Choose) -> list[Content]:
    """The options as lines."""
    return [option_label(n, option.label, option.help) for n, option in enumerate(question.options, 1)]


class QuestionBox(QuestionScreen, ZcalModal[None]):
    """The text, its detail, and the way out of the whole check."""

    STYLE_SHEET = "questions.tcss"

    def __init__(self, app_state: AppState, asking: Asking) -> None:
        super().__init__(app_state)
        self.begin(asking)
        assert isinstance(asking.question, (Confirm, Choose))
        self._question: Confirm | Choose = asking.question
        self._title = app_state.title(app_state.running) if app_state.running else "Question"

    def on_mount(self) -> None:
        """Name the box; on a simulated printer look for the person."""
        self._lay_out()
        self.query_one("#box").border_title = Content(self._title)
        control = self.app_state.snapshot.link.control
        if control is not None and self._looks:
            self.run_worker(self._ask_person(control), group="look")

    @property
    def _looks(self) -> bool:
        """Whether a line shows what the simulated person sees: not where the answer does not depend on it."""
        return self.app_state.snapshot.link.control is not None and self._of_a_check

    async def _ask_person(self, control: str) -> None:
        scene = await describe_scene(control)
        for line in self.query("#simulated").results(Plain):
            line.set_text(Content.assemble(("simulated: ", "$z-dim"), (scene or "no answer", "$text-accent")))

    def on_resize(self) -> None:
        """Lay it out again for the room there is."""
        self._lay_out()

    def _lay_out(self) -> None:
        """Keep every answer on the screen. Worked out before the first frame, not seen from it: an answer that moves
        while a finger is on its way is another one."""
        question = self._question
        text, detail = Content.styled(question.text, "bold"), Content(question.detail)
        labels = option_labels(question) if isinstance(question, Choose) else []
        simulated = self._looks
        size = self.app.size
        layout = layout_of(
            size.width, size.height, text, detail, labels, simulated=simulated, buttons=self._cancels
        )
        self.set_class(layout.tight and not self.has_class("-diff"), "-tight")
        for scrolling in self.query("#detail").results(VerticalScroll):
            scrolling.styles.max_height = None if self.has_class("-diff") else layout.detail_rows
        for options in self.query("#options").results(VerticalScroll):
            options.styles.max_height = layout.option_rows if layout.tight else None
        self.call_after_refresh(self.refresh_bindings)

    @property
    def _cancels(self) -> bool:
        """Whether a button cancels the check: not where one of the answers does."""
        return self._of_a_check

    @property
    def _of_a_check(self) -> bool:
        """Whether a check asks, and not the full calibration between its checks."""
        return self._question.key not in (PLAN_CONSENT, RESULT_CARD)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Scrolling is offered only where the detail does not all fit."""
        if action == "scroll_detail" and self.is_mounted:
            return any(detail.max_scroll_y > 0 for detail in self.query("#detail").results(VerticalScroll))
        return True

    def compose_text(self, text: str, detail: str) -> Iterable[Widget]:
        """The question in bold; under it what there is to know, which scrolls."""
        yield Plain(Content.styled(text, "bold"), classes="text")
        if detail:
            diff = is_diff(detail)
            self.set_class(diff, "-diff")
            with VerticalScroll(id="detail", can_focus=False):
                yield Plain(diff_text(detail) if diff else Content(detail))
        if self._looks and not self.has_class("-diff"):
            # As high from the beginning as it will be: nothing may move under a finger that is on its way
            yield Plain(Content.assemble(("simulated: …", "$z-dim")), id="simulated")

    def cancel_button(self) -> PlainButton:
        """The way out of the whole check."""
        return PlainButton(self.cancel_label, id="cancel", action="screen.cancel_check")

    @property
    def cancel_label(self) -> str:
        """What it says."""
        return f"Cancel check  {key_text(self.app, 'question.cancel')}"

    def action_scroll_detail(self, by: int) -> None:
        """Scroll the detail where it does not all fit."""
        for detail in self.query("#detail").results(VerticalScroll):
            detail.scroll_relative(y=by, animate=False)

    def action_cancel_check(self) -> None:
        """End the whole check instead of answering."""
        self.post_message(CancelRequested())


class QuestionModal(QuestionBox):
    """A yes or no. Enter presses the answer in focus: the harmless one where a yes could do harm or is a consent."""

    ABOUT = (
        "The check continues once you have answered. {question.cancel} cancels the whole check and restores the "
        "printer's state."
    )
    BINDINGS: ClassVar = (
        bindings("question", "yes", "no", "cancel", "help")
        + BETWEEN_BUTTONS
        + bindings("question", "up", "down", "pageup", "pagedown")
    )

    def __init__(self, app_state: AppState, asking: Asking) -> None:
        super().__init__(app_state, asking)
        assert isinstance(asking.question, Confirm)
        self.question = asking.question
        self.set_class(self.question.danger, "-danger")

    def compose_box(self) -> Iterable[Widget]:
        """The question and its answers."""
        question = self.question
        yield from self.compose_text(question.text, question.detail)
        with Horizontal(classes="buttons"):
            labels = self._labels()
            yes = PlainButton(
                labels["yes"],
                id="yes",
                variant="warning" if question.danger else "success",
                action="screen.answer(True)",
            )
            no = PlainButton(labels["no"], id="no", action="screen.answer(False)")
            yield from (no, yes) if question.danger else (yes, no)
            yield self.cancel_button()

    def on_mount(self) -> None:
        """The answer that does no harm is in focus."""
        super().on_mount()
        harmless = "#no" if self.question.danger or self.question.consent else "#yes"
        self.query_one(harmless, PlainButton).focus()

    def on_resize(self) -> None:
        """The answers are in two lines where they would not fit in one."""
        super().on_resize()
        for name, label in self._labels().items():
            self.query_one(f"#{name}", PlainButton).label = label

    def _labels(self) -> dict[str, str]:
        """The answers with their keys, by the buttons' ids."""
        question, app = self.question, self.app
        labels = {
            name: f"{answer}  {key_text(app, f'question.{name}')}"
            for name, answer in (("yes", question.yes), ("no", question.no))
        }
        wide = sum(len(label) + AROUND_LABEL for label in (*labels.values(), self.cancel_label))
        if wide <= width_of(app.size.width, diff=is_diff(question.detail)):
            return labels
        return {name: in_two_lines(label) for name, label in labels.items()}

    async def action_answer(self, yes: bool) -> None:
        """The answer; on a simulated printer the mark that was asked for is made first."""
        control = self.app_state.snapshot.link.control
        if yes and control is not None and self.question.key == MARK and self.asking is not None:
            await make_mark(control)
        self.give(yes)


class ChooseModal(QuestionBox):
    """One of several."""

    ABOUT = (
        "Choose an option with its number, with {question.before} and {question.after} and Enter, or with a tap. "
        "{question.cancel} cancels the whole check."
    )
    BINDINGS: ClassVar = (
        bindings("question", *(f"pick{n}" for n in range(1, 10)))
        + bindings("question", "before", "after", "cancel", "leave", "help", "pageup", "pagedown")
        + BETWEEN_BUTTONS
    )

    def __init__(self, app_state: AppState, asking: Asking) -> None:
        super().__init__(app_state, asking)
        assert isinstance(asking.question, Choose)
        self.question = asking.question

    def compose_box(self) -> Iterable[Widget]:
        """The question, a line for each option, and the way out."""
        yield from self.compose_text(self.question.text, self.question.detail)
        with VerticalScroll(id="options", can_focus=False):
            for n, label in enumerate(option_labels(self.question), 1):
                yield PlainButton(label, id=f"option{n}", classes="option", action=f"screen.pick({n})")
        if self._cancels:
            with Horizontal(classes="buttons"):
                yield self.cancel_button()

    def on_mount(self) -> None:
        """The first option is in focus; where that is a consent, the last."""
        super().on_mount()
        n = len(self.question.options) if self.question.consent else 1
        self.query_one(f"#option{n}", PlainButton).focus()

    def action_pick(self, n: int) -> None:
        """The answer."""
        if n <= len(self.question.options):
            self.give(self.question.options[n - 1].key)


class ResultCard(ChooseModal, inherit_bindings=False):
    """The result of a check of the full calibration, and how to continue."""

    ABOUT = (
        "The result of the check that has just ended. Continue runs the next check. Repeat runs this one again, "
        "Discard this result stores it as discarded and saves none of its values. Stop the plan ends the full "
        "calibration; values found before are offered to be saved. The full numbers are in the history."
    )
    BINDINGS: ClassVar = (
        bindings("question", *(f"pick{n}" for n in range(1, 10)))
        + bindings("question", "before", "after", "help", "pageup", "pagedown")
        + BETWEEN_BUTTONS
    )

    def __init__(self, app_state: AppState, asking: Asking) -> None:
        super().__init__(app_state, asking)
        run = app_state.snapshot.run
        if run is not None:
            at, title = app_state.position, app_state.title(run.record.check)
            self._title = title if at is None else f"{title} · {at[0]} of {at[1]}"
            level = Level.UNKNOWN if run.record.verdict is None else run.record.verdict.level
            self.add_class(f"-{level.value}")
