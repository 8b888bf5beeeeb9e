"""The repeatability check while it runs: σ large, against its limit, the touches as table and plot."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding
from textual.containers import Grid, Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from zcal_tui.model.view import RunView
from zcal_tui.tui.faces import face_of
from zcal_tui.tui.faces.face import Live
from zcal_tui.tui.screens.run import RunScreen
from zcal_tui.tui.widgets.figures import Figures, LimitGauge
from zcal_tui.tui.widgets.plot import SamplePlot
from zcal_tui.tui.widgets.samples import SampleTable
from zcal_tui.tui.widgets.text import BigNumber, Plain


def live_text(live: Live) -> Content:
    """What stands beside the large number: its unit, its interval."""
    lines = [
        Content.assemble((live.unit, "bold")),
        *(Content.styled(t, "$z-dim") for t in live.interval),
    ]
    return Content("\n").join(lines)


class AccuracyScreen(RunScreen):
    """`accuracy` while it runs."""

    CSS_PATH: ClassVar = ["run.tcss", "accuracy.tcss"]
    ABOUT = (
        "The probe touches the bed at one place again and again. The large number is the standard deviation σ of "
        "the trigger heights with its 95 % interval; the bar shows how far ten touches are expected to spread, "
        "against Klipper's limit of 25 µm. A diamond in the plot is a first touch that differs from the others. "
        "The check stops by itself once the answer is certain. Escape ends it after the present touch."
    )
    BINDINGS: ClassVar = [Binding("t", "table", "Table or plot", id="run.table")]

    def compose_run(self) -> Iterable[Widget]:
        """Numbers and table at the left, the plot at the right."""
        face = face_of(self.check)
        with Grid(id="panes"):
            with Vertical(id="numbers") as numbers:
                numbers.border_title = face.live_title
                with Horizontal(id="live"):
                    yield BigNumber("-.-", id="number")
                    yield Plain(id="interval")
                yield LimitGauge(id="gauge")
                yield Figures(id="figures")
            with Vertical(id="plotpane"):
                yield Plain(face.plot_title, id="plottitle")
                yield SamplePlot(id="heights")
            with Vertical(id="table"):
                yield SampleTable(id="samples")

    def show_run(self, view: RunView) -> None:
        """Fill in what changed."""
        record, face = view.record, face_of(self.check)
        live = face.live(record)
        self.query_one("#number", BigNumber).say(live.digits)
        self.query_one("#interval", Plain).say(live_text(live))
        self.query_one("#gauge", LimitGauge).show(face.gauge(record))
        self.query_one("#figures", Figures).show(face.figures(record))
        self.query_one("#samples", SampleTable).show(face.rows(record))
        most = view.progress.total if view.progress is not None else 0
        self.query_one("#heights", SamplePlot).show(face.points(record), most)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The choice between table and plot is needed only where both do not fit."""
        return self.has_class("-narrow") if action == "table" else True

    def action_table(self) -> None:
        """Where both do not fit: the table instead of the plot, and back."""
        self.toggle_class("-table")
