"""A running check: the current stage, the live number, samples as they come, progress, Cancel."""

import time
from collections.abc import Iterable
from typing import ClassVar

from textual.containers import Grid, Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from zcal_tui.model.view import RunView
from zcal_tui.session.snapshot import LinkState, Snapshot
from zcal_tui.tui.actions import bindings, key_text, with_keys
from zcal_tui.tui.app_state import ALL, AppState
from zcal_tui.tui.glyphs import glyphs_of
from zcal_tui.tui.messages import CancelRequested, PlanRequested, RunWatched
from zcal_tui.tui.presenters import presenter_of
from zcal_tui.tui.presenters.presenter import Live
from zcal_tui.tui.printer_status import restart_expected
from zcal_tui.tui.screens.base import ZcalScreen
from zcal_tui.tui.widgets.bedmap import bed_of
from zcal_tui.tui.widgets.button import PlainButton
from zcal_tui.tui.widgets.figures import Figures, LimitGauge
from zcal_tui.tui.widgets.plot_view import PlotView
from zcal_tui.tui.widgets.progress import RunProgress
from zcal_tui.tui.widgets.samples import SampleTable
from zcal_tui.tui.widgets.text import BigNumber, Plain

READING_SECONDS = 8.0
MOST_NOTICES = 6
ENDS = (
    "The check stops by itself once the answer is certain. {run.cancel} cancels it after the current move and restores "
    "the printer's state."
)


def live_text(live: Live) -> Content:
    """The text beside the large number: its unit, its interval."""
    head = Content.assemble((live.unit, "bold"), f" {live.label}" if live.label else "")
    return Content("\n").join([head, *(Content.styled(text, "$z-dim") for text in live.interval)])


class RunScreen(ZcalScreen):
    """A check while it runs, whichever it is: its presenter decides what is shown."""

    STYLE_SHEET = "run.tcss"
    AUTO_FOCUS = ""  # so that a second Enter after Start does not press Cancel
    BINDINGS: ClassVar = bindings("run")

    def __init__(self, app_state: AppState, check: str) -> None:
        super().__init__(app_state)
        self.check = check
        run = app_state.snapshot.run
        self._earlier = run.record.id if run is not None and not run.running else None
        """The run that was on show before this one was asked for."""
        self._over = False
        self._noted: tuple[int, float, object] = (0, 0.0, None)
        """How many notices there were when the last one came, when that was, and in which stage."""

    def compose_body(self) -> Iterable[Widget]:
        """The stage, the check's own body, progress and Cancel."""
        yield Plain(id="stage")
        yield from self.compose_run()
        with Horizontal(id="foot"):
            yield RunProgress(id="progress")
            yield PlainButton(
                f"Cancel  {key_text(self.app, 'run.cancel')}", id="cancel", action="screen.cancel"
            )

    def compose_run(self) -> Iterable[Widget]:
        """Numbers and table at the left, the plot at the right."""
        with Grid(id="panes"):
            with Vertical(id="numbers"):
                with Horizontal(id="live"):
                    yield BigNumber("-.-", id="number")
                    yield Plain(id="interval")
                yield LimitGauge(id="gauge")
                yield Figures(id="figures")
            with Vertical(id="plotpane"):
                yield PlotView("run.picture", id="plot-view")
            with Vertical(id="table"):
                yield SampleTable(id="samples")

    def show_run(self, view: RunView) -> None:
        """Fill in what changed."""
        record, presenter = view.record, presenter_of(view.record.check)
        numbers, title = self.query_one("#numbers"), self.app_state.title(record.check)
        if numbers.border_title != title:
            numbers.border_title = Content(title)
        live = presenter.live(record)
        self.set_class(not record.samples and not record.estimates, "-bare")
        self.query_one("#number", BigNumber).set_text(live.digits)
        self.query_one("#interval", Plain).set_text(live_text(live))
        gauge = presenter.gauge(record)
        self.query_one("#gauge", LimitGauge).show(gauge)
        self.query_one("#gauge", LimitGauge).display = gauge is not None
        self.query_one("#figures", Figures).show(presenter.figures(record))
        self.query_one("#samples", SampleTable).show(presenter.rows(record))
        most = view.progress.total if view.progress is not None else 0
        plot = self.query_one("#plot-view", PlotView)
        several = plot.count > 1
        plot.show(presenter.plots(record), most, bed_of(self.app_state.snapshot.printer), self._story(view))
        if several != (plot.count > 1):
            self.refresh_bindings()

    def _story(self, view: RunView) -> Content:
        """Before there is anything to draw: what the check does, and what it has said so far."""
        signs = glyphs_of(self)
        declared = self.app_state.declared(view.record.check)
        parts = [Content.styled(declared.info.explain, "$z-dim")] if declared is not None else []
        messages = [*view.notices[-MOST_NOTICES:], *view.record.advice]
        parts += [Content.assemble((f"{signs.follows} ", "$text-accent"), text) for text in messages]
        return Content("\n\n").join(parts)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The choice between table and plot is needed only where both do not fit."""
        if action == "plot":
            return self.is_mounted and self.query_one("#plot-view", PlotView).count > 1
        return self.has_class("-narrow") if action == "table" else True

    def action_plot(self) -> None:
        """The next plot of several."""
        self.query_one("#plot-view", PlotView).next()

    def action_table(self) -> None:
        """Where both do not fit: the table instead of the plot, and back."""
        self.toggle_class("-table")

    def about(self) -> str:
        """What the check does and what this screen shows of it."""
        declared = self.app_state.declared(self.check)
        parts = [declared.info.explain] if declared is not None else []
        parts += [with_keys(self.app, presenter_of(self.check).about), with_keys(self.app, ENDS)]
        view = self.view
        if view is not None and view.notices:
            parts += ["Messages so far:", *view.notices[-MOST_NOTICES:]]
        return "\n\n".join(parts)

    @property
    def view(self) -> RunView | None:
        """The run this screen is about, once the session has begun it."""
        run = self.app_state.snapshot.run
        if run is None or run.record.id == self._earlier:
            return None
        return run if run.record.check == self.check or self.check == ALL else None

    def show(self, snapshot: Snapshot) -> None:
        """Follow the run; to its result once it is over."""
        super().show(snapshot)
        self.query_one("#stage", Plain).set_text(self._stage(snapshot))
        view = self.view
        if view is None:
            return
        self.query_one("#progress", RunProgress).show(view.progress, begun=view.stage is not None)
        self.query_one("#cancel", PlainButton).disabled = snapshot.cancelling
        self.show_run(view)
        if not view.running and not self.app_state.guided and self.is_current and not self._over:
            self._over = True
            self.post_message(RunWatched(self.check))

    def _stage(self, snapshot: Snapshot) -> Content:
        """The one thing that is going on now."""
        signs, view = glyphs_of(self), self.view
        if snapshot.link.state is not LinkState.UP and not restart_expected(snapshot):
            return self._waiting("Connection lost, reconnecting", "warning")
        if snapshot.cancelling:
            return self._waiting("Cancelling: finishing this move, then restoring the printer", "warning")
        if view is None or view.stage is None:
            return self._waiting("Preparing", "primary")
        at = self.app_state.position
        which = f"{at[0]}/{at[1]}  " if at is not None else ""
        line = Content.assemble((f"{signs.running} {which}", "$text-primary"), (view.stage.text, "bold"))
        if (notice := self._fresh_notice(view)) is not None:
            line += Content.assemble((f"  {notice}", "$text-warning"))
        return line

    def _fresh_notice(self, view: RunView) -> str | None:
        """What was said last: as long as the stage lasts in which it was said, and long enough to be read. Before there
        are samples it is shown with all other notices; later all of them are on the help page."""
        now, count, where = time.monotonic(), len(view.notices), (view.record.id, view.stage)
        if count != self._noted[0]:
            self._noted = (count, now, where)
        _, since, noted_in = self._noted
        if not count or not view.record.samples or "\n" in view.notices[-1]:
            return None
        return view.notices[-1] if where == noted_in or now - since < READING_SECONDS else None

    def _waiting(self, text: str, colour: str) -> Content:
        return Content.assemble((f"{glyphs_of(self).waiting} {text}", f"bold $text-{colour}"))

    def action_cancel(self) -> None:
        """Ask the run to end; back to the plan where none has begun."""
        self.post_message(CancelRequested() if self.view is not None else PlanRequested())

    def action_plan(self) -> None:
        """Back to the plan; the run continues."""
        self.post_message(PlanRequested())
