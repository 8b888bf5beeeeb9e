"""Every action by name, for the command palette."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from textual.app import ComposeResult, SystemCommand
from textual.command import CommandPalette

from zcal_tui.tui import messages
from zcal_tui.tui.app_state import ALL
from zcal_tui.tui.screens.base import Follower
from zcal_tui.tui.widgets.statusbar import StatusBar

if TYPE_CHECKING:
    from zcal_tui.tui.app_base import AppBase

ALWAYS = (
    ("STOP", "Emergency stop, at once (F12)", "stop"),
    ("Plan", "All checks", "plan"),
    ("History", "What was run on this printer, and how its numbers move", "history"),
    ("Report", "What each check found, as a file to keep or to show", "report"),
    ("Console", "What the printer says; send G-code", "console"),
    ("Explain the last error", "What it means, why, what to do", "explain"),
    ("What is wrong", "With the link, with klippy, or another program at the printer", "why"),
    ("Firmware restart", "Bring klippy back after a shutdown", "firmware_restart"),
    ("Help", "This screen and its keys", "help"),
    ("Theme", "Other colours", "change_theme"),
    ("Save a picture", "The screen as an SVG file", "screenshot"),
    ("Quit", "Leave; a run is cancelled and cleaned up", "leave"),
)


class Palette(Follower, CommandPalette):
    """Textual's command palette under our bar, so that STOP stays within reach."""

    def compose(self) -> ComposeResult:
        """The bar, then the palette."""
        yield StatusBar(self.desk.snapshot)
        yield from super().compose()


def commands(app: "AppBase") -> Iterable[SystemCommand]:
    """The commands that make sense now."""
    desk = app.desk
    if desk.running is not None:
        watch = messages.RunWatched(desk.running)
        title = desk.title(desk.running)
        yield SystemCommand(f"Watch: {title}", "The running check", _sending(app, watch))
        yield SystemCommand("Cancel the run", "It ends after the present move", _doing(app, "cancel_run"))
    else:
        yield SystemCommand(
            "Something was changed", "Tell what, so that results turn stale", _doing(app, "changed")
        )
        for record in desk.snapshot.interrupted:
            if desk.can_start:
                again = messages.StartRequested(record.check, resume=record)
                title = f"Go on with: {desk.title(record.check)}, {record.started[:16]}"
                yield SystemCommand(title, "A run that was cut off", _sending(app, again))
        for name in (*desk.checks, ALL):
            check = desk.declared(name)
            assert check is not None
            if desk.can_start and desk.standing(name).unfit is None:
                start = messages.StartRequested(name)
                yield SystemCommand(f"Start: {check.info.title}", check.info.learn, _sending(app, start))
            if name in desk.last:
                earlier = _doing(app, f"history({name!r})")
                yield SystemCommand(f"Earlier results: {check.info.title}", "Its runs and its trend", earlier)
            form = messages.SettingsRequested(name)
            yield SystemCommand(f"Settings: {check.info.title}", "How it is run", _sending(app, form))
    for title, told, action in ALWAYS:
        if not app.check_action(action, ()):
            continue
        yield SystemCommand(title, told, _doing(app, action))


def _sending(app: "AppBase", message: messages.ScreenRequest) -> Callable[[], None]:
    def send() -> None:
        app.post_message(message)

    return send


def _doing(app: "AppBase", action: str) -> Callable[[], None]:
    def do() -> None:
        app.call_next(app.run_action, action)

    return do
