"""Sees to what comes up by itself: questions of the running check, a run that was cut off, other programs' requests."""

from functools import partial
from typing import Any

from textual.app import App

from zcal_tui.model.record import Record
from zcal_tui.tui.desk import Desk
from zcal_tui.tui.dialogue import Dialogue
from zcal_tui.tui.interrupted import CLOSE, RESUME, offer
from zcal_tui.tui.messages import StartRequested
from zcal_tui.tui.others import keeping_line, refusal_of, request_of
from zcal_tui.tui.screens.modals import ConfirmModal
from zcal_tui.tui.screens.plan import PlanScreen


class Attendant:
    """Asked to look four times a second."""

    def __init__(self, app: App[Any], desk: Desk) -> None:
        self._app = app
        self._desk = desk
        self._dialogue = Dialogue(app, desk)
        self._offered: set[str] = set()
        lines = desk.snapshot.console
        self._heard = lines[-1].n if lines else 0

    def look(self, *, changed: bool = True) -> None:
        """See to what there is to see to; `changed` says that the snapshot is another one."""
        self._dialogue.follow()
        if changed:
            self._hear()
        if self._desk.snapshot.interrupted:
            self._offer()

    # ------------------------------------------------------------------ a run that was cut off

    def _offer(self) -> None:
        """On the plan, once a check could be started: each interrupted run once."""
        desk = self._desk
        if not isinstance(self._app.screen, PlanScreen) or not desk.can_start:
            return
        record = next((run for run in desk.snapshot.interrupted if run.id not in self._offered), None)
        if record is not None:
            self._offered.add(record.id)
            self._app.push_screen(offer(desk, record), partial(self._settle, record))

    def _settle(self, record: Record, choice: str | None) -> None:
        if choice == RESUME:
            self._app.post_message(StartRequested(record.check, resume=record))
        elif choice == CLOSE:
            self._desk.session.close_interrupted(record)

    # ------------------------------------------------------------------ other programs

    def _hear(self) -> None:
        """Requests on the printer's console to hand the printer over, and what became of ours."""
        lines = self._desk.snapshot.console
        fresh = [line for line in lines if line.n > self._heard and not line.sent]
        if lines:
            self._heard = lines[-1].n
        for line in fresh:
            if (who := request_of(line.text)) is not None and self._desk.running is not None:
                self._ask_to_hand_over(who)
            elif (who := refusal_of(line.text)) is not None:
                self._app.notify(f"{who} keeps the printer.", title="No", markup=False)

    def _ask_to_hand_over(self, who: str) -> None:
        def settle(yes: bool | None) -> None:
            if yes:
                self._desk.session.cancel()
            else:
                self._desk.session.announce(keeping_line())

        self._app.push_screen(
            ConfirmModal(
                self._desk,
                "Hand the printer over?",
                f"{who} asks for it. Handing over cancels the check that runs here; the printer is left as it was "
                "found, and the samples are kept.",
                "Hand it over",
                "Keep it",
            ),
            settle,
        )
