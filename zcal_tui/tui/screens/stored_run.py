"""A stored run: its answer, numbers and plot, how it was made, and what has changed since."""

from collections.abc import Iterable
from typing import ClassVar

from textual.content import Content
from textual.widget import Widget

from zcal_tui.model.record import Record
from zcal_tui.tui.actions import bindings
from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.presenters import presenter_of
from zcal_tui.tui.run_context import conditions, facts, since
from zcal_tui.tui.screens.verdict import VerdictScreen
from zcal_tui.tui.widgets.button import PlainButton
from zcal_tui.tui.widgets.text import Plain

HIDDEN = ("next", "repeat", "settings", "save", "discard")


class StoredRunScreen(VerdictScreen):
    """As the result of a run that has just ended, but nothing can be started from it."""

    ABOUT = (
        "A stored run: its answer, the numbers with their intervals, the reasons and the values for printer.cfg. "
        "Below: the conditions of the run, and what was changed on the machine since. {verdict.picture} shows the "
        "samples as a plot. Start a check from the plan."
    )
    BINDINGS: ClassVar = bindings("kept")
    OFFERS_SAVE: ClassVar = False

    def __init__(self, app_state: AppState, record: Record, stale: str | None) -> None:
        """`stale` is why the result does not hold any more, None where nothing speaks against it."""
        super().__init__(app_state, record)
        self._stale = stale

    def compose_more(self) -> Iterable[Widget]:
        """What has changed since, and the conditions."""
        against = since(self.record, self._stale, self.app_state.snapshot.changed)
        if against:
            yield Plain("Changed since", classes="heading")
            yield Plain(Content.styled("\n".join(against), "$text-warning"), id="since")
        yield Plain("Run conditions", classes="heading")
        lines = facts(conditions(self.record, self.app_state.declared(self.record.check)))
        yield Plain(
            Content("\n").join(Content.assemble((label, "$z-dim"), text) for label, text in lines),
            id="conditions",
        )

    def compose_buttons(self) -> Iterable[Widget]:
        """Back, and the plot."""
        yield PlainButton("Back", id="back", action="app.back")
        if presenter_of(self.record.check).plots(self.record):
            yield PlainButton("Plot", id="show-plot", action="screen.plot")
        yield PlainButton("Plan", id="plan", action="screen.plan")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is started from here."""
        return False if action in HIDDEN else super().check_action(action, parameters)
