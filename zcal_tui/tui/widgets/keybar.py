"""The keys that do something here, in one line at the bottom; a tap on one presses it."""

import re
from dataclasses import replace

from textual.app import RenderResult
from textual.binding import Binding
from textual.content import Content
from textual.events import Click
from textual.screen import Screen
from textual.widget import Widget

SIGNS = {"↑": "up", "↓": "down", "←": "left", "→": "right", "-": "minus", "+": "plus"}
"""Keys of an entry for several of them: each can be tapped."""
RANGE = re.compile(r"\d-\d")
"""Stands for several keys whose buttons are on the screen."""
NAMES = {"?": "question_mark", "-": "minus", "+": "plus", "⏎": "enter", "␣": "space"}
"""Textual's names of keys that are shown as a sign."""
SCROLL = "Scroll"
GAP = 3
MORE = "command_palette"
"""The action that leads to everything which has no room."""


LEAVE = "leave"
"""The action that ends the program."""

Shown = tuple[str, str, str, str]
"""Key to press, its name, what it does, its action."""


def _room(item: Shown) -> int:
    """Columns that a key takes, with the space to the next one."""
    _, name, description, _ = item
    return len(name) + 1 + len(description) + GAP


class KeyBar(Widget):
    """One widget instead of one a key: cheap to mount. What does not fit is left out, but for the way to everything."""

    def __init__(self) -> None:
        super().__init__(id="keys")
        self._hot: list[tuple[int, int, str]] = []

    def on_mount(self) -> None:
        """Follow what the screen's focus and state allow."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, _screen: Screen[object]) -> None:
        self.refresh()

    def shown(self) -> list[Shown]:
        """The keys that do something now; one an action, the screen's own before the app's."""
        seen: dict[str, Shown] = {}
        own: list[str] = []
        shared: list[str] = []
        active_keys = self.screen.active_bindings.keys()
        for active in self.screen.active_bindings.values():
            binding: Binding = active.binding
            if not binding.show or not active.enabled or binding.action in seen:
                continue
            name = self.app.get_key_display(binding)
            if NAMES.get(name, name) not in active_keys and len(name) == 1:
                name = self.app.get_key_display(
                    replace(binding, key_display=None)
                )  # typed into an input line
            seen[binding.action] = (binding.key, name, binding.description, binding.action)
            (shared if active.node is self.app else own).append(binding.action)
        app_state = getattr(self.screen, "app_state", None)
        if app_state is not None and app_state.kiosk and LEAVE in shared:
            shared.remove(LEAVE)
            own.insert(0, LEAVE)  # without a keyboard there is no other way back
        return [seen[action] for action in own + shared]

    def render(self) -> RenderResult:
        """The line; also stores where each key is."""
        self._hot = []
        line = Content("")
        shown = self.shown()
        room = self.content_size.width + GAP
        more = next((n for n, (*_, action) in enumerate(shown) if action == MORE), None)
        if more is not None and sum(map(_room, shown)) > room:
            key, name, _, action = shown.pop(more)
            end = (key, name, "More", action)
            room -= _room(end)
        else:
            end = None
        for item in shown:
            if _room(item) <= room:
                room -= _room(item)
                line = self._with(line, item)
        return line if end is None else self._with(line, end)

    def _with(self, line: Content, item: Shown) -> Content:
        """The line with one key more."""
        key, name, description, _ = item
        part = Content.assemble((name, "bold $footer-key-foreground"), " ", (description, "$z-dim"))
        line = line + " " * GAP if line.plain else line
        self._heat(line.cell_length, key, name, description)
        return line + part

    def _heat(self, start: int, key: str, name: str, description: str) -> None:
        """Where a tap presses which key."""
        end = start + len(name) + 1 + len(description)
        if RANGE.fullmatch(name):
            return  # one tap does not say which of them is meant
        if len(name) == 1 or not set(name) <= SIGNS.keys():
            self._hot.append((start - 1, end, key))
            return
        self._hot += [(start + n, start + n, SIGNS[sign]) for n, sign in enumerate(name)]
        if description == SCROLL:
            self._hot.append((start + len(name), end, "pagedown"))

    def on_click(self, event: Click) -> None:
        """Press the key that was tapped."""
        x = event.x - self.styles.padding.left
        for start, end, key in self._hot:
            if start <= x <= end:
                self.app.simulate_key(key)
                return
