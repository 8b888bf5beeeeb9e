"""How far a run is, and how long it still takes."""

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

from zcal_tui.model.events import Progress
from zcal_tui.model.units import duration
from zcal_tui.tui.glyphs import glyphs_of
from zcal_tui.tui.printer_status import spread


class RunProgress(Widget):
    """Two lines: how many of how many and the time left; a bar."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._progress: Progress | None = None
        self._begun = False

    def show(self, progress: Progress | None, *, begun: bool = False) -> None:
        """Show this, if it is not what is shown already. `begun`: started, with nothing to count yet."""
        if (progress, begun) != (self._progress, self._begun):
            self._progress, self._begun = progress, begun
            self.refresh()

    def render(self) -> RenderResult:
        """The two lines, as wide as there is room."""
        width = self.content_size.width
        signs = glyphs_of(self)
        done = self._progress
        if done is None or done.total <= 0:
            rest = Content.assemble((signs.bar_rest * width, "$z-faint"))
            return Content.assemble(("working" if self._begun else "preparing", "$z-dim")) + "\n" + rest
        share = min(1.0, done.done / done.total)
        filled = round(width * share)
        left = "" if done.seconds_left is None else f"{duration(done.seconds_left)} left"
        words = (
            (duration(done.done), duration(done.total)) if done.timed else (str(done.done), str(done.total))
        )
        head = spread(
            Content.assemble((words[0], "bold"), (f" of at most {words[1]}", "$z-dim")),
            Content.assemble((left, "bold")),
            width,
        )
        bar = Content.assemble(
            (signs.bar * filled, "$text-primary"), (signs.bar_rest * (width - filled), "$z-faint")
        )
        return head + "\n" + bar
