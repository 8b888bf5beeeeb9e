"""Keeps the screen for what the running check asks in front of the run's own, and takes it away when it is answered."""

from typing import Any

from textual.app import App
from textual.screen import Screen

from zcal_tui.model.questions import Choose, Confirm, JogStep, PaperStep
from zcal_tui.session.snapshot import Asking
from zcal_tui.tui.desk import Desk
from zcal_tui.tui.screens.run import RunScreen


class Dialogue:
    """Follows `Snapshot.question`. A person who looks at the plan or the console meanwhile is told, not interrupted."""

    def __init__(self, app: App[Any], desk: Desk) -> None:
        self._app = app
        self._desk = desk
        self._told: Asking | None = None

    def follow(self) -> None:
        """Open or close what has to be."""
        if self._desk.asking is None and type(self._app.screen) is RunScreen:
            return  # as four times a second in a run that asks nothing
        from zcal_tui.tui.screens.asks import Asks  # with the first question

        while isinstance(self._app.screen, Asks) and not self._app.screen.still(self._desk.asking):
            self._app.pop_screen()
        asking, front = self._desk.asking, self._app.screen
        if asking is None:
            return
        if isinstance(front, Asks):
            front.take(asking)
            if front.asks(asking):
                return
        elif not isinstance(front, RunScreen):
            if not any(isinstance(screen, Asks) and screen.asks(asking) for screen in self._app.screen_stack):
                self._tell(asking)
            return
        self._app.push_screen(self._screen(asking))

    def _tell(self, asking: Asking) -> None:
        if self._told is not asking:
            self._told = asking
            self._app.notify(
                "The check asks you something and waits.", title="Your turn", markup=False, timeout=6
            )

    def _screen(self, asking: Asking) -> "Screen[Any]":
        match asking.question:
            case PaperStep():
                from zcal_tui.tui.screens.paper import PaperScreen

                return PaperScreen(self._desk, asking)
            case JogStep():
                from zcal_tui.tui.screens.jog import JogScreen

                return JogScreen(self._desk, asking)
            case Choose():
                from zcal_tui.tui.screens.questions import ChooseModal

                return ChooseModal(self._desk, asking)
            case Confirm():
                from zcal_tui.tui.screens.questions import QuestionModal

                return QuestionModal(self._desk, asking)
