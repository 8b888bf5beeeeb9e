"""What every screen has that puts a question of the running check to the person."""

from textual.message_pump import MessagePump

from zcal_tui.model.questions import Answer, JogMove, PaperMove
from zcal_tui.session.snapshot import Asking
from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.messages import AnswerGiven, CancelRequested

LAST = ("accept", "abort", "done")
"""The moves after which a paper test or a jog is over."""


class QuestionScreen(MessagePump):
    """Mixed into a screen. `asking` is the question it shows, None while the printer carries out the answer."""

    app_state: AppState
    asking: Asking | None = None
    _kind: type = object
    _stage: object = None
    _over = False

    def begin(self, asking: Asking) -> None:
        """Remember what this screen is for."""
        self.asking, self._kind = asking, type(asking.question)
        self._stage = self._stage_now()

    def _stage_now(self) -> object:
        run = self.app_state.snapshot.run
        return run.stage if run is not None and run.running else None

    def asks(self, asking: Asking) -> bool:
        """Whether this screen shows that question."""
        return self.asking is asking

    def take(self, asking: Asking) -> None:
        """Show the next question of the same kind; for the screens that stay for several."""

    def still(self, asking: Asking | None) -> bool:
        """Whether this screen has to stay: its question is asked, or the printer makes a move for it."""
        return asking is not None and self.asks(asking)

    def stays_for_moves(self, asking: Asking | None) -> bool:
        """`still` of a screen that is asked again after each move."""
        if self._over or self._stage_now() is None:
            return False
        if asking is not None and type(asking.question) is self._kind:
            return True
        return self._stage_now() == self._stage

    def give(self, answer: Answer) -> None:
        """Answer, once."""
        if self.asking is None:
            return
        self._over = isinstance(answer, (PaperMove, JogMove)) and answer.kind in LAST
        self.app_state.answered, self.asking = self.asking, None
        self.post_message(AnswerGiven(self.app_state.answered.n, answer))

    def confirm_abort(self, text: str, abort: PaperMove | JogMove) -> None:
        """Abort after a question; `text` says what is discarded."""
        from zcal_tui.tui.screens.modals import ConfirmModal

        def go(sure: bool | None) -> None:
            if sure:
                self.abort(abort)

        self.app.push_screen(ConfirmModal(self.app_state, "Abort?", text, "Abort", "Continue"), go)

    def abort(self, abort: PaperMove | JogMove) -> None:
        """Answer with it; cancel the check where the printer still carries out a move."""
        if self.asking is None:
            self.post_message(CancelRequested())
            return
        self.give(abort)
        self.aborted()

    def aborted(self) -> None:
        """Show that the printer carries it out."""
