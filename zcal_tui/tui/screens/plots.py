"""A run's plots over the whole screen, and its samples."""

from collections.abc import Iterable
from typing import ClassVar

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from zcal_tui.model.record import Record
from zcal_tui.tui.actions import bindings
from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.presenters import presenter_of
from zcal_tui.tui.screens.base import ZcalScreen
from zcal_tui.tui.widgets.bedmap import bed_of
from zcal_tui.tui.widgets.button import PlainButton
from zcal_tui.tui.widgets.plot_view import PlotView
from zcal_tui.tui.widgets.samples import SampleTable


class PlotScreen(ZcalScreen):
    """The plots of one record, one at a time."""

    STYLE_SHEET = "plots.tcss"
    AUTO_FOCUS = ""
    ABOUT = (
        "The samples as plots and as a table. {picture.next} shows the next plot, {picture.table} the table."
    )
    BINDINGS: ClassVar = bindings("picture")

    def __init__(self, app_state: AppState, record: Record) -> None:
        super().__init__(app_state)
        self.record = record

    def compose_body(self) -> Iterable[Widget]:
        """The plot, the table behind it, a way back."""
        with Vertical(id="frame") as frame:
            frame.border_title = Content(self.app_state.title(self.record.check))
            yield PlotView("picture.next", id="plot-view")
            yield SampleTable(id="samples")
        with Horizontal(id="foot"):
            yield PlainButton("Back", id="back", action="app.back")
            yield PlainButton("Next plot", id="next", action="screen.plot")
            yield PlainButton("Table", id="table", action="screen.table")

    def on_mount(self) -> None:
        """Fill it."""
        presenter, record = presenter_of(self.record.check), self.record
        plots = presenter.plots(record)
        bed = bed_of(self.app_state.snapshot.printer)
        self.query_one("#plot-view", PlotView).show(plots, len(record.samples), bed)
        self.query_one("#samples", SampleTable).show(presenter.rows(record))
        self.query_one("#next", PlainButton).disabled = len(plots) < 2

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The next plot only where there are several."""
        if action == "plot" and self.is_mounted:
            return self.query_one("#plot-view", PlotView).count > 1
        return True

    def action_plot(self) -> None:
        """The next one."""
        self.remove_class("-table")
        self.query_one("#plot-view", PlotView).next()

    def action_table(self) -> None:
        """The samples, and back."""
        self.toggle_class("-table")

    def action_scroll_table(self, by: int) -> None:
        """Scroll the table."""
        self.query_one("#samples", SampleTable).scroll_relative(y=by * 3, animate=False)
