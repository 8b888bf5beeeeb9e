"""The boxes: a decision to take, a problem to read, what an emergency stop did, leaving."""

from collections.abc import Iterable
from typing import ClassVar

from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from zcal_tui.model.record import Problem
from zcal_tui.session.snapshot import LinkState, Snapshot
from zcal_tui.tui.actions import bindings, key_text
from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.glyphs import glyphs_of
from zcal_tui.tui.messages import (
    AnnounceRequested,
    FirmwareRestartRequested,
    GcodeEntered,
    ScreenRequest,
    StartRequested,
)
from zcal_tui.tui.other_clients import OfferedRemedy
from zcal_tui.tui.printer_status import condition, low_nozzle
from zcal_tui.tui.screens.base import ZcalModal
from zcal_tui.tui.screens.connection import problem_text
from zcal_tui.tui.widgets.button import PlainButton
from zcal_tui.tui.widgets.text import TONES, Plain

BETWEEN_BUTTONS = bindings("box")


ROOMY_OPTIONS = 3
"""Options that fit with spaces between; more of them are shown without."""


def option_label(n: int, label: str, help: str) -> Content:
    """An option as a line: its number, what it is, what is meant by it."""
    line = Content.assemble((f"{n}  ", "$footer-key-foreground"), (label, "bold"))
    return (
        line + Content(f"   {help}") if help else line
    )  # in the colour of a line, so that a selected one is read


class ConfirmModal(ZcalModal[bool]):
    """A yes or no."""

    BINDINGS: ClassVar = bindings("confirm") + BETWEEN_BUTTONS

    def __init__(self, app_state: AppState, title: str, text: str, yes: str, no: str) -> None:
        super().__init__(app_state)
        self._title, self._text, self._yes, self._no = title, text, yes, no

    def compose_box(self) -> Iterable[Widget]:
        """The question and both answers."""
        yield Plain(self._text, classes="text")
        with Horizontal(classes="buttons"):
            yield PlainButton(self._no, id="no", action="screen.answer(False)")
            yield PlainButton(self._yes, id="yes", variant="warning", action="screen.answer(True)")

    def on_mount(self) -> None:
        """Staying is in focus."""
        self.query_one("#box").border_title = Content(self._title)
        self.query_one("#no", PlainButton).focus()

    def action_answer(self, yes: bool) -> None:
        """The answer."""
        self.dismiss(yes)


class PickModal(ZcalModal[str | None]):
    """One of several; None where it is left."""

    BINDINGS: ClassVar = bindings("pick") + BETWEEN_BUTTONS

    def __init__(
        self,
        app_state: AppState,
        title: str,
        text: str,
        options: tuple[tuple[str, str, str], ...],
        back: str = "Back",
    ) -> None:
        """`options` are key, label, and what is meant by it; `back` names the way to none of them."""
        super().__init__(app_state)
        self._title, self._text, self._options, self._back = title, text, options, back
        self.set_class(len(options) > ROOMY_OPTIONS, "-tight")

    def compose_box(self) -> Iterable[Widget]:
        """The text, a line for each option, a way back."""
        yield Plain(self._text, classes="text")
        with Vertical(id="options"):
            for n, (_, label, help) in enumerate(self._options, 1):
                yield PlainButton(
                    option_label(n, label, help),
                    id=f"option{n}",
                    classes="option",
                    action=f"screen.pick({n})",
                )
        with Horizontal(classes="buttons"):
            yield PlainButton(self._back, id="back", action="screen.leave")

    def on_mount(self) -> None:
        """The first option is in focus."""
        self.query_one("#box").border_title = Content(self._title)
        self.query_one("#option1", PlainButton).focus()

    def action_pick(self, n: int) -> None:
        """The answer."""
        if n <= len(self._options):
            self.dismiss(self._options[n - 1][0])

    def action_leave(self) -> None:
        """None of them."""
        self.dismiss(None)


class ProblemModal(ZcalModal[None]):
    """What went wrong, with a run or with the printer: what, why, what to do, and the printer's message as text."""

    BINDINGS: ClassVar = bindings("problem") + BETWEEN_BUTTONS

    def __init__(
        self,
        app_state: AppState,
        problem: Problem,
        title: str,
        remedy: OfferedRemedy | None = None,
        *,
        nozzle: bool = False,
    ) -> None:
        """`remedy`: what may be done about it here. `nozzle`: a nozzle that is low now is mentioned."""
        super().__init__(app_state)
        self._title = title
        self.add_class("-bad")
        self._nozzle = nozzle
        self._problem, self._label = problem, remedy.label if remedy is not None else ""
        self._start, self._start_label = (
            (remedy.start, remedy.start_label) if remedy is not None else ("", "")
        )
        self._request: ScreenRequest | None = None
        if remedy is not None and (remedy.line or remedy.script):
            self._request = AnnounceRequested(remedy.line) if remedy.line else GcodeEntered(remedy.script)

    def compose_box(self) -> Iterable[Widget]:
        """The problem and a way back; a restart where klippy is down."""
        why = self._problem
        text = Plain(problem_text(why.what, why.cause, why.remedy, why.raw))
        low = Plain(id="nozzle")
        low.display = False
        yield VerticalScroll(low, text, id="scroll", can_focus=False)
        with Horizontal(classes="buttons"):
            yield PlainButton("Close", id="close", action="screen.dismiss")
            if self._start:
                label = f"{self._start_label}  {key_text(self.app, 'problem.take_over')}"
                yield PlainButton(label, id="take_over", variant="primary", action="screen.take_over")
            if self._request is not None:
                label = f"{self._label}  {key_text(self.app, 'problem.way_out')}"
                yield PlainButton(label, id="resolve", variant="warning", action="screen.resolve")
            restart = PlainButton(
                "Firmware restart", id="restart", variant="warning", action="screen.restart"
            )
            restart.display = self._can_restart
            yield restart

    def on_mount(self) -> None:
        """Closing is in focus."""
        self.query_one("#box").border_title = Content(self._title)
        self.query_one("#close", PlainButton).focus()

    def show(self, snapshot: Snapshot) -> None:
        """A restart is offered only where it helps."""
        super().show(snapshot)
        self.query_one("#restart", PlainButton).display = self._can_restart
        if self._nozzle:
            nozzle, low = self.query_one("#nozzle", Plain), low_nozzle(snapshot.printer)
            nozzle.set_text(Content.styled(low, "bold $text-warning"))
            nozzle.display = bool(low)
            self.set_class(bool(low), "-low")
        self.refresh_bindings()

    @property
    def _can_restart(self) -> bool:
        return condition(self.app_state.snapshot, glyphs_of(self)).restart

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """As the buttons: a restart only where it helps, a way out only where there is one."""
        if action == "resolve":
            return self._request is not None
        if action == "take_over":
            return bool(self._start)
        return self._can_restart if action == "restart" else True

    def action_resolve(self) -> None:
        """Do what the button names."""
        if self._request is not None:
            self.post_message(self._request)
            self.dismiss()

    def action_take_over(self) -> None:
        """Start the run that the button names."""
        if self._start:
            self.dismiss()
            self.app.post_message(StartRequested(self._start))

    def action_restart(self) -> None:
        """Bring klippy back; the status bar shows the progress."""
        self.post_message(FirmwareRestartRequested())
        self.dismiss()


def stopped_text(reached: bool) -> Content:
    """What an emergency stop did; or that it could not reach the printer."""
    if not reached:
        return Content.assemble(
            ("No connection to the printer. The stop may not have reached it.", "bold $text-error"),
            "\n\nIf it moves or heats, switch it off at its power switch.",
        )
    return Content.assemble(
        ("The emergency stop was sent.", "bold"),
        "\n\nMotors and heaters are off. The printer has lost its position and stays in shutdown until a firmware "
        "restart. Check the machine, fix the cause, then restart and home.",
    )


class StoppedModal(ZcalModal[None]):
    """After STOP: what happened, how klippy is, and a way back."""

    BINDINGS: ClassVar = bindings("stopped") + BETWEEN_BUTTONS

    def __init__(self, app_state: AppState) -> None:
        super().__init__(app_state)
        self.add_class("-bad")
        self._reached: bool = app_state.snapshot.link.state is LinkState.UP
        self._restarting: bool = False

    def compose_box(self) -> Iterable[Widget]:
        """What happened, how it is now, both ways on."""
        yield Plain(stopped_text(self._reached), id="what", classes="text")
        yield Plain(id="now")
        with Horizontal(classes="buttons"):
            yield PlainButton("Close", id="close", action="screen.dismiss")
            yield PlainButton("Firmware restart", id="restart", variant="warning", action="screen.restart")

    def on_mount(self) -> None:
        """Closing is in focus: a restart is a decision."""
        self.query_one("#box").border_title = "Emergency stop"
        self.query_one("#close", PlainButton).focus()

    def show(self, snapshot: Snapshot) -> None:
        """Follow klippy down and up again."""
        super().show(snapshot)
        how = condition(snapshot, glyphs_of(self))
        if not self._reached and snapshot.printer.connected and snapshot.printer.klippy == "shutdown":
            self._reached = True  # it got through after all, over a link that came back
            self.query_one("#what", Plain).set_text(stopped_text(reached=True))
        word = how.word
        if how.tone == "good" and self._restarting:
            word = "ready: home the printer first"
        now = Content.assemble(("Printer: ", "$z-dim"), (f"{how.glyph} {word}", f"bold {TONES[how.tone]}"))
        self.query_one("#now", Plain).set_text(now)
        self.query_one("#restart", PlainButton).disabled = not how.restart

    def action_restart(self) -> None:
        """Bring klippy back."""
        if not self.query_one("#restart", PlainButton).disabled:
            self._restarting = True
            self.post_message(FirmwareRestartRequested())


class LeavingModal(ZcalModal[None]):
    """While the session cleans up."""

    def compose_box(self) -> Iterable[Widget]:
        """What is being waited for."""
        yield Plain(
            Content.assemble(
                ("Quitting", "bold"),
                "\n\nEnding the run and restoring the printer's state.",
            ),
            classes="text",
        )
