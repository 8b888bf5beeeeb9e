"""How the program looks and which keys it has everywhere; what they do with the session is the app's."""

import asyncio
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rich.console import Console
from textual import events, work
from textual._context import active_message_pump
from textual.app import App, SystemCommand
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.filter import LineFilter
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.theme import Theme
from textual.widget import Widget

from zcal_tui.checks.operator_scatter_text import operator_title, scatter_text
from zcal_tui.model.record import Problem
from zcal_tui.stats.operator_scatter import SHARED, OperatorScatter
from zcal_tui.tui.actions import ACTIONS, KIOSK_REFUSES, bindings, in_force, unknown_names
from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.glyphs import glyphs_for
from zcal_tui.tui.other_clients import offered_remedy
from zcal_tui.tui.plain_filter import PlainFilter
from zcal_tui.tui.printer_status import condition, trouble_of
from zcal_tui.tui.screens.base import Follower
from zcal_tui.tui.stylesheet import CachingStylesheet
from zcal_tui.tui.theme import OFFERED, THEMES, default_theme, quiet_colours

WIDTHS: list[tuple[int, str]] = [(0, "-narrow"), (76, "-normal"), (110, "-wide")]
HEIGHTS: list[tuple[int, str]] = [(0, "-short"), (23, "-medium"), (32, "-high")]
"""Classes that a screen gets by its size; the style sheets lay it out by them."""

MOST_OPERATORS = 9
"""As many options as have a key."""


logger = logging.getLogger(__name__)


def _taken_down(pump: MessagePump) -> bool:
    """Whether a widget, or one that it is in, is being removed."""
    nodes = pump.ancestors_with_self if isinstance(pump, DOMNode) else ()
    return not pump.is_attached or any(node._pruning for node in nodes)


class AppBase(App[int]):
    """Theme, signs, sizes, keys, palette and help."""

    TITLE = "zcal-tui"
    ENABLE_COMMAND_PALETTE = False  # Textual's own; ours has STOP above it
    CSS_PATH = "app.tcss"
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS: ClassVar = bindings("app")

    def __init__(
        self,
        app_state: AppState,
        theme: str | None,
        keymap: Mapping[str, str] | None,
        environ: Mapping[str, str] | None,
    ) -> None:
        super().__init__()
        self.stylesheet = CachingStylesheet(variables=self.get_css_variables())
        self._plain = PlainFilter()
        # A traceback is plain text: it is written on a stream that shows colours as characters (streams.py)
        self.error_console = Console(markup=False, highlight=False, stderr=True, force_terminal=False)
        self.app_state = app_state
        self.keymap_in_force = in_force(keymap or {})
        """The keys of the actions that do not have their default ones."""
        self._key_problems = unknown_names(keymap or {})
        self.animation_level = "none"
        environ = os.environ if environ is None else environ
        self.glyphs = glyphs_for(environ.get("TERM", ""))
        if self.glyphs.console:
            from zcal_tui.tui.console_font import ConsoleFontFilter  # a table that no other terminal needs

            self._console_font = ConsoleFontFilter()
        for ours in THEMES:
            self.register_theme(ours)
        self._offered = {name: found for name, found in super().available_themes.items() if name in OFFERED}
        wanted = theme in self.available_themes and "NO_COLOR" not in environ
        self.theme = theme if theme is not None and wanted else default_theme(environ)
        self.set_class(self.glyphs.console, "-console")

    _offered: dict[str, Theme] | None = None
    _console_font: LineFilter | None = None

    @property
    def available_themes(self) -> dict[str, Theme]:
        """The themes to choose from: those on which all text is readable. Textual needs its own until there are any."""
        # Textual asks several times for each line that it draws, and changes nothing in it
        return self._offered if self._offered is not None else super().available_themes

    def _handle_exception(self, error: Exception) -> None:
        """Textual's, but for a widget that is taken down while it comes up: it then misses its parts, and that is no
        fault. Leaving may meet any page at any moment of its coming up."""
        pump = active_message_pump.get(None)
        if isinstance(error, NoMatches) and (not self.is_running or (pump is not None and _taken_down(pump))):
            logger.info("%r was taken down while it came up: %s", pump, error)
            return
        super()._handle_exception(error)

    def on_mount(self) -> None:
        """The person's own keys."""
        for problem in self._key_problems:
            self.notify(problem, title="[keymap] in config.toml", severity="warning", markup=False)
        for name, keys in self.keymap_in_force.items():
            if not ACTIONS[
                name
            ].keys:  # one of the palette only, which has no binding that a keymap could change
                self.bind(keys, ACTIONS[name].run, description=ACTIONS[name].label, show=False)
        self.set_keymap(self.keymap_in_force)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every drawn line passes through: at the end, the removal of what could control the terminal, and on a
        console the characters of its font."""
        font = [self._console_font] if self._console_font is not None else []
        return [*super().get_line_filters(), self._plain, *font]

    def get_css_variables(self) -> dict[str, str]:
        """The theme's colours and the quiet ones mixed from them."""
        variables = super().get_css_variables()
        return {**variables, **quiet_colours(variables)}

    def update_styles(self, node: DOMNode, animate: bool = True) -> None:
        """Style what is on a page. What is still being made, as a button that sets its own classes, gets its styles
        with its place there."""
        if node.parent is not None or node is self:
            super().update_styles(node, animate)

    def refresh_css(self, animate: bool = True) -> None:
        """Read the style sheets again with the theme's colours; before the first screen, only store the colours."""
        if self._screen_stack:
            super().refresh_css(animate)
        else:
            self.stylesheet.set_variables(self.get_css_variables())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes sense now: a firmware restart and reasons only while something is wrong, or went wrong."""
        if self.app_state.kiosk and action in KIOSK_REFUSES:
            return False
        if action == "firmware_restart":
            return condition(self.app_state.snapshot, self.glyphs).restart
        if action == "why":
            return trouble_of(self.app_state.snapshot) is not None
        if action == "explain":
            return self.app_state.last_error is not None
        if action == "cancel_run":
            return self.app_state.running is not None
        return action not in ("changed", "operator") or self.app_state.running is None

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every action, for the palette."""
        from zcal_tui.tui.commands import commands

        yield from commands(self, self.app_state)

    def action_command_palette(self) -> None:
        """The palette, with STOP above it."""
        from zcal_tui.tui.commands import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(self.app_state))

    def action_console(self) -> None:
        """The console."""
        from zcal_tui.tui.screens.console import ConsoleScreen

        if not isinstance(self.screen, ConsoleScreen):
            self.push_screen(ConsoleScreen(self.app_state))

    def action_scroll_page(self, by: int) -> None:
        """Scroll what does not all fit in front: the largest of several."""
        found = [
            widget
            for widget in self.screen.query("VerticalScroll, RichLog").results(Widget)
            if widget.max_scroll_y > 0 and widget.is_on_screen
        ]
        if found:
            largest = max(found, key=lambda widget: widget.size.area)
            (largest.scroll_page_down if by > 0 else largest.scroll_page_up)(animate=False)

    def action_history(self, check: str = "") -> None:
        """The stored runs of this printer; of one check alone where it is named."""
        from zcal_tui.tui.screens.history import HistoryScreen

        if not isinstance(self.screen, HistoryScreen):
            self.push_screen(HistoryScreen(self.app_state, check))

    @work(group="report", exclusive=True)
    async def action_report(self) -> None:
        """A page about this printer's results, as a file."""
        from zcal_tui.tui.reporting import report

        await report(self, self.app_state)

    def action_help(self) -> None:
        """What the present screen is for, and its keys."""
        from zcal_tui.tui.screens.help import HelpScreen, help_text

        if isinstance(self.screen, Follower) and (about := self.screen.about()):
            self.push_screen(HelpScreen(self.app_state, help_text(self.screen, about)))

    def action_why(self) -> None:
        """What is wrong with the link or with klippy, in full."""
        from zcal_tui.tui.screens.modals import ProblemModal

        problem, remedy = trouble_of(self.app_state.snapshot), offered_remedy(self.app_state.snapshot)
        if remedy is not None and problem == remedy.problem:
            self.push_screen(ProblemModal(self.app_state, problem, "Another program", remedy))
        elif problem is not None:
            self.push_screen(ProblemModal(self.app_state, problem, "What is wrong"))

    def action_explain(self) -> None:
        """The printer's last error on the console: what it means, why, what to do."""
        error = self.app_state.last_error
        if error is None:
            return
        from zcal_tui.printer.errors.explain import explain  # every known message, read when one is asked for
        from zcal_tui.tui.screens.modals import ProblemModal

        explained = explain(error)
        problem = Problem(explained.what, explained.cause, explained.remedy, raw=error)
        self.push_screen(ProblemModal(self.app_state, problem, "Last error"))

    @work(group="changed", exclusive=True)
    async def action_changed(self) -> None:
        """Record what was changed on the machine, so that results that depend on it are stale."""
        from zcal_tui.model.check_info.info import HARDWARE_CHANGES
        from zcal_tui.tui.screens.modals import PickModal

        what = await self.push_screen_wait(
            PickModal(
                self.app_state,
                "Hardware changed",
                "What was changed? Results that depend on it are marked stale.",
                tuple((key, key.capitalize(), help) for key, help in HARDWARE_CHANGES.items()),
            )
        )
        if what is not None:
            self.app_state.session.note_changed(what)

    @work(group="operator", exclusive=True)
    async def action_operator(self) -> None:
        """Choose who does the paper tests: an operator of stored runs, or a new name."""
        from zcal_tui.results.operators import operator_name, operators
        from zcal_tui.tui.screens.modals import PickModal
        from zcal_tui.tui.screens.typed import TypedModal

        known = {one.name: one for one in await asyncio.to_thread(operators, self.app_state.session.store)}
        named = sorted(known.values(), key=lambda one: (one.name != SHARED, -one.earlier.tests))
        options = [(one.name, operator_title(one), scatter_text(one)) for one in named[: MOST_OPERATORS - 1]]
        chosen = await self.push_screen_wait(
            PickModal(
                self.app_state,
                "Operator",
                "Who does the paper tests? How much a person's tests vary is learned over all runs of that name.",
                (*options, ("", "Another name", "type it")),
            )
        )
        if chosen == "":
            chosen = await self.push_screen_wait(
                TypedModal(
                    self.app_state,
                    "Operator",
                    "Your name. It is stored with your runs, on this computer.",
                    "name",
                    lambda text: f"Operator: {operator_name(text)}",
                    go="Choose",
                )
            )
        if chosen is not None:
            name = operator_name(chosen)
            self.app_state.operator = known.get(name, OperatorScatter(name))

    async def on_event(self, event: events.Event) -> None:
        """Nothing is pasted in a kiosk: what the last person copied is not theirs who stand there now."""
        if not (self.app_state.kiosk and isinstance(event, events.Paste)):
            await super().on_event(event)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text, but not out of a kiosk."""
        if not self.app_state.kiosk:
            super().copy_to_clipboard(text)

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Open no browser: the program shows no links."""

    def action_suspend_process(self) -> None:
        """Ctrl+Z stops the whole program, the run's thread too: not while one is under way."""
        if self.app_state.kiosk:
            return
        if self.app_state.running is not None:
            self.notify("Cannot suspend while a check runs.", severity="warning", markup=False)
        else:
            super().action_suspend_process()
