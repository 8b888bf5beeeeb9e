"""A record's plots, one at a time: the widget for each kind is made when the first of it is shown."""

from typing import TypeVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widget import Widget

from zcal_tui.tui.actions import key_text
from zcal_tui.tui.presenters.plots import BedMap, Curve, Dots, Drawing, Plot
from zcal_tui.tui.widgets.bedmap import Bed, BedMapView
from zcal_tui.tui.widgets.plot import SamplePlot
from zcal_tui.tui.widgets.text import Plain

Kind = TypeVar("Kind", bound=Widget)


def drawing_content(drawing: Drawing, width: int) -> Content:
    """The lines, in the middle of the width."""
    lines = [Content.assemble(*line) for line in drawing.lines]
    wide = max((line.cell_length for line in lines), default=0)
    indent = " " * max(0, (width - wide) // 2)
    return Content("\n").join(Content(indent) + line for line in lines)


class PlotView(Container):
    """Shows one of several plots, with its title above; `next` goes to the one after."""

    def __init__(self, action: str, *, id: str | None = None) -> None:
        """`action` is the screen's way to the next plot, whose key the title names."""
        super().__init__(id=id)
        self._action = action
        self._title = Plain(classes="plot-title")
        self._plots: tuple[Plot, ...] = ()
        self._most = 0
        self._bed: Bed | None = None
        self._words: Content | str = ""
        self._chosen = 0
        self._views: dict[type[Widget], Widget] = {}

    def compose(self) -> ComposeResult:
        """The title; the views come with the first plot of their kind."""
        yield self._title

    @property
    def count(self) -> int:
        """How many plots there are."""
        return len(self._plots)

    def show(
        self, plots: tuple[Plot, ...], most: int = 0, bed: Bed | None = None, words: Content | str = ""
    ) -> None:
        """Show the chosen one of these; `words` where there is none yet. `most` is how many samples there may be."""
        self._plots, self._most, self._bed, self._words = plots, most, bed, words
        self._update()

    def next(self) -> None:
        """The plot after this one."""
        self._chosen += 1
        self._update()

    def on_resize(self) -> None:
        """A drawing is centred."""
        self._update()

    def _update(self) -> None:
        if not self.is_mounted:
            return
        if not self._plots:
            self._title.set_text("")
            self._view(Plain).set_text(self._words)
            return
        plot = self._plots[self._chosen % len(self._plots)]
        key = key_text(self.app, self._action)
        more = Content.styled(f"  {self._chosen % self.count + 1}/{self.count} {key}", "$z-dim")
        title = Content.assemble((plot.title, "bold $text-primary"))
        self._title.set_text(title + more if self.count > 1 else title)
        match plot:
            case Dots() | Curve():
                self._view(SamplePlot).show(plot, self._most)
            case BedMap():
                self._view(BedMapView).show(plot, self._bed)
            case Drawing():
                self._view(Plain).set_text(drawing_content(plot, self.content_size.width))

    def _view(self, kind: type[Kind]) -> Kind:
        for other, view in self._views.items():
            view.display = other is kind
        found = self._views.get(kind)
        if found is None:
            found = self._views[kind] = kind()
            self.mount(found)
        assert isinstance(found, kind)
        return found
