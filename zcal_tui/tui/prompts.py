"""Boxes that open by themselves: the running check's questions, an unfinished run, another program's request."""

from functools import partial
from typing import Any

from textual.app import App
from textual.screen import Screen

from zcal_tui.model.questions import RESULT_CARD, Choose, Confirm, JogStep, PaperStep
from zcal_tui.model.record import Record
from zcal_tui.results.text import moment
from zcal_tui.session.snapshot import Asking
from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.messages import StartRequested
from zcal_tui.tui.other_clients import keeping_line, refusal_of, request_of
from zcal_tui.tui.screens.modals import ConfirmModal, PickModal
from zcal_tui.tui.screens.plan import PlanScreen
from zcal_tui.tui.screens.run import RunScreen


class CheckQuestions:
    """Follows `Snapshot.question`. A person at the plan or the console is notified, not interrupted."""

    def __init__(self, app: App[Any], app_state: AppState) -> None:
        self._app = app
        self._app_state = app_state
        self._notified: Asking | None = None

    def follow(self) -> None:
        """Open or close what has to be."""
        if self._app_state.asking is None and type(self._app.screen) is RunScreen:
            return  # as four times a second in a run that asks nothing
        from zcal_tui.tui.screens.question_screen import QuestionScreen  # with the first question

        while isinstance(self._app.screen, QuestionScreen) and not self._app.screen.still(
            self._app_state.asking
        ):
            self._app.pop_screen()
        asking, front = self._app_state.asking, self._app.screen
        if asking is None:
            return
        if isinstance(front, QuestionScreen):
            front.take(asking)
            if front.asks(asking):
                return
        elif not isinstance(front, RunScreen):
            if not any(
                isinstance(screen, QuestionScreen) and screen.asks(asking)
                for screen in self._app.screen_stack
            ):
                self._notify(asking)
            return
        self._app.push_screen(self._screen(asking))

    def _notify(self, asking: Asking) -> None:
        if self._notified is not asking:
            self._notified = asking
            self._app.notify(
                "The check is waiting for your answer.", title="Question", markup=False, timeout=6
            )

    def _screen(self, asking: Asking) -> "Screen[Any]":
        match asking.question:
            case PaperStep():
                from zcal_tui.tui.screens.paper import PaperScreen

                return PaperScreen(self._app_state, asking)
            case JogStep():
                from zcal_tui.tui.screens.jog import JogScreen

                return JogScreen(self._app_state, asking)
            case Choose(key=key) if key == RESULT_CARD:
                from zcal_tui.tui.screens.questions import ResultCard

                return ResultCard(self._app_state, asking)
            case Choose():
                from zcal_tui.tui.screens.questions import ChooseModal

                return ChooseModal(self._app_state, asking)
            case Confirm():
                from zcal_tui.tui.screens.questions import QuestionModal

                return QuestionModal(self._app_state, asking)


RESUME, CLOSE = "resume", "close"


def offer(app_state: AppState, record: Record) -> PickModal:
    """The question what to do with an interrupted run."""
    count = len(record.samples)
    samples = "1 sample is stored." if count == 1 else f"{count} samples are stored."
    stored = samples if count else "No samples were taken."
    return PickModal(
        app_state,
        "Unfinished run",
        f"{app_state.title(record.check)}, started {moment(record.started)}, did not finish. {stored}",
        (
            (RESUME, "Resume", "reuses samples that are still valid"),
            (CLOSE, "Close", "keeps its samples in the history"),
        ),
        "Decide later",
    )


class Prompts:
    """Updated four times a second."""

    def __init__(self, app: App[Any], app_state: AppState) -> None:
        self._app = app
        self._app_state = app_state
        self._questions = CheckQuestions(app, app_state)
        self._offered: set[str] = set()
        lines = app_state.snapshot.console
        self._read_up_to = lines[-1].n if lines else 0

    def update(self, *, changed: bool = True) -> None:
        """Open and close what has to be; `changed` says that the snapshot is another one."""
        self._questions.follow()
        if changed:
            self._read_console()
        if self._app_state.snapshot.interrupted:
            self._offer()

    # ------------------------------------------------------------------ a run that was cut off

    def _offer(self) -> None:
        """On the plan, once a check could be started: each interrupted run once."""
        app_state = self._app_state
        if not isinstance(self._app.screen, PlanScreen) or not app_state.can_start:
            return
        record = next((run for run in app_state.snapshot.interrupted if run.id not in self._offered), None)
        if record is not None:
            self._offered.add(record.id)
            self._app.push_screen(offer(app_state, record), partial(self._settle, record))

    def _settle(self, record: Record, choice: str | None) -> None:
        if choice == RESUME:
            self._app.post_message(StartRequested(record.check, resume=record))
        elif choice == CLOSE:
            self._app_state.session.close_interrupted(record)

    # ------------------------------------------------------------------ other programs

    def _read_console(self) -> None:
        """Requests on the printer's console to hand the printer over, and what became of ours."""
        lines = self._app_state.snapshot.console
        fresh = [line for line in lines if line.n > self._read_up_to and not line.sent]
        if lines:
            self._read_up_to = lines[-1].n
        for line in fresh:
            if (who := request_of(line.text)) is not None and self._app_state.running is not None:
                self._ask_to_hand_over(who)
            elif (who := refusal_of(line.text)) is not None:
                self._app.notify(
                    f"{who} keeps control of the printer.", title="Request declined", markup=False
                )

    def _ask_to_hand_over(self, who: str) -> None:
        def settle(yes: bool | None) -> None:
            if yes:
                self._app_state.session.cancel()
            else:
                self._app_state.session.announce(keeping_line())

        self._app.push_screen(
            ConfirmModal(
                self._app_state,
                "Hand over the printer?",
                f"{who} requests control. Handing over cancels the check that is running here. The printer's state is "
                "restored and the samples are stored.",
                "Hand over",
                "Keep control",
            ),
            settle,
        )
