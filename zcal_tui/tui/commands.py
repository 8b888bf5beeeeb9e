"""The command palette: every action by name, and what can be done with each check."""

from collections.abc import Callable, Iterable
from typing import Any

from textual.app import App, ComposeResult, SystemCommand
from textual.command import CommandPalette

from zcal_tui.model.record import UNDO
from zcal_tui.results.text import moment
from zcal_tui.tui import messages
from zcal_tui.tui.actions import palette_actions
from zcal_tui.tui.app_state import ALL, AppState
from zcal_tui.tui.screens.base import Follower
from zcal_tui.tui.widgets.statusbar import StatusBar


class Palette(Follower, CommandPalette):
    """Textual's command palette under our bar, so that STOP stays within reach."""

    def compose(self) -> ComposeResult:
        """The bar, then the palette."""
        yield StatusBar(self.app_state.snapshot)
        yield from super().compose()


def commands(app: App[Any], app_state: AppState) -> Iterable[SystemCommand]:
    """The commands that make sense now."""
    if app_state.running is not None:
        watch = messages.RunWatched(app_state.running)
        title = _unmarked(app_state.title(app_state.running))
        yield SystemCommand(f"Watch: {title}", "Show the running check", _sending(app, watch))
    else:
        for record in app_state.snapshot.interrupted:
            if app_state.can_start:
                again = messages.StartRequested(record.check, resume=record)
                title = _unmarked(f"Resume: {app_state.title(record.check)}, {moment(record.started)}")
                yield SystemCommand(title, "Resume the unfinished run", _sending(app, again))
        if app_state.can_undo:
            back = messages.StartRequested(UNDO)
            text = "Show the values before the last save, and put them back if you agree"
            yield SystemCommand(app_state.title(UNDO), text, _sending(app, back))
        for name in (*app_state.checks, ALL):
            check = app_state.declared(name)
            assert check is not None
            if app_state.can_start and app_state.status(name).unfit is None:
                start = messages.StartRequested(name)
                yield SystemCommand(f"Start: {check.info.title}", check.info.learn, _sending(app, start))
            if name in app_state.last:
                earlier = _doing(app, f"history({name!r})")
                yield SystemCommand(
                    f"Earlier results: {check.info.title}", "Show its runs and its trend", earlier
                )
            form = messages.SettingsRequested(name)
            yield SystemCommand(f"Settings: {check.info.title}", "Change its settings", _sending(app, form))
    for action in palette_actions():
        if app.check_action(action.run, ()):
            yield SystemCommand(action.label, action.description, _doing(app, action.run))


def _unmarked(text: str) -> str:
    """A text of a stored record without what Textual's palette, which cannot show text as it is, parses as markup."""
    return text.translate({ord(character): None for character in "[]\\"})


def _sending(app: App[Any], message: messages.ScreenRequest) -> Callable[[], None]:
    def send() -> None:
        app.post_message(message)

    return send


def _doing(app: App[Any], action: str) -> Callable[[], None]:
    def do() -> None:
        app.call_next(app.run_action, action)

    return do
