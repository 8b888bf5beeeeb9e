"""The keys that do something here, in one line at the bottom; a tap on one presses it."""

from textual.app import RenderResult
from textual.binding import Binding
from textual.content import Content
from textual.events import Click
from textual.screen import Screen
from textual.widget import Widget


class KeyBar(Widget):
    """One widget instead of one a key: cheap to mount, and it drops from the right what does not fit."""

    def __init__(self) -> None:
        super().__init__(id="keys")
        self._hot: list[tuple[int, int, str]] = []

    def on_mount(self) -> None:
        """Follow what the screen's focus and state allow."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, _screen: Screen[object]) -> None:
        self.refresh()

    def shown(self) -> list[tuple[str, str, str]]:
        """Key to press, its name, what it does; one an action, the screen's own before the app's."""
        seen: dict[str, tuple[str, str, str]] = {}
        own: list[str] = []
        shared: list[str] = []
        for active in self.screen.active_bindings.values():
            binding: Binding = active.binding
            if not binding.show or not active.enabled or binding.action in seen:
                continue
            name = self.app.get_key_display(binding)
            seen[binding.action] = (binding.key, name, binding.description)
            (shared if active.node is self.app else own).append(binding.action)
        return [seen[action] for action in own + shared]

    def render(self) -> RenderResult:
        """The line; also remembers where each key stands."""
        self._hot = []
        line = Content("")
        width = self.content_size.width
        for key, name, description in self.shown():
            part = Content.assemble((name, "bold $footer-key-foreground"), " ", (description, "$z-dim"))
            start = line.cell_length + (3 if line.plain else 0)
            if start + part.cell_length > width:
                continue
            line = line + "   " + part if line.plain else part
            self._hot.append((start, line.cell_length, key))
        return line

    def on_click(self, event: Click) -> None:
        """Press the key that was tapped."""
        x = event.x - self.styles.padding.left
        for start, end, key in self._hot:
            if start - 1 <= x <= end:
                self.app.simulate_key(key)
                return
